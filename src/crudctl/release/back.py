"""Plans the way back from what is in service to the versions of an earlier release, and says what that means. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from crudctl.build import contract_changes
from crudctl.build.contract import ContractError
from crudctl.release import offered, web_app
from crudctl.release.aliases import Position
from crudctl.release.record import FAILED, PROMOTED, ROLLED_BACK, Release
from crudctl.release.view import ago, moment

COVERED = (
    "Goes back: code and settings of all functions, as they were published together; "
    "the gateway's paths, scopes and limits, and the web app, as above."
)
SHOWN = 5  # changes of the contract that are named
NOT_COVERED = (
    "Does not go back: data, throttling, sign-in, alarms and all other infrastructure. "
    "For those, revert the commit and deploy it."
)

FURTHER = (
    "If something is still wrong, the command `crudctl alarms` shows what fires. To go back further all the same, name the "
    "release: --to NUMBER. The command `history` lists all releases."
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
        web: the build of the web app that users had with them; empty if none was uploaded since, or none is recorded.
    """

    wanted: dict[str, str]
    why: str
    contract: str
    web: str


@dataclass(frozen=True)
class Here:
    """What is in service.

    Attributes:
        at: where `prod` is, by operation.
        contract: of these versions, packed; empty if it is not known.
        web: the build of the web app that is served; empty if it is not known, None if there is no web app.
        gateway: the deployments of the API that are served now, and then, as `old` and `new`; empty if none is known.
    """

    at: Mapping[str, Position]
    contract: str
    web: str | None
    gateway: Mapping[str, str] = field(default_factory=dict)


def plan(past: Sequence[Release], number: int | None, at: Mapping[str, Position]) -> Way:
    """Return the way back to the versions of release `number`, or from the release in service to those before it.

    Args:
        past: the releases that have ended, newest first.
        number: of a promoted release; 0 is before the first.
        at: where `prod` is, by operation.

    Raises:
        NoWayBack: no release was promoted, `number` is none that was, or without a number: the last release was not promoted, or
            something else has moved `prod` since, so that what is in service is not what it brought.
    """
    promoted = [each for each in past if each.state == PROMOTED]
    if not promoted:
        raise NoWayBack("There is nothing to go back to: no release was promoted.", "")
    if number is None:
        _check_last(past[0], at)
        old = promoted[0].old
        why, web = f"back to before release {promoted[0].number}", web_app.with_release(past, promoted[0].number - 1)
        return Way(old, why, offered.of_versions(promoted, old), web)
    versions = {0: promoted[-1].old, **{each.number: each.new for each in promoted}}
    if number not in versions:
        raise NoWayBack(f"There is no promoted release {number}.", "The command `history` lists all releases.")
    why = f"back to release {number}" if number else "back to before the first release"
    web = web_app.with_release(past, number or promoted[-1].number - 1)
    return Way(versions[number], why, offered.of_versions(promoted, versions[number]), web)


def describe(way: Way, here: Here, published: Mapping[str, Mapping[str, float]], now: float) -> list[str]:
    """Return what going back changes, a line each.

    Args:
        way: where to.
        here: what is in service.
        published: when each version was published, in epoch seconds, by operation and version.
        now: epoch seconds.
    """
    moves: dict[tuple[str, str, str], list[str]] = {}
    for name, position in here.at.items():
        version = way.wanted.get(name, position.version)
        if position != Position(version):
            when = published.get(name, {}).get(version)
            age = f"published {ago(now - when)}" if when else "no longer published"
            moves.setdefault((str(position), version, age), []).append(name)
    lines = [
        f"{'prod' if len(names) == len(here.at) else ', '.join(names)}: {now_at} -> {there}, {age}"
        for (now_at, there, age), names in moves.items()
    ]
    return [
        *lines,
        _lost(here.contract, way.contract),
        _gateway(here.gateway),
        _web(here.web, way.web),
        COVERED,
        NOT_COVERED,
    ]


def _gateway(deployments: Mapping[str, str]) -> str:
    if not deployments:
        return "gateway: stays as it is, because it is not known what belongs to these versions"
    now, then = deployments["old"], deployments["new"]
    return f"gateway: stays at deployment {now}" if now == then else f"gateway: deployment {now} -> {then}"


def _web(now: str | None, then: str) -> str:
    if now is None:
        return "web app: none here"
    if not then:
        return "web app: stays as it is, because it is not known which build belongs to these versions"
    return f"web app: stays at build {now}" if now == then else f"web app: build {now or 'unknown'} -> {then}"


def _check_last(last: Release, at: Mapping[str, Position]) -> None:
    """Raise NoWayBack unless the last release has put in service what is there."""
    there = f"version {', '.join(sorted({str(position) for position in at.values()}))}"
    if last.state in (ROLLED_BACK, FAILED):
        since = "what was there before it" if not _moved(last.old, at) else "what something else put there since"
        raise NoWayBack(
            f"Release {last.number} was already rolled back, {moment(last.ended)}: {last.why}. "
            f"In service is {since} ({there}).",
            FURTHER,
        )
    if not last.weights:
        raise NoWayBack(f"Release {last.number} already went back to earlier versions ({there}).", FURTHER)
    if moved := _moved(last.new, at):
        raise NoWayBack(
            f"Something else has moved alias prod of {', '.join(moved)} since release {last.number}, "
            f"so that the versions before it are not the ones before what is in service ({there}).",
            f"Name the release to go back to: `--to {last.number}` for what it brought, or an earlier one, which the command "
            "`history` lists.",
        )


def _moved(left: Mapping[str, str], at: Mapping[str, Position]) -> list[str]:
    """Return the functions that are not where a release has left them."""
    return [name for name, version in left.items() if at.get(name, Position(version)) != Position(version)]


def _lost(now: str, then: str) -> str:
    if not now or not then:
        return "contract: not recorded for one of the two; compare the commits with `crudctl contract-changes`"
    before, after = offered.unpack(now), offered.unpack(then)
    lost = sorted(offered.names(before) - offered.names(after))
    named = [f"loses {', '.join(lost)}"] if lost else []
    try:
        breaks = contract_changes.breaking(before or {}, after or {})
    except ContractError:  # by the rules of today one of them is none
        breaks = ["whether it breaks clients is not known: one of the two contracts is invalid today"]
    more = [f"and {len(breaks) - SHOWN} more changes that break clients"] if len(breaks) > SHOWN else []
    return f"contract: {'; '.join([*named, *breaks[:SHOWN], *more]) or 'loses nothing'}"
