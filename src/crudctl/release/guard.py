"""Decides about a canary: promote, hold or roll back for the evidence so far, with the reason. Pure; knows nothing of AWS.

The alias draws the version of each request at random, the new one with the known probability `weight`. If both versions are
equally healthy, a fault is therefore the new version's with exactly that probability, whatever the rate of faults is and however
it changes over time. Each fault multiplies a bet against that: the likelihood ratio of "the new version fails `risk` times as
often". Whether most requests of the new version are late is another bet, against half of them. Under equal health such a
product ever exceeds 1/alpha with a probability of at most alpha, however often one looks (Ville's inequality;
https://en.wikipedia.org/wiki/Ville%27s_inequality). See docs/decisions/0008-release-guard.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

Action = Literal["promote", "hold", "roll back"]


@dataclass(frozen=True)
class Count:
    """Requests of one version in one period.

    Attributes:
        requests: all that succeeded or failed.
        faults: those that crashed, timed out or got a 5xx response.
        slow: those that took longer than the operation's limit, without the first of each execution environment.
        late: of the new version, those that took longer than LATE times the old version's median in its slowest minute, also
            without the first of each execution environment.
        unknown: those that Lambda counted and that neither crashed nor left a log line, so that their response is unknown.
    """

    requests: int = 0
    faults: int = 0
    slow: int = 0
    late: int = 0
    unknown: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            self.requests + other.requests,
            self.faults + other.faults,
            self.slow + other.slow,
            self.late + other.late,
            self.unknown + other.unknown,
        )


@dataclass(frozen=True)
class Period:
    """The counts of both versions of one operation while the new one had a share `weight` (0 to 1) of its requests."""

    weight: float
    new: Count
    old: Count


Evidence = Mapping[str, Sequence[Period]]
"""The periods of each operation since the release began, oldest first."""


@dataclass(frozen=True)
class Policy:
    """When a new version is bad and when it is good.

    Attributes:
        limit: odds at which the release is rolled back; the probability of a false alarm is at most 1/limit.
        doubt: odds above which the release is not promoted.
        least: requests that the new version must have served in a step, all operations together.
        least_each: the same for each operation.
        in_a_row: consecutive faults without a success at which the release is rolled back without statistics.
        slower: how many times as many slow requests the new version may have.
        unknown: highest tolerated share of the new version's requests whose response is unknown.
        patience: a step without a verdict is rolled back after this many times its bake.
    """

    limit: float = 150.0
    doubt: float = 15.0
    least: int = 50
    least_each: int = 5
    in_a_row: int = 5
    slower: float = 3.0
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
FAULT_RISKS = (3.0, 10.0, 30.0, 300.0)  # times as many faults as the old version; the bet is spread over them
SLOW_RISKS = (6.0, 12.0, 20.0)
LATE = 3.0  # times the old version's median
LATE_SHARES = (
    0.7,
    0.85,
    0.97,
)  # of the new version's requests, against half of them: with half, its median would be late
FAULT_SHARE, SLOW_SHARE, LATE_SHARE = 0.7, 0.15, 0.15  # of the bet
ALL_SHARE = 0.5  # of the first two: on all operations together; the rest is split among the single operations


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
    odds, finding = suspicion(evidence, policy)
    if wrong:
        return Decision("roll back", f"wrong response to a synthetic round trip: {wrong}", odds)
    run = _unbroken_faults(evidence, policy.in_a_row)
    if run:
        return Decision("roll back", f"{run[0]}: {run[1]} faults in a row without a success", odds)
    if odds >= policy.limit:
        return Decision("roll back", finding, odds)
    if elapsed < bake:
        return Decision("hold", "baking", odds)
    lacking = _lacking(step_requests, evidence, policy, unprobed)
    if not lacking and odds < policy.doubt:
        return Decision("promote", "as healthy as the old version" + _unjudged(step_requests, policy, unprobed), odds)
    doubt = lacking or f"in doubt: {finding}"
    if elapsed < bake * policy.patience:
        return Decision("hold", doubt, odds)
    return Decision("roll back", f"no verdict after {elapsed:.0f} s: {doubt}", odds)


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
        served: requests that the new version has served in this step, by operation.
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


def suspicion(evidence: Evidence, policy: Policy | None = None) -> tuple[float, str]:
    """Return how many times as likely the evidence is if the new version is worse, and the strongest finding for that."""
    policy = policy or Policy()
    bets: list[tuple[float, float, Callable[[], str]]] = []
    for share, field, risks, tolerated in (
        (FAULT_SHARE, "faults", FAULT_RISKS, 1.0),
        (SLOW_SHARE, "slow", SLOW_RISKS, policy.slower),
    ):
        each = {operation: _by_weight(periods, field) for operation, periods in evidence.items()}
        for operation, entries in each.items():
            finding = partial(_finding, {operation: evidence[operation]}, field, f"{operation}: ")
            bets.append((share * (1 - ALL_SHARE) / len(each), _odds(entries, risks, tolerated), finding))
        everything = [entry for entries in each.values() for entry in entries]
        bets.append((share * ALL_SHARE, _odds(everything, risks, tolerated), partial(_finding, evidence, field)))
    for operation, periods in evidence.items():
        new = sum((period.new for period in periods), Count())
        bets.append((LATE_SHARE / len(evidence), _lateness(new), partial(_late_finding, operation, new)))
    strongest = max(bets, key=lambda bet: bet[1])[2]
    return sum(share * odds for share, odds, _ in bets), strongest()


def total(periods: Sequence[Period]) -> tuple[Count, Count]:
    """Return the sums of all periods: (new, old)."""
    return sum((p.new for p in periods), Count()), sum((p.old for p in periods), Count())


def _odds(entries: Sequence[tuple[float, int, int]], risks: Sequence[float], tolerated: float) -> float:
    """Return the average over `risks` of the likelihood ratio of that risk to the tolerated one.

    Args:
        entries: (weight, events of the new version, events of the old one).
    """
    return sum(math.exp(min(_log_ratio(entries, risk, tolerated), 700.0)) for risk in risks) / len(risks)


def _lateness(new: Count) -> float:
    """Return the average over LATE_SHARES of the likelihood ratio of that share of late requests to one half."""
    punctual = max(0, new.requests - new.faults - new.late)
    logs = (new.late * math.log(share / 0.5) + punctual * math.log((1 - share) / 0.5) for share in LATE_SHARES)
    return sum(math.exp(min(log, 700.0)) for log in logs) / len(LATE_SHARES)


def _log_ratio(entries: Sequence[tuple[float, int, int]], risk: float, tolerated: float) -> float:
    result = 0.0
    for weight, new, old in entries:
        likelier = (1 - weight + weight * tolerated) / (1 - weight + weight * risk)
        result += (new + old) * math.log(likelier) + new * math.log(risk / tolerated)
    return result


def _by_weight(periods: Sequence[Period], field: str) -> list[tuple[float, int, int]]:
    sums: dict[float, tuple[int, int]] = {}
    for period in periods:
        new, old = sums.get(period.weight, (0, 0))
        sums[period.weight] = new + getattr(period.new, field), old + getattr(period.old, field)
    return [(weight, new, old) for weight, (new, old) in sums.items() if new or old]


def _unbroken_faults(evidence: Evidence, at_least: int) -> tuple[str, int] | None:
    for operation, periods in evidence.items():
        run = 0
        for period in periods:
            run = run + period.new.faults if period.new.faults == period.new.requests else 0
            if run >= at_least:
                return operation, run
    return None


def _lacking(step_requests: Mapping[str, int], evidence: Evidence, policy: Policy, unprobed: Collection[str]) -> str:
    served, probed = sum(step_requests.values()), [name for name in evidence if name not in unprobed]
    if served < policy.least and (probed or not evidence):
        return f"the new version has served {served} of at least {policy.least} requests in this step"
    thin = [name for name in probed if step_requests.get(name, 0) < policy.least_each]
    if thin:
        return f"too few requests to the new version of {', '.join(thin)}"
    for operation, periods in evidence.items():
        new, _ = total(periods)
        if new.unknown >= policy.least_each and new.unknown > policy.unknown * new.requests:
            counted = f"{new.unknown} of {new.requests} requests to the new version of {operation}"
            return f"{counted} left no log line, so their responses are unknown"
    return ""


def _unjudged(step_requests: Mapping[str, int], policy: Policy, unprobed: Collection[str]) -> str:
    few = sorted(name for name in unprobed if step_requests.get(name, 0) < policy.least_each)
    return f"; too few requests to judge {', '.join(few)}, which no round trip calls" if few else ""


def _late_finding(operation: str, new: Count) -> str:
    return f"{operation}: {new.late} of {new.requests} requests took over {LATE:g} times the old version's median"


def _finding(evidence: Evidence, field: str, prefix: str = "") -> str:
    new, old = total([period for periods in evidence.values() for period in periods])
    words = "failed" if field == "faults" else "were slow"
    counted = (getattr(new, field), getattr(old, field))
    return f"{prefix}{counted[0]} of {new.requests} requests {words}, against {counted[1]} of {old.requests} with the old version"
