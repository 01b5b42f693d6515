"""Two at one release: whoever takes it over decides, at whatever point the other one was cut off."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crudctl.release.aliases import PROD
from crudctl.release.record import PROMOTED, ROLLED_BACK, Release
from tests.release import trouble
from tests.release.rig import Places, Quiet, Rig

WEIGHTS = [0.1, 0.5]
WRITES = 5 * 5  # UpdateAlias: canary; prod at 10 %, at 50 %, whole; canary again
SHIFT = 6  # the first of them that moves users


@pytest.fixture
def before(rig: Rig) -> Places:
    return rig.base()


class Interrupter(Quiet):
    """Lets something happen once, as soon as the release is about to do something."""

    def __init__(self, doing: str, do: Callable[[], Release]) -> None:
        self._doing, self._do = doing, do

    def log(self, line: str) -> None:
        """Lets it happen."""
        if line.endswith(f": {self._doing}"):
            self._doing = "nothing more"
            self._do()


def cut_off(rig: Rig, n: int, meanwhile: Callable[[], object]) -> Release:
    """What a releaser says at its end that was cut off before its n-th alias write, while something else happened."""
    client = trouble.client(rig, "lambda", "UpdateAlias", trouble.once(meanwhile, n))
    return rig.releaser(**{"lambda": client}).start(WEIGHTS, 0, rig.healthy)


@pytest.mark.parametrize("n", [1, 3, 5, *range(SHIFT, WRITES + 1)])
def test_a_rollback_that_overtakes_a_writing_releaser_is_not_undone(rig: Rig, before: Places, n: int) -> None:
    ended: list[Release] = []
    said = cut_off(rig, n, lambda: ended.append(rig.releaser().roll_back()))
    assert said == ended[0]
    assert (said.state, said.elsewhere) == (ROLLED_BACK, [])
    assert rig.places() == before


@pytest.mark.parametrize("doing", ["begun", "probe", "shift", "bake", "promote"])
def test_a_rollback_that_overtakes_a_releaser_between_saying_and_doing_is_not_undone(
    rig: Rig, before: Places, doing: str
) -> None:
    interrupter = Interrupter(doing, lambda: rig.releaser().roll_back())
    assert rig.releaser(interrupter).start(WEIGHTS, 0, rig.healthy).state == ROLLED_BACK
    assert rig.places() == before


@pytest.mark.parametrize("n", [SHIFT, SHIFT + 2, WRITES - 7])
def test_the_function_that_an_alarm_calls_is_not_undone_either(rig: Rig, before: Places, n: int) -> None:
    version = rig.healthy["get_item"]
    said = cut_off(rig, n, lambda: rig.alarm("items-local-get_item-canary-crashes", version))
    assert (said.state, said.by) == (ROLLED_BACK, "alarm")
    assert rig.places() == before


@pytest.mark.parametrize("n", [SHIFT, SHIFT + 2, SHIFT + 4])
def test_who_promotes_while_traffic_is_being_shifted_has_promoted(rig: Rig, before: Places, n: int) -> None:
    said = cut_off(rig, n, lambda: rig.releaser().promote())
    assert (said.state, said.why) == (PROMOTED, "promoted by hand")
    assert rig.places() == rig.at(rig.healthy)
    rig.put(before)


def test_a_releaser_that_sleeps_through_the_next_release_spoils_nothing(rig: Rig, before: Places) -> None:
    new = rig.healthy

    def meanwhile() -> None:
        rig.releaser().roll_back()
        assert rig.killed_while_baking(new)

    said = cut_off(rig, SHIFT + 2, meanwhile)
    assert said.state == ROLLED_BACK
    current = rig.records.current()
    assert current is not None
    assert (current.number, current.doing) == (said.number + 1, "bake")
    assert all(at.weight == 0.1 for at in rig.places()[PROD].values())
    rig.releaser().roll_back()
    assert rig.places() == before
