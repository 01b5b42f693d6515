"""Carries out the steps of a release, one after another (next_step.py says which), until it has ended. Prints nothing."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from crudctl.build.script import Exchange, Script
from crudctl.release import deployments, guard, offered, versions
from crudctl.release.aliases import CANARY, PROD, Aliases, Known, NotMoved, Position
from crudctl.release.canary_alarms import Traffic
from crudctl.release.cloud import Cloud
from crudctl.release.differential import Caller, differences
from crudctl.release.evidence import Evidence, total
from crudctl.release.faults import describe
from crudctl.release.gateway import settle
from crudctl.release.guard import Decision, Policy
from crudctl.release.journal import Journal, Watcher
from crudctl.release.next_step import WATCHED, Observed, Places, Step, Trials, after, elsewhere, next_step
from crudctl.release.notices import WAITS
from crudctl.release.observe import observe
from crudctl.release.probe import Probe
from crudctl.release.record import FAILED, PROMOTED, ROLLED_BACK, Release, TakenOver
from crudctl.release.rollback import ours, roll_back

RECENT = 600  # seconds from which the requests a minute are averaged, for the alarms' thresholds
UNKNOWN = (
    "no record has the contract of the old versions: a difference may be intended, and if the old versions refuse what the new "
    "contract allows, nothing was compared"
)
CONTROLS = 3  # round trips of the old version after each first one that failed, all of which have to succeed
LATE = 1.25  # bakes after which people are notified of a step that waits: its last metrics arrive after the bake
Carry = Callable[[Release, Step, Observed], tuple[Release, Observed]]


class Executor:
    """Carries out the steps of a release.

    Args:
        cloud: what the release works with.
        journal: writes its record.
        aliases: of its functions.
        watcher: receives what happens.
        policy: when a version is good or bad.
    """

    def __init__(self, cloud: Cloud, journal: Journal, aliases: Aliases, watcher: Watcher, policy: Policy) -> None:
        self._cloud = cloud
        self._lambda = cloud.client("lambda")
        self._records = cloud.records()
        self._journal = journal
        self._aliases = aliases
        self._watcher = watcher
        self._policy = policy
        self._metrics = cloud.metrics()
        self._callers = cloud.callers()
        self._lookout = cloud.lookout(watcher.log)
        self._carry_out: Mapping[str, Carry] = {
            "point canary": self._point_canary,
            "try": self._try,
            "compare": self._compare,
            "shift": self._shift,
            "start over": self._start_over,
            "hold": self._hold,
            "promote": self._promote,
            "end": self._end,
        }

    def carry_out(self, release: Release, rolled_back: str = ROLLED_BACK) -> Release:
        """Carry out what `next_step` returns until the release has ended, and return it.

        It has not ended if it was rolled back and an alias could not be restored.

        Args:
            release: as recorded, held by this releaser.
            rolled_back: state in which it ends if it is to be rolled back because of the releaser.

        Raises:
            record.TakenOver: another releaser has the release.
            botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: AWS refused a request or did not respond.
        """
        seen = Observed(since=self._cloud.clock())
        try:
            while release.running:
                release, seen, step = self._ask(release, seen)
                if step.action == "roll back":
                    state = rolled_back if step.by == "releaser" and release.doing == "roll back" else step.state
                    return self._roll_back(release, step, state)
                if step.changes:
                    release = self._journal.save(release, quiet=step.action == "compare", **step.changes)
                release, seen = self._carry_out[step.action](release, step, seen)
        except NotMoved as error:
            step = Step("roll back", str(error), "releaser", state=FAILED)
            return self._roll_back(self._journal.mine(), step, FAILED)
        return self._clear_up(release)

    def sweep(self) -> list[str]:
        """Complete what a release that has ended has left, unless one is running. Return notes of what was done or failed.

        The gateway serves what belongs to the versions in service, and what watched the release is removed.
        """
        back = "the gateway does not serve what belongs to these versions; run `crudctl release resume`"
        failed = "the alarms and metric filters of the release could not be removed, the next one will try again"
        return [*self._attempt(back, self._settle), *self._attempt(failed, self._remove)]

    def _settle(self) -> str:
        current = self._records.current()
        return settle(current, self._cloud.stage()) if current else ""

    def _remove(self) -> str:
        current = self._records.current()
        if not (current and current.running):
            self._lookout.remove()
        return ""

    @cached_property
    def _probe(self) -> Probe:
        return Probe(self._lambda, self._cloud.functions, self._cloud.round_trip())

    def _ask(self, release: Release, seen: Observed) -> tuple[Release, Observed, Step]:
        """Return the next step, and where it depends on what both versions serve, show and record that first.

        What was just compared belongs to what was looked at before it.
        """
        if release.doing not in WATCHED or seen.differences is not None:
            return release, seen, next_step(release, {}, seen, self._cloud.clock(), self._policy)
        positions = self._positions(release)
        seen = self._look(release, seen)
        step = next_step(release, positions, seen, self._cloud.clock(), self._policy)
        figures = self._figures(release, seen.periods)
        release = self._journal.save(release, quiet=True, figures=figures, odds=step.odds, looked=self._cloud.clock())
        self._watcher.show(release, _decision(step))
        return release, seen, step

    def _positions(self, release: Release) -> Places:
        """Return where `prod` is, read once more if it is elsewhere: a move may take a moment to be visible."""
        at = {PROD: self._aliases.positions(PROD)}
        if not elsewhere(release, at):
            return at
        self._journal.mine()
        self._cloud.sleep(self._cloud.interval)
        return {PROD: self._aliases.positions(PROD)}

    def _look(self, release: Release, seen: Observed) -> Observed:
        """Return what both versions have served, and make what watches the release if it is missing.

        Somebody may have removed it, who woke up late or did not know of the release.
        """
        if not self._lookout.complete(release):
            self._watch(release, release.stages[-1][0])
        observed = observe(self._metrics, release, self._callers.counted)
        return replace(observed, **_kept(seen), unprobed=self._unprobed(release))

    def _unprobed(self, release: Release) -> set[str]:
        changed = {name for name, version in release.new.items() if version != release.old.get(name)}
        return changed - self._probe.counts.keys()

    def _point_canary(self, release: Release, step: Step, seen: Observed) -> tuple[Release, Observed]:
        """Point `canary` at the new versions, once they are watched: a metric filter counts only lines that come after it."""
        assert step.share is not None
        self._watch(release, step.share)
        self._move(CANARY, step, lambda operation, at: at == Position(release.canary[operation]))
        return self._done(release, step), seen

    def _try(self, release: Release, _: Step, seen: Observed) -> tuple[Release, Observed]:
        """Make a first round trip through `canary`.

        A fault counts against the new versions only if round trips of the old ones succeed right after it: users who overload
        the service, or a table that fails, make both fail.
        """
        last = seen.trials
        if last.tried:
            release = self._journal.save(release, quiet=True)
            self._cloud.sleep(self._cloud.interval)  # an alias that was just moved may still choose the old version
        else:
            self._probe.clean()
            last = Trials(began=self._cloud.clock())
        result = self._probe.round_trip(CANARY, release.new)
        trials = replace(last, tried=last.tried + 1, fault=result.fault, wrong=result.wrong)
        if result.fault:
            control = self._control()
            trials = replace(trials, control=control, failed=last.failed + (not control))
        return release, replace(seen, trials=trials)

    def _control(self) -> str:
        """Make round trips through `prod`, which calls the old versions. Describe the first fault; empty if there is none."""
        results = (self._probe.round_trip(PROD) for _ in range(CONTROLS))
        return next((found for result in results if (found := result.fault or result.wrong)), "")

    def _compare(self, release: Release, _: Step, seen: Observed) -> tuple[Release, Observed]:
        """Send the contract's requests to both versions, as long as this releaser holds the release: it may take minutes."""
        new = self._cloud.contract()
        old = offered.unpack(deployments.contract_of(release.old, self._cloud.changes().last(), self._records.past()))
        script, intended = offered.asked(old, new)
        intended = replace(intended, settings=self._probe.settings(release.old, release.new))
        first = not release.stages  # what one version has made is as good for the other in a later step
        try:
            found = differences(self._held(release, script), script, release.old, release.new, intended, shared=first)
        finally:
            self._probe.clean()
        for line in found:  # the reason of a rollback names only the first ones
            self._watcher.log(f"answers differ: {line}")
        notes = [] if old or release.stages else [UNKNOWN]
        if release.accepted:
            notes += [f"accepted: {line}" for line in found]
        release = self._noted(release, [note for note in notes if note not in release.notes])
        return release, replace(seen, differences=tuple(found))

    def _noted(self, release: Release, notes: list[str]) -> Release:
        return self._journal.save(release, quiet=True, notes=[*release.notes, *notes]) if notes else release

    def _held(self, release: Release, script: Script) -> Caller:
        """Return what sends a request of a comparison, and writes the record now and then: nobody takes the releaser for dead.

        If another releaser has taken the release over, it sends only what deletes what was made, and raises record.TakenOver.
        """
        alone = threading.Lock()

        def answer(version: str, exchange: Exchange, resource: str) -> Mapping[str, Any]:
            with alone:
                if exchange is not script.purge and self._cloud.clock() - self._journal.saved >= self._cloud.interval:
                    self._journal.save(release, quiet=True)
            return self._probe.answer(version, exchange, resource)

        return answer

    def _shift(self, release: Release, step: Step, _: Observed) -> tuple[Release, Observed]:
        """Move `prod` to the weight of the step, and set the alarms' thresholds for it."""
        assert step.share is not None
        before = release.weights[release.step - 1] if release.step else step.share
        self._watch(
            release, before
        )  # if the releaser dies here, no threshold is higher than the present share calls for
        self._move(PROD, step, lambda operation, at: _is_a_step(release, operation, at))
        self._watch(release, step.share)
        return self._done(release, step), Observed(since=self._cloud.clock())

    def _start_over(self, release: Release, step: Step, seen: Observed) -> tuple[Release, Observed]:
        """Go back to the first step, and notify people, who were told of the promotion."""
        release, seen = self._shift(release, step, seen)
        return self._tell(release, WAITS, step.why), seen

    def _watch(self, release: Release, share: float) -> None:
        """Make what watches the release, or set it for a share of the traffic."""
        self._journal.mine()
        self._lookout.post(release, Traffic(self._metrics.a_minute(self._cloud.clock() - RECENT), share))

    def _hold(self, release: Release, step: Step, seen: Observed) -> tuple[Release, Observed]:
        """Make round trips if users send too few requests, and wait until the next look is due.

        People are notified once in each stage that goes on after its bake: too few requests, or a doubt.
        """
        if release.doing == "bake" and self._cloud.clock() - release.stages[-1][-1] >= release.bake * LATE:
            release = self._tell(release, WAITS, step.why)
        wrong = self._round_trips(release, seen)
        if not wrong:
            self._cloud.sleep(self._cloud.interval)
        return release, replace(seen, wrong=wrong)

    def _round_trips(self, release: Release, seen: Observed) -> str:
        """Make round trips if users send too few requests. Describe a wrong response of the new version; empty if none.

        They stop at the first fault that is not the old version's, and when the next look is due: the evidence is looked at
        even if a function hangs.
        """
        weight, _, moved = release.stages[-1]
        elapsed = min(self._cloud.clock() - moved, release.bake + self._cloud.clock() - seen.since)
        trips = guard.trips(
            {operation: count.succeeded for operation, count in seen.served.items()},
            self._probe.counts,
            weight,
            elapsed=elapsed,
            bake=release.bake,
            looks=(release.bake - elapsed) / self._cloud.interval,
            policy=self._policy,
        )
        deadline = self._cloud.clock() + self._cloud.interval
        for _ in range(trips):
            result = self._probe.round_trip(PROD)
            by_new = result.version == release.new.get(result.function)
            if result.wrong and by_new:
                return result.wrong
            by_old = bool(result.function) and not by_new
            if (result.fault and not by_old) or self._cloud.clock() > deadline:
                break
        return ""

    def _promote(self, release: Release, step: Step, _: Observed) -> tuple[Release, Observed]:
        """Send all traffic to the new versions. If a verdict did it, they are watched for one more bake."""
        for alias in (PROD, CANARY):
            self._move(alias, step, lambda operation, at: ours(release, operation, at))
        release = self._done(release, step)
        if release.running:  # otherwise _clear_up does
            release = self._tell(release, PROMOTED)
        return release, Observed(since=self._cloud.clock())

    def _end(self, release: Release, step: Step, seen: Observed) -> tuple[Release, Observed]:
        return self._done(release, step), seen

    def _done(self, release: Release, step: Step) -> Release:
        return self._journal.save(after(release, step, self._cloud.clock()))

    def _figures(self, release: Release, evidence: Evidence) -> dict[str, Any]:
        since = release.stages[-1][-1]
        milliseconds = {
            name: self._metrics.percentiles(versions, since)
            for name, versions in (("new", release.new), ("old", release.old))
        }
        figures: dict[str, Any] = {}
        for operation, periods in evidence.items():
            new, old = total(periods)
            figures[operation] = {
                name: {
                    "requests": count.requests,
                    "faults": count.faults,
                    "4xx": sum(count.refused.values()),
                    "slow": count.slow if count.ranges else None,
                    **milliseconds[name].get(operation, {}),
                }
                for name, count in (("new", new), ("old", old))
            }
        return figures

    def _clear_up(self, release: Release) -> Release:
        """Archive a release that has ended, remove what watched it, notify people and delete old versions.

        None of these can change how it ended; what fails is noted.
        """
        told = self._tell(release, release.outcome)
        noted = self._attempt("this release could not be archived, the next one will", self._records.archive, told)
        noted += self.sweep()
        if (
            release.weights and release.state == PROMOTED
        ):  # after a return to earlier versions, the next one may go elsewhere
            failed = "old versions could not be deleted, the next release will try again"
            noted += self._attempt(failed, self._prune)
        if noted or told != release:
            told = replace(told, notes=[*told.notes, *noted])
            self._attempt("the notes could not be recorded", self._note, told)
        return told

    def report_waiting(self, number: int, why: str) -> None:
        """Notify people that a release is under way without a releaser. If that fails, it is logged."""

        def tell() -> str:
            current = self._records.current()
            goes_on = current is not None and current.running and current.number == number
            return self._cloud.tell(replace(current, why=why), WAITS) if current and goes_on else ""

        for note in self._attempt("people were not notified", tell):
            self._watcher.log(f"release {number}: {note}")

    def _tell(self, release: Release, event: str, why: str = "") -> Release:
        """Notify people of an event, once in each stage. Return the release with a note if that failed, for the next write.

        Args:
            event: as `Cloud.tell` takes it.
            why: the reason, if the record does not have it.
        """
        told = f"{event} {len(release.stages)}"
        if told in release.told:
            return release
        shown = replace(release, why=why or release.why)
        noted = self._attempt("people were not notified", self._cloud.tell, shown, event)
        return replace(release, notes=[*release.notes, *noted], told=[*release.told, told])

    def _prune(self) -> str:
        deleted = versions.prune(self._lambda, self._cloud.functions, self._records.past())
        return f"deleted old versions: {', '.join(deleted)}" if deleted else ""

    def _note(self, release: Release) -> None:
        self._records.archive(release)
        with contextlib.suppress(TakenOver):  # the next release has begun
            self._records.save(release)

    def _attempt(self, failed: str, act: Callable[..., str | None], *arguments: Any) -> list[str]:
        """Call `act` and return the note that it returns, or one that it failed, if any."""
        try:
            note = act(*arguments)
        except Exception as error:  # noqa: BLE001 - a fault of crudctl too must not lose the result of the release
            note = f"{failed}: {describe(error)}"
            self._watcher.log(f"release: {note}")
        return [note] if note else []

    def _move(self, alias: str, step: Step, known: Known) -> None:
        self._aliases.move(alias, step.moves[alias], known, self._journal.mine)

    def _roll_back(self, release: Release, step: Step, state: str) -> Release:
        release = roll_back(
            release,
            self._records,
            self._aliases,
            why=step.why,
            by=step.by,
            state=state,
            clock=self._cloud.clock,
        )
        self._watcher.log(f"release {release.number}: {release.state}")
        if release.running:
            self.report_waiting(release.number, release.notes[-1])
            return release
        return self._clear_up(release)


def _kept(seen: Observed) -> dict[str, Any]:
    return {"wrong": seen.wrong, "trials": seen.trials, "since": seen.since}


def _decision(step: Step) -> Decision:
    """Return what a look has led to, as it is shown."""
    if step.action in ("hold", "roll back"):
        return Decision(step.action, step.why, step.odds)
    return Decision("roll back" if step.action == "start over" else "promote", step.why, step.odds)


def _is_a_step(release: Release, operation: str, at: Position) -> bool:
    """Whether `prod` may be there while traffic is being shifted: at the old version or a step; at the new if it starts over."""
    if release.restarts and at == Position(release.new[operation]):
        return True
    return at.version == release.old[operation] and at.other in ("", release.new[operation])
