"""Plans the way back from what is in service to the versions of an earlier release, and says what that means. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crudctl.release import offered
from crudctl.release.aliases import Position
from crudctl.release.record import FAILED, PROMOTED, ROLLED_BACK, Release
from crudctl.release.view import lasting, moment

COVERED = "What goes back: code and settings of all functions, as they were published together."
NOT_COVERED = (
    "What does not: data, the gateway (paths, scopes, limits), the web app, alarms and other infrastructure. "
    "For those, revert the commit and deploy it."
)


class NoWayBack(Exception):
    """There is nothing to go back to; the message says why, and `hint` what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class Way:
    """Where to go back to.

    Attributes:
        wanted: version by operation.
        why: the reason, for the record.
        contract: of these versions, packed; empty if it is not known.
    """

    wanted: dict[str, str]
    why: str
    contract: str


def plan(past: Sequence[Release], number: int | None, at: Mapping[str, Position]) -> Way:
    """Return the way back to the versions of release `number`, or from the release in service to those before it.

    Args:
        past: the releases that have ended, newest first.
        number: of a promoted release; 0 is before the first.
        at: where `prod` is, by operation.

    Raises:
        NoWayBack: no release was promoted, `number` is none that was, or without a number: the last release was not promoted, so
            that what is in service is what was there before it.
    """
    promoted = [each for each in past if each.state == PROMOTED]
    if not promoted:
        raise NoWayBack("There is nothing to go back to: no release was promoted.", "")
    if number is None:
        _check_last(past[0], at)
        old = promoted[0].old
        return Way(old, f"back to before release {promoted[0].number}", offered.of_versions(promoted, old))
    versions = {0: promoted[-1].old, **{each.number: each.new for each in promoted}}
    if number not in versions:
        raise NoWayBack(f"There is no promoted release {number}.", "The command `history` lists all releases.")
    why = f"back to release {number}" if number else "back to before the first release"
    return Way(versions[number], why, offered.of_versions(promoted, versions[number]))


def describe(
    way: Way, at: Mapping[str, Position], published: Mapping[str, Mapping[str, float]], now: float, contract: str
) -> list[str]:
    """Return what going back changes, a line each.

    Args:
        way: where to.
        at: where `prod` is, by operation.
        published: when each version was published, in epoch seconds, by operation and version.
        now: epoch seconds.
        contract: of what is in service, packed; empty if it is not known.
    """
    moves: dict[tuple[str, str, str], list[str]] = {}
    for name, position in at.items():
        version = way.wanted.get(name, position.version)
        if position != Position(version):
            when = published.get(name, {}).get(version)
            age = f"published {lasting(now - when)} ago" if when else "no longer published"
            moves.setdefault((str(position), version, age), []).append(name)
    lines = [
        f"{'prod' if len(names) == len(at) else ', '.join(names)}: {here} -> {there}, {age}"
        for (here, there, age), names in moves.items()
    ]
    return [*lines, _lost(contract, way.contract), COVERED, NOT_COVERED]


def _check_last(last: Release, at: Mapping[str, Position]) -> None:
    """Raise NoWayBack unless the last release has put in service what is there."""
    if last.state == PROMOTED and last.weights:
        return
    there = ", ".join(sorted({str(position) for position in at.values()}))
    hint = "To go back further, name the release: --to NUMBER. The command `history` lists all releases."
    if last.state in (ROLLED_BACK, FAILED):
        raise NoWayBack(
            f"Release {last.number} was already rolled back, {moment(last.ended)}: {last.why}. "
            f"In service is what was there before it (version {there}).",
            hint,
        )
    raise NoWayBack(f"Release {last.number} already went back to earlier versions (version {there}).", hint)


def _lost(now: str, then: str) -> str:
    if not now or not then:
        return "contract: not recorded for one of the two; compare the commits with `crudctl contract-changes`"
    lost = sorted(offered.names(offered.unpack(now)) - offered.names(offered.unpack(then)))
    return f"contract: loses {', '.join(lost)}" if lost else "contract: loses nothing"
