"""The steps of a release in words: those that `start --dry-run` prints, and the next one that `status` prints. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from crudctl.release.next_step import Step, steps
from crudctl.release.record import Release
from crudctl.release.view import lasting


def plan(release: Release, now: float) -> Iterator[str]:
    """Yield a line for each step that a release takes from here on, if the new versions are as good as the old ones."""
    for number, step in enumerate(steps(release, now), 1):
        yield f"{number:>2}. {doing(step, release)}"


def doing(step: Step, release: Release) -> str:
    """Return what a step does, such as `Send 10% of the traffic to the new versions.`"""
    changed = [f"{name} {new}" for name, new in release.new.items() if new != release.old.get(name)]
    watched = "Watch the new versions" if step.share == 1.0 else "Compare both versions"
    share = f"{(step.share or 0.0) * 100:g}%"
    return {
        "point canary": f"Point alias canary, which no user calls, to the new versions: {', '.join(changed)}.",
        "try": "Make a round trip through alias canary. Faults that the old versions do not have roll the release back.",
        "compare": "Send the contract's requests to both versions. Different answers roll the release back.",
        "shift": f"Send {share} of the traffic to the new versions.",
        "hold": f"{watched} for at least {lasting(release.bake)}.",
        "promote": "Send all traffic to the new versions.",
        "start over": f"Send {share} of the traffic to the new versions, and compare both versions again.",
        "roll back": "Roll back: send all traffic to the old versions.",
        "end": "End the release, and remove what watched it.",
        "nothing": "Nothing.",
    }[step.action]
