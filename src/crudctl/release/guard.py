"""Decides about a canary: promote, hold or roll back for the evidence so far, with the reason. Pure; knows nothing of AWS.

Nothing here looks at the new version alone if requests of users could have caused what it looks at: a user may send what both
versions fail at, as often as it wants. The odds (odds.py) compare both versions in the same periods, and each limit on them
bounds how often a healthy version is stopped, whatever users send. See docs/decisions/0021-users-stop-no-release.md.

Runs in Lambda too (rollback_function.py): standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from crudctl.release import refused_odds
from crudctl.release.evidence import Evidence, total
from crudctl.release.odds import broken, suspicion, unlogged

BAKING = "the minimum time of this step is not over"
Action = Literal["promote", "hold", "roll back"]


@dataclass(frozen=True)
class Policy:
    """When a new version is bad and when it is good.

    Attributes:
        limit: odds at which the release is rolled back; the probability of a false alarm is at most 1/limit.
        doubt: odds above which the release is held for another bake.
        certain: the limit of the two other bets: that an operation always fails, and that it leaves fewer log lines.
        least: requests that the new version must have served in a step, all operations together.
        least_each: the same for each operation.
        in_a_row: faults without a success from which on an operation may be found to fail always.
        unknown: highest tolerated share of the new version's requests whose response is unknown.
        patience: a step ends after this many times its bake: without enough requests it is rolled back.
    """

    limit: float = 150.0
    doubt: float = 15.0
    certain: float = 1000.0
    least: int = 50
    least_each: int = 5
    in_a_row: int = 5
    unknown: float = 0.02
    patience: float = 2.0


@dataclass(frozen=True)
class Decision:
    """What to do and why. `odds` is how many times as likely the evidence is if the new version is worse."""

    action: Action
    reason: str
    odds: float


TRIPS = 20  # round trips between two looks, at most
SPARE = 1.5  # times the required requests: what the round trips aim at


def decide(
    evidence: Evidence,
    step_requests: Mapping[str, int],
    elapsed: float,
    bake: float,
    *,
    unprobed: Collection[str] = (),
    policy: Policy | None = None,
    wrong: str = "",
) -> Decision:
    """Decide what to do now.

    Args:
        evidence: of the whole release, all steps.
        step_requests: requests that the new version has served in this step, by operation.
        elapsed: seconds since this step began.
        bake: minimum duration of a step in seconds.
        unprobed: operations that no round trip calls. If nobody else calls them either, there is nothing to judge them by, and
            that neither holds the release nor rolls it back.
        policy: when a version is good or bad.
        wrong: description of a wrong response to a synthetic request that is not a fault; empty if there was none.

    Returns:
        `promote` to go on to the next step (or to the end), `hold` to look again later, or `roll back`.
    """
    policy = policy or Policy()
    odds, finding = suspicion(evidence)
    if wrong:
        return Decision("roll back", f"wrong response to a test request of crudctl: {wrong}", odds)
    always, failing = broken(evidence, policy.in_a_row)
    if always >= policy.certain:
        return Decision("roll back", failing, odds)
    if odds >= policy.limit:
        return Decision("roll back", finding, odds)
    if elapsed < bake:
        return Decision("hold", BAKING, odds)
    lacking = _lacking(step_requests, evidence, policy, unprobed)
    patient = elapsed < bake * policy.patience
    if lacking and patient:
        return Decision("hold", lacking, odds)
    if lacking:
        return Decision("roll back", f"still too little to judge by after {elapsed:.0f} s: {lacking}", odds)
    noted = _unjudged(step_requests, policy, unprobed) + _of_one_caller(evidence)
    if odds < policy.doubt:
        return Decision("promote", "as good as the old version" + noted, odds)
    if patient:
        return Decision("hold", f"in doubt, so this step lasts longer: {finding}", odds)
    return Decision("promote", f"promoted although in doubt: {finding}" + noted, odds)


def trips(
    served: Mapping[str, int],
    calls: Mapping[str, int],
    weight: float,
    *,
    elapsed: float,
    bake: float,
    looks: float,
    policy: Policy | None = None,
) -> int:
    """Return how many synthetic round trips to make now, so that the new version has served enough when the bake is over.

    None in the first fifth of the bake, which shows how many requests users send. The alias draws the version of each request,
    so every operation is counted separately: enough requests in total do not mean enough of each.

    Args:
        served: requests that the new version has served in this step without a fault, by operation. Faults do not count: if
            users send only what fails, nothing else would show whether the operation works.
        calls: requests of one round trip, by operation, without those that it does not call.
        weight: the new version's share (0 to 1).
        elapsed: seconds since this step began.
        bake: minimum duration of a step in seconds.
        looks: number of looks until the bake is over; may be less than 1.
        policy: when a version is good or bad.
    """
    policy = policy or Policy()
    if elapsed < bake / 5 or elapsed <= 0:
        return 0
    ahead = max(bake / elapsed, 1.0)
    called = {operation: count for operation, count in served.items() if calls.get(operation)}
    if not called:
        return 0
    needs = [(sum(served.values()), sum(calls[operation] for operation in called), policy.least * SPARE)]
    needs += [(count, calls[operation], policy.least_each * SPARE) for operation, count in called.items()]
    lacking = [(enough - count) / (weight * of_a_trip) for count, of_a_trip, enough in needs if count * ahead < enough]
    return min(TRIPS, math.ceil(max(lacking, default=0.0) / max(looks, 1.0)))


def _lacking(step_requests: Mapping[str, int], evidence: Evidence, policy: Policy, unprobed: Collection[str]) -> str:
    served, probed = sum(step_requests.values()), [name for name in evidence if name not in unprobed]
    if served < policy.least and (probed or not evidence):
        return f"only {served} requests to the new version in this step, at least {policy.least} are needed"
    thin = [name for name in probed if step_requests.get(name, 0) < policy.least_each]
    if thin:
        return f"too few requests to the new version of {', '.join(thin)}"
    for operation, periods in evidence.items():
        new, _ = total(periods)
        many = new.unknown >= policy.least_each and new.unknown > policy.unknown * new.requests
        if many and unlogged(evidence, operation) >= policy.certain:
            counted = f"{new.unknown} of {new.requests} requests to the new version of {operation}"
            return f"{counted} left no log line, so nobody knows whether they failed"
    return ""


def _unjudged(step_requests: Mapping[str, int], policy: Policy, unprobed: Collection[str]) -> str:
    few = sorted(name for name in unprobed if step_requests.get(name, 0) < policy.least_each)
    return f"; too few requests to judge {', '.join(few)}, which no test request of crudctl calls" if few else ""


def _of_one_caller(evidence: Evidence) -> str:
    """Describe 4xx that would roll the release back if they were not of one caller only."""
    found = refused_odds.lone(evidence)
    return f"; one caller alone gets more 4xx than before, which stops no release: {found}" if found else ""
