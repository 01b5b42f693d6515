"""How a release does, in words for somebody who reads them once and in a hurry. Pure; decides nothing.

Runs in Lambda too (rollback_function.py): standard library only.
"""

from __future__ import annotations

from crudctl.release.guard import Policy
from crudctl.release.record import FAILED, PROMOTED, ROLLED_BACK, Release

ENDED = {
    PROMOTED: "promoted: all traffic is on the new versions",
    "reverted": "went back: all traffic is on versions that were in service before",
    ROLLED_BACK: "rolled back: all traffic is on the old versions",
    FAILED: "failed, through no fault of the new versions: all traffic is on the old versions",
}
DOING = {
    "canary": "about to try the new versions, which no user has yet",
    "probe": "trying the new versions, which no user has yet",
    "shift": "moving traffic to the new versions",
    "bake": "both versions serve users, and are compared",
    "promote": "moving all traffic to the new versions",
    "watch": "all traffic is on the new versions, which are watched for as long as one more step",
    "roll back": "moving all traffic back to the old versions",
}
DECIDED = {
    "verdict": "the requests of both versions, compared",
    "round trip": "test requests, before any user had the new versions",
    "comparison": "the answers of both versions to the same requests, compared",
    "alarm": "the requests of both versions, compared because an alarm fired",
    "releaser": "crudctl, which could not go on",
}


def verdict(release: Release) -> str:
    """Return how it ended or what it is doing, in one line without a full stop."""
    line = ENDED.get(release.outcome) or f"under way: {DOING.get(release.doing, release.doing)}"
    if release.elsewhere:
        line += f", except aliases that something else moved meanwhile: {', '.join(release.elsewhere)}"
    return line


def decided(by: str) -> str:
    """Return who or what decided: a person as recorded."""
    return DECIDED.get(by, by or "nothing yet")


def looks(odds: float, policy: Policy, rolled_back: bool = False) -> str:
    """Return what the evidence says, such as `The new version looks worse: odds 161 to 1 (rollback at 150)`.

    Args:
        odds: how many times as likely it is if the new version is worse.
        policy: whose limit it is shown against.
        rolled_back: whether it goes back. If that is for another reason, nothing is said of the odds.
    """
    if rolled_back and odds < policy.limit:
        return ""
    if odds >= policy.limit:
        found = "The new version looks worse"
    elif odds >= policy.doubt:
        found = "The new version may be worse"
    else:
        found = "No sign that the new version is worse"
    return f"{found}: odds {to_one(odds)} (rollback at {policy.limit:g})"


def to_one(odds: float) -> str:
    """Format odds, such as `161 to 1`."""
    if odds > 1e6:
        return "over a million to 1"
    return f"{odds:,.0f} to 1" if odds >= 10 else f"{odds:.1f} to 1" if odds >= 1.05 else "1 to 1, or less"
