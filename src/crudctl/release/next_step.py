"""What a release does next: a pure function of its record, the aliases, the evidence and the time. Carries nothing out.

    point canary -> try -> compare -> shift -> hold -> compare -> shift -> ... -> promote -> hold -> end
    from any of them: roll back; from the hold after `promote` once: start over, from the first shift on

The record names a step before it is carried out, and carrying it out twice is carrying it out once. So whoever comes after a
releaser that died asks the same question and continues. executor.py carries steps out.

Runs in Lambda too (rollback_function.py): standard library only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from crudctl.release import guard, promoted
from crudctl.release.aliases import ALIASES, CANARY, PROD, Position
from crudctl.release.evidence import Count, Evidence, Period
from crudctl.release.guard import Policy
from crudctl.release.record import FAILED, PROMOTED, ROLLED_BACK, Release

Action = Literal[
    "point canary", "try", "compare", "shift", "hold", "promote", "start over", "roll back", "end", "nothing"
]
Places = Mapping[str, Mapping[str, Position]]  # where each alias is, by alias and operation
WATCHED = ("bake", "watch")  # where the next step depends on what both versions serve
TRIES = 3  # first round trips that fail: one stray fault is not a reason to roll a version back
SHOWN = 5  # differences that a reason names


@dataclass(frozen=True)
class Trials:
    """The first round trips through `canary`, which no user calls.

    Attributes:
        began: epoch seconds of the first one.
        tried: how many there were.
        failed: how many of them had a fault while the old versions had none right after it.
        fault: of the last one; empty if it had none.
        control: what the old versions had right after it.
        wrong: a wrong response that is no fault.
    """

    began: float = 0.0
    tried: int = 0
    failed: int = 0
    fault: str = ""
    control: str = ""
    wrong: str = ""


@dataclass(frozen=True)
class Observed:
    """What is known of a release besides its record and the aliases.

    Attributes:
        periods: requests of both versions since the first shift.
        served: what the new versions have served in this step, by operation.
        alone: what they have served since the promotion, by operation.
        unprobed: operations that no round trip calls.
        wrong: a wrong response of a new version to a round trip in this step.
        trials: the first round trips.
        differences: where the answers of both versions differ; None as long as they have not been compared in this step.
        since: epoch seconds at which this releaser began to watch the step; 0 if it has watched from the beginning.
    """

    periods: Evidence = field(default_factory=dict)
    served: Mapping[str, Count] = field(default_factory=dict)
    alone: Mapping[str, Count] = field(default_factory=dict)
    unprobed: Collection[str] = ()
    wrong: str = ""
    trials: Trials = Trials()
    differences: tuple[str, ...] | None = None
    since: float = 0.0


@dataclass(frozen=True)
class Step:
    """What to do, and why.

    Attributes:
        action: what to do.
        why: the reason, for people and for the record.
        by: what decided, if it ends the release.
        odds: how many times as likely the evidence is if the new versions are worse.
        changes: of the record, written before the step is carried out.
        moves: where each alias is moved to, by alias and operation.
        share: of the traffic that the new versions have afterwards (0 to 1); None before users call them.
        state: in which the release ends, if it does.
    """

    action: Action
    why: str
    by: str = ""
    odds: float = 1.0
    changes: Mapping[str, Any] = field(default_factory=dict)
    moves: Places = field(default_factory=dict)
    share: float | None = None
    state: str = ""


def next_step(record: Release, positions: Places, evidence: Observed, now: float, policy: Policy | None = None) -> Step:
    """Return what a release does next.

    Args:
        record: of the release.
        positions: of the aliases; those that are left out are taken to be where the record says.
        evidence: what is known besides.
        now: epoch seconds.
        policy: when a version is good or bad.
    """
    if not record.running:
        return Step("nothing", f"release {record.number} has ended")
    if record.doing == "roll back":
        return Step("roll back", record.why, record.by, state=ROLLED_BACK)
    decide = {
        "canary": _point_canary,
        "probe": _try,
        "shift": _go_on_shifting,
        "bake": _judge,
        "promote": _go_on_promoting,
        "watch": _judge_alone,
    }[record.doing]
    return decide(record, positions, evidence, now, policy or Policy())


def steps(record: Release, now: float) -> Iterator[Step]:
    """Yield the steps that a release takes from here on if the new versions are as good as the old ones.

    Args:
        record: of the release.
        now: epoch seconds.
    """
    seen = _all_well(record)
    while record.running:
        step = next_step(record, {}, seen, now)
        yield step
        now += record.bake if step.action == "hold" else 0.0
        trials = Trials(now, 1) if step.action == "try" else seen.trials
        seen = replace(seen, trials=trials, differences=() if step.action == "compare" else None)
        if step.action not in ("try", "hold"):
            record = after(replace(record, **step.changes), step, now)


def after(record: Release, step: Step, now: float) -> Release:
    """Return the record as it is once a step has been carried out, whose `changes` it has already."""
    done: dict[str, Any] = {}
    if step.action == "point canary":
        done = {"doing": "probe"}
    elif step.action in ("shift", "start over"):
        done = {"doing": "bake", "stages": _moved(record, now)}
    elif step.action == "promote" and _is_watched(record):
        done = {"doing": "watch", "stages": _moved(record, now)}
    elif step.action in ("promote", "end"):
        done = {"state": PROMOTED, "ended": now}
    return replace(record, **done)


def elsewhere(record: Release, positions: Places) -> str:
    """Describe an alias `prod` that is not where the record says; empty when all are.

    A function that was deployed after the release began has no place in it.
    """
    wanted = _of_promoted(record) if record.doing == "watch" else _split(record, record.weights[record.step])
    for operation, at in positions.get(PROD, {}).items():
        if at != wanted.get(operation, at):
            return f"alias {PROD} of {operation} is at {at}"
    return ""


def _point_canary(record: Release, *_: Any) -> Step:
    return Step(
        "point canary",
        "the new versions are tried before a user calls them",
        moves={CANARY: _of_promoted(record)},
        share=record.weights[0],
    )


def _try(record: Release, _: Places, evidence: Observed, now: float, policy: Policy) -> Step:
    trials = evidence.trials
    if trials.wrong:
        return _reject(trials.wrong)
    if not trials.tried:
        return Step("try", "a round trip through alias canary, which no user calls")
    if not trials.fault:
        good = _compared(record, evidence, now, "before a user calls the new versions", _reject)
        return good or _first_shift(record, now, stray=trials.tried > 1 or record.compared)
    if trials.failed >= TRIES:
        return _reject(trials.fault)
    if trials.tried >= TRIES and now - trials.began >= record.bake * policy.patience:
        return _reject(f"{trials.fault}; the old version fails too: {trials.control}")
    return Step("try", f"again, as the last round trip failed: {trials.fault}")


def _judge(record: Release, positions: Places, evidence: Observed, now: float, policy: Policy) -> Step:
    """Return what follows from what both versions have served."""
    if away := elsewhere(record, positions):
        return Step("roll back", f"{away}: something else moved it", "releaser", state=FAILED)
    decision = guard.decide(
        _while_split(evidence.periods),
        {operation: count.requests for operation, count in evidence.served.items()},
        _elapsed(record, evidence, now),
        record.bake,
        unprobed=evidence.unprobed,
        policy=policy,
        wrong=evidence.wrong,
    )
    if decision.action == "roll back":
        return Step("roll back", decision.reason, "verdict", decision.odds, state=ROLLED_BACK)
    if decision.action == "hold":
        return Step("hold", decision.reason, odds=decision.odds, share=record.stages[-1][0])
    good = _compared(record, evidence, now, decision.reason, _differ) or (
        _shift(record, record.step + 1, now, decision.reason)
        if record.step + 1 < len(record.weights)
        else _promote(record, now, decision.reason)
    )
    return replace(good, odds=decision.odds)


def _judge_alone(record: Release, positions: Places, evidence: Observed, now: float, policy: Policy) -> Step:
    """Return what follows from what the new versions have served since they have all traffic."""
    if away := elsewhere(record, positions):
        return Step("roll back", f"{away}: something else moved it", "releaser", state=FAILED)
    if evidence.wrong:
        why = f"wrong response to a test request of crudctl: {evidence.wrong}"
        return Step("roll back", why, "verdict", state=ROLLED_BACK)
    odds, finding = promoted.suspicion(_while_split(evidence.periods), evidence.alone)
    if odds >= policy.limit and record.restarts:
        why = f"again worse as soon as it had all traffic: {finding}"
        return Step("roll back", why, "verdict", odds, state=ROLLED_BACK)
    if odds >= policy.limit:
        why = f"worse since it has all traffic: {finding}"
        return replace(_shift(record, 0, now, why), action="start over", odds=odds)
    if _elapsed(record, evidence, now) < record.bake:
        why = "all traffic is on the new version, which is watched for as long as one more step"
        return Step("hold", why, odds=odds, share=1.0)
    return Step("end", record.why, record.by, odds, state=PROMOTED)


def _compared(record: Release, evidence: Observed, now: float, why: str, reject: Any) -> Step | None:
    """Return the step that compares answers, or what follows if they differ; None if they were compared and agree."""
    if not record.compared:
        return None
    if evidence.differences is None:
        return Step(
            "compare",
            f"{why}; next, the answers of both versions are compared",
            changes={"comparing": _begun(record, now)},
        )
    if not evidence.differences or record.accepted:
        return None
    more = len(evidence.differences) - SHOWN
    named = "; ".join(evidence.differences[:SHOWN]) + (f", and {more} more" if more > 0 else "")
    rejected: Step = reject(f"the new version responds differently: {named}", "comparison")
    return rejected


def _first_shift(record: Release, now: float, *, stray: bool) -> Step:
    """Return the shift of the first users, with the time from which on requests are compared.

    The new versions may have had requests within the present period that no weight of this release drew: a round trip that failed
    or a comparison (`stray`), or those of an earlier release. Then it is the next period. Alarms that still count such requests
    call the function `rollback`, which looks at the same evidence.
    """
    step = _shift(record, 0, now, "the new versions passed what no user sees")
    begun = now // record.period * record.period
    served = stray or record.counted_from >= begun
    return replace(step, changes={**step.changes, "counted_from": begun + record.period if served else begun})


def _shift(record: Release, step: int, now: float, why: str) -> Step:
    weight = record.weights[step]
    stages = [*record.stages, [weight, _begun(record, now)]]
    changes: dict[str, Any] = {"doing": "shift", "step": step, "stages": stages}
    if record.doing == "watch":
        changes["restarts"] = record.restarts + 1
    return Step("shift", why, changes=changes, moves={PROD: _split(record, weight)}, share=weight)


def _go_on_shifting(record: Release, *_: Any) -> Step:
    weight = record.weights[record.step]
    return Step("shift", "it was begun", moves={PROD: _split(record, weight)}, share=weight)


def _promote(record: Release, now: float, why: str) -> Step:
    changes = {"doing": "promote", "why": why, "by": "verdict", "stages": [*record.stages, [1.0, _begun(record, now)]]}
    return Step("promote", why, "verdict", changes=changes, moves=_all(record), share=1.0, state=PROMOTED)


def _go_on_promoting(record: Release, *_: Any) -> Step:
    return Step("promote", record.why, record.by, moves=_all(record), share=1.0, state=PROMOTED)


def _reject(why: str, by: str = "round trip") -> Step:
    return Step("roll back", f"refused before any user had it: {why}", by, state=ROLLED_BACK)


def _differ(why: str, by: str) -> Step:
    return Step("roll back", why, by, state=ROLLED_BACK)


def _is_watched(record: Release) -> bool:
    """Whether it was promoted by a verdict, whose release is watched for one more bake."""
    return bool(record.stages) and record.stages[-1][0] == 1.0 and record.by == "verdict"


def _elapsed(record: Release, evidence: Observed, now: float) -> float:
    """Return the seconds since the step began. A releaser that comes late to it still has the whole patience of one bake."""
    since_moved = now - record.stages[-1][-1]
    return min(since_moved, record.bake + now - evidence.since) if evidence.since else since_moved


def _begun(record: Release, now: float) -> float:
    """Return when the change to the next stage began: with the comparison before it, whose requests no weight has drawn."""
    return record.comparing if record.stages and record.comparing > record.stages[-1][-1] else now


def _moved(record: Release, now: float) -> list[list[float]]:
    *earlier, stage = record.stages
    return [*earlier, [*stage[:2], now]]


def _while_split(periods: Evidence) -> Evidence:
    """Leave out the periods in which all traffic went to the new versions: nothing there can be compared."""
    return {operation: [each for each in listed if each.weight < 1.0] for operation, listed in periods.items()}


def _all(record: Release) -> Places:
    return {alias: _of_promoted(record) for alias in ALIASES}


def _of_promoted(record: Release) -> dict[str, Position]:
    return {operation: Position(version) for operation, version in record.new.items()}


def _split(record: Release, weight: float) -> dict[str, Position]:
    """Return the positions of `prod` during a step. A function that did not change has nothing to split."""
    return {
        operation: Position(old) if old == new else Position(old, new, weight)
        for operation, old, new in ((name, record.old[name], new) for name, new in record.new.items())
    }


def _all_well(record: Release) -> Observed:
    """Return what is observed of a release whose new versions are as good as the old ones."""
    many = Count(1000)
    changed = [name for name, version in record.new.items() if version != record.old.get(name)]
    return Observed(
        periods={name: [Period(0.5, many, many)] for name in changed},
        served=dict.fromkeys(changed, many),
        alone=dict.fromkeys(changed, many),
    )
