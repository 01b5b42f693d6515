"""Watches both versions during one step of a release until there is a verdict. Moves no alias."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from crudctl.release import guard
from crudctl.release.aliases import PROD, Aliases, NotMoved, Position
from crudctl.release.evidence import Count, Evidence, total
from crudctl.release.guard import Decision, Policy
from crudctl.release.journal import Journal, Watcher
from crudctl.release.metrics import Metrics
from crudctl.release.probe import Probe
from crudctl.release.record import Release


@dataclass(frozen=True)
class Bake:
    """How a step is watched.

    Attributes:
        probe: makes the round trips.
        aliases: of the functions.
        metrics: of both versions.
        journal: where the result of each look is written.
        watcher: is shown each look.
        keep: called at each look with the release, to keep it watched by alarms and metric filters.
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
    keep: Callable[[Release], None]
    policy: Policy
    interval: float
    clock: Callable[[], float]
    sleep: Callable[[float], None]

    def verdict(self, release: Release, wanted: Mapping[str, Position]) -> tuple[Release, Decision]:
        """Watch until the step has a verdict. Return the release as it is recorded, and the decision.

        The decision is `promote` (on to the next step) or `roll back`, never `hold`.

        Args:
            release: at a step whose aliases have moved.
            wanted: position of alias `prod` in this step, by operation.

        Raises:
            aliases.NotMoved: an alias is elsewhere.
            record.TakenOver: another releaser has the release.
        """
        begun, moved = self.clock(), release.stages[-1][-1]
        while True:
            self._check_aliases(wanted)
            self.keep(release)
            evidence, served = self.metrics.evidence(
                release.old, release.new, release.stages, release.bake, release.counted_from
            )
            requests = {operation: count.requests for operation, count in served.items()}
            # A releaser that comes late to a step still has the whole patience of one bake.
            elapsed = min(self.clock() - moved, release.bake + self.clock() - begun)
            unprobed = evidence.keys() - self.probe.counts.keys()
            decide = partial(
                guard.decide, evidence, requests, elapsed, release.bake, unprobed=unprobed, policy=self.policy
            )
            decision = decide()
            figures = self._figures(release, evidence)
            release = self.journal.save(release, quiet=True, figures=figures, odds=decision.odds, looked=self.clock())
            self.watcher.show(release, decision)
            if decision.action == "hold":
                wrong = self._round_trips(release, served, elapsed)
                decision = decide(wrong=wrong) if wrong else decision
            if decision.action != "hold":
                return release, decision
            self.sleep(self.interval)

    def _check_aliases(self, wanted: Mapping[str, Position]) -> None:
        if not self._elsewhere(wanted):
            return
        self.journal.mine()
        self.sleep(self.interval)  # an alias that was just moved may still be read at its former position
        elsewhere = self._elsewhere(wanted)
        if elsewhere:
            raise NotMoved(f"{elsewhere}: something else moved it")

    def _elsewhere(self, wanted: Mapping[str, Position]) -> str:
        """Describe an alias that is not where it should be; empty when all are.

        A function that was deployed after the release began has no place in it.
        """
        for operation, at in self.aliases.positions(PROD).items():
            if at != wanted.get(operation, at):
                return f"alias {PROD} of {operation} is at {at}"
        return ""

    def _round_trips(self, release: Release, served: Mapping[str, Count], elapsed: float) -> str:
        """Make round trips if users send too few requests. Describe a wrong response of the new version; empty if none.

        They stop at the first fault that is not the old version's, and when the next look is due: the evidence is looked at
        even if a function hangs.
        """
        trips = guard.trips(
            {operation: count.succeeded for operation, count in served.items()},
            self.probe.counts,
            release.weights[release.step],
            elapsed=elapsed,
            bake=release.bake,
            looks=(release.bake - elapsed) / self.interval,
            policy=self.policy,
        )
        deadline = self.clock() + self.interval
        for _ in range(trips):
            result = self.probe.round_trip(PROD)
            by_new = result.version == release.new.get(result.function)
            if result.wrong and by_new:
                return result.wrong
            by_old = bool(result.function) and not by_new
            if (result.fault and not by_old) or self.clock() > deadline:
                break
        return ""

    def _figures(self, release: Release, evidence: Evidence) -> dict[str, Any]:
        since = release.stages[-1][-1]
        milliseconds = {
            name: self.metrics.percentiles(versions, since)
            for name, versions in (("new", release.new), ("old", release.old))
        }
        figures: dict[str, Any] = {}
        for operation, periods in evidence.items():
            new, old = total(periods)
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
