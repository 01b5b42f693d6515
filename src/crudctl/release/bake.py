"""Looks at both versions during one step of a release until there is a verdict. Moves no alias."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from crudctl.release import guard
from crudctl.release.aliases import PROD, Aliases, NotMoved, Position
from crudctl.release.guard import Decision, Policy
from crudctl.release.journal import Journal, Watcher
from crudctl.release.metrics import Metrics
from crudctl.release.probe import CALLS, Probe
from crudctl.release.record import Release


@dataclass(frozen=True)
class Bake:
    """How a step is looked at.

    Attributes:
        probe: makes the round trips.
        aliases: the aliases.
        metrics: of both versions.
        journal: where each look is written down.
        watcher: who is shown each look.
        policy: when a version is good or bad.
        interval: seconds between two looks.
        clock: returns the time in seconds since the epoch.
        sleep: waits for a number of seconds of `clock`.
    """

    probe: Probe
    aliases: Aliases
    metrics: Metrics
    journal: Journal
    watcher: Watcher
    policy: Policy
    interval: float
    clock: Callable[[], float]
    sleep: Callable[[float], None]

    def verdict(self, release: Release, wanted: Mapping[str, Position]) -> tuple[Release, Decision]:
        """Looks until the present step is to be followed by another (`promote`) or the release is to be taken back.

        Args:
            release: at a step whose aliases have moved.
            wanted: where alias `prod` of each operation is in this step.

        Raises aliases.NotMoved when it is elsewhere; record.TakenOver.
        """
        begun, moved = self.clock(), release.stages[-1][-1]
        while True:
            self._guard(wanted)
            evidence, served = self.metrics.evidence(release.old, release.new, release.stages, release.limits)
            # A releaser that comes late to a step has a bake of patience all the same.
            elapsed = min(self.clock() - moved, release.bake + self.clock() - begun)
            decide = partial(guard.decide, evidence, served, elapsed, release.bake, policy=self.policy)
            decision = decide()
            if len(release.limits) < len(release.new):
                found = self.metrics.limits(release.old, release.stages[0][1])
                release = replace(release, limits={**found, **release.limits})
            figures = self._figures(release, evidence)
            release = self.journal.save(release, quiet=True, figures=figures, odds=decision.odds, looked=self.clock())
            self.watcher.show(release, decision)
            if decision.action == "hold":
                wrong = self._round_trips(release, served, elapsed)
                decision = decide(wrong=wrong) if wrong else decision
            if decision.action != "hold":
                return release, decision
            self.sleep(self.interval)

    def _guard(self, wanted: Mapping[str, Position]) -> None:
        if not self._elsewhere(wanted):
            return
        self.journal.mine()
        self.sleep(self.interval)  # what was just moved may be read as it was before
        found = self._elsewhere(wanted)
        if found:
            raise NotMoved(f"{found}: somebody else moved it")

    def _elsewhere(self, wanted: Mapping[str, Position]) -> str:
        """An alias that is not where it should be, in words; empty when all are."""
        for operation, at in self.aliases.positions(PROD).items():
            if at != wanted[operation]:
                return f"alias {PROD} of {operation} is at {at}"
        return ""

    def _round_trips(self, release: Release, served: Mapping[str, int], elapsed: float) -> str:
        """Round trips where users call too little; what the new version answered wrongly, else nothing.

        They end at the first fault that is not the old version's, and when it is time to look again: whatever hangs, the
        evidence is looked at.
        """
        trips = guard.trips(
            served,
            CALLS,
            release.weights[release.step],
            elapsed=elapsed,
            bake=release.bake,
            looks=(release.bake - elapsed) / self.interval,
            policy=self.policy,
        )
        deadline = self.clock() + self.interval
        for _ in range(trips):
            found = self.probe.round_trip(PROD)
            if found.wrong and found.version == release.new[found.function]:
                return found.wrong
            of_the_old = found.function and found.version != release.new[found.function]
            if (found.fault and not of_the_old) or self.clock() > deadline:
                break
        return ""

    def _figures(self, release: Release, evidence: guard.Evidence) -> dict[str, Any]:
        since = release.stages[-1][-1]
        milliseconds = {
            name: self.metrics.percentiles(versions, since)
            for name, versions in (("new", release.new), ("old", release.old))
        }
        figures: dict[str, Any] = {}
        for operation, periods in evidence.items():
            new, old = guard.total(periods)
            figures[operation] = {
                name: {
                    "requests": count.requests,
                    "faults": count.faults,
                    "slow": count.slow,
                    **milliseconds[name].get(operation, {}),
                }
                for name, count in (("new", new), ("old", old))
            }
        return figures
