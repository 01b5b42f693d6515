"""Two releasers at one release: the one that takes it over decides, wherever the other one was suspended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from crudctl.release.aliases import PROD, Aliases, NotMoved, Position
from crudctl.release.record import PROMOTED, ROLLED_BACK, Release
from crudctl.release.wording import DOING
from tests.release.rig import Places, Quiet, Rig

WEIGHTS = [0.1, 0.5]
WRITES = 5 * 5  # UpdateAlias: canary; prod at 10 %, at 50 %, at 100 %; canary again
SHIFT = 6  # the first of them that moves users


class Interrupter(Quiet):
    """Calls a function once, as soon as the release is about to carry out a step."""

    def __init__(self, doing: str, call: Callable[[], Release]) -> None:
        self._doing, self._call = doing, call

    def log(self, line: str) -> None:
        """Call it if the line is about that step."""
        if line.endswith(f": {DOING.get(self._doing, self._doing)}"):
            self._doing = "nothing more"
            self._call()


def interrupted(rig: Rig, n: int, call: Callable[[], object]) -> Any:
    """Return a Lambda client that calls a function before it sends its n-th UpdateAlias."""
    client, left = rig.environment.client("lambda"), n

    def before_send(**_: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            call()

    client.meta.events.register("before-send.lambda.UpdateAlias", before_send)
    return client


def suspended(rig: Rig, n: int, meanwhile: Callable[[], object], new: Mapping[str, str] | None = None) -> Release:
    """Return what a releaser returns that is suspended before its n-th alias write, while something else happens."""
    return rig.releaser(**{"lambda": interrupted(rig, n, meanwhile)}).start(WEIGHTS, 0, new or rig.healthy)


@pytest.mark.parametrize("n", [1, 3, 5, *range(SHIFT, WRITES + 1)])
def test_a_rollback_that_overtakes_a_writing_releaser_is_not_undone(rig: Rig, before: Places, n: int) -> None:
    rolled_back: list[Release] = []
    ended = suspended(rig, n, lambda: rolled_back.append(rig.releaser().abort()))
    assert ended == rolled_back[0]
    assert (ended.state, ended.elsewhere) == (ROLLED_BACK, [])
    assert rig.places() == before


@pytest.mark.parametrize("doing", ["started", "probe", "shift", "bake", "promote", "watch"])
def test_a_rollback_that_overtakes_a_releaser_between_two_steps_is_not_undone(
    rig: Rig, before: Places, doing: str
) -> None:
    interrupter = Interrupter(doing, lambda: rig.releaser().abort())
    assert rig.releaser(interrupter).start(WEIGHTS, 0, rig.healthy).state == ROLLED_BACK
    assert rig.places() == before


@pytest.mark.parametrize("n", [SHIFT, SHIFT + 2, SHIFT + 7])
def test_a_rollback_by_the_function_that_an_alarm_calls_is_not_undone(rig: Rig, before: Places, n: int) -> None:
    new = rig.publish(None)

    def meanwhile() -> None:
        rig.measure_faults(new["get_item"])
        rig.alarm(f"{rig.cloud.prefix}-get_item-canary-crashes", new["get_item"])

    ended = suspended(rig, n, meanwhile, new)
    assert (ended.state, ended.by) == (ROLLED_BACK, "alarm")
    assert rig.places() == before


@pytest.mark.parametrize("n", [SHIFT, SHIFT + 2, SHIFT + 4])
def test_a_promotion_by_hand_while_traffic_is_being_shifted_is_not_undone(rig: Rig, before: Places, n: int) -> None:
    ended = suspended(rig, n, lambda: rig.releaser().promote())
    assert (ended.state, ended.why) == (PROMOTED, "promoted by hand")
    assert rig.places() == rig.at(rig.healthy)
    rig.put(before)


def test_a_releaser_that_is_suspended_during_the_next_release_does_not_disturb_it(rig: Rig, before: Places) -> None:
    new = rig.healthy

    def meanwhile() -> None:
        rig.releaser().abort()
        assert rig.killed_while_baking(new)

    ended = suspended(rig, SHIFT + 2, meanwhile)
    assert ended.state == ROLLED_BACK
    current = rig.records.current()
    assert current is not None
    assert (current.number, current.doing) == (ended.number + 1, "bake")
    assert all(at.weight == 0.1 for at in rig.places()[PROD].values())
    rig.releaser().abort()
    assert rig.places() == before


def test_an_alias_that_changed_since_it_was_read_is_not_overwritten_and_no_alias_has_moved(
    rig: Rig, before: Places
) -> None:
    def update_list_items() -> None:
        name = rig.functions["list_items"]
        alias = rig.client.get_alias(FunctionName=name, Name=PROD)
        rig.client.update_alias(FunctionName=name, Name=PROD, FunctionVersion=alias["FunctionVersion"])

    assert list(rig.functions)[3] == "list_items"
    aliases = Aliases(interrupted(rig, 4, update_list_items), rig.functions, "tests")
    wanted = {name: Position(at.version, rig.healthy[name], 0.1) for name, at in before[PROD].items()}
    with pytest.raises(NotMoved, match="PreconditionFailed"):
        aliases.move(PROD, wanted, lambda *_: True, lambda: None)
    assert rig.places() == before
