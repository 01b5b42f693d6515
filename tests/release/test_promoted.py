"""A promoted version is watched for one more bake: what fails only with all traffic is compared again, and rolled back."""

from __future__ import annotations

import pytest

from crudctl.release.record import PROMOTED, ROLLED_BACK, Release
from crudctl.release.view import share
from tests.release.simulation import Aws, Fault, Stopped, Watcher, at

STEPS, BAKE = [0.1, 0.5], 300.0
PROMOTION = 605.0  # seconds after the start, at the latest, at which a healthy version has all traffic


@pytest.fixture
def busy() -> Aws:
    """An account with five minutes of traffic before the release."""
    aws = Aws(3.0)
    aws.sleep(300)
    return aws


class Dies(Watcher):
    """Stops the releaser at the n-th look after the promotion."""

    def __init__(self, look: int) -> None:
        super().__init__()
        self._left = look

    def show(self, release: Release, decision: object) -> None:
        """Count the looks."""
        self._left -= release.doing == "watch"
        if self._left == 0:
            raise Stopped


def weights(release: Release) -> list[float]:
    return [stage[0] for stage in release.stages]


@pytest.mark.parametrize("kind", ["5xx", "exceptions"])
def test_a_fault_that_shows_only_with_all_traffic_is_rolled_back_when_it_shows_again(busy: Aws, kind: str) -> None:
    before = busy.places()
    ended = busy.releaser().start(STEPS, BAKE, busy.publish(Fault(kind, "get_item", 0.5, alone=True)))
    assert (ended.state, ended.by, busy.places()) == (ROLLED_BACK, "verdict", before)
    assert ended.why.startswith("again worse as soon as it had all traffic: get_item: ")
    assert weights(ended) == [*STEPS, 1.0, *STEPS, 1.0]


def test_a_fault_that_begins_after_the_promotion_is_rolled_back_as_soon_as_both_versions_are_compared(
    busy: Aws,
) -> None:
    before = busy.places()
    fault = Fault("timeouts", "list_items", 0.5, after=busy.clock() + PROMOTION)
    ended = busy.releaser().start(STEPS, BAKE, busy.publish(fault))
    assert (ended.state, ended.by, busy.places()) == (ROLLED_BACK, "verdict", before)
    assert (weights(ended), share(ended)) == ([*STEPS, 1.0, 0.1], "10 %")
    assert ended.why.startswith("list_items: ")


def test_faults_that_users_cause_at_both_versions_after_the_promotion_stop_no_release(busy: Aws) -> None:
    new = busy.publish()

    class Attack(Watcher):
        def show(self, release: Release, decision: object) -> None:
            busy.failing = {"get_item": 1.0} if release.doing == "watch" or release.restarts else {}

    ended = busy.releaser(Attack()).start(STEPS, BAKE, new)
    assert (ended.state, busy.places()) == (PROMOTED, at(new))
    assert weights(ended) == [*STEPS, 1.0, *STEPS, 1.0]


def test_a_stray_fault_after_the_promotion_is_nothing(busy: Aws) -> None:
    new = busy.publish(Fault("5xx", "get_item", 0.003, after=busy.clock() + PROMOTION))
    assert weights(busy.releaser().start(STEPS, BAKE, new)) == [*STEPS, 1.0]


def test_another_releaser_goes_on_watching_and_rolls_back(busy: Aws) -> None:
    before = busy.places()
    new = busy.publish(Fault("5xx", "get_item", 0.5, after=busy.clock() + PROMOTION + 150))
    with pytest.raises(Stopped):
        busy.releaser(Dies(3)).start(STEPS, BAKE, new)
    assert busy.places() == at(new)
    assert busy.releaser().resume().state == ROLLED_BACK
    assert busy.places() == before


@pytest.mark.parametrize("end", ["promote", "abort"])
def test_watching_can_be_ended_by_hand(busy: Aws, end: str) -> None:
    before, new = busy.places(), busy.publish()
    with pytest.raises(Stopped):
        busy.releaser(Dies(3)).start(STEPS, BAKE, new)
    began = busy.clock()
    ended = getattr(busy.releaser(), end)()
    wanted = (PROMOTED, at(new)) if end == "promote" else (ROLLED_BACK, before)
    assert ((ended.state, busy.places()), ended.why) == (wanted, f"{end.removesuffix('e')}ed by hand")
    assert busy.clock() - began < BAKE


def test_without_users_round_trips_are_made_after_the_promotion() -> None:
    aws = Aws()
    fault = Fault("5xx", "update_item", 1.0, after=aws.clock() + PROMOTION + 60)
    ended = aws.releaser().start(STEPS, BAKE, aws.publish(fault))
    assert (ended.state, weights(ended)[:3]) == (ROLLED_BACK, [*STEPS, 1.0])
    assert aws.items == {}
