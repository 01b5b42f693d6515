"""What a release does next: carries out the step that its record names, and the steps after it.

    canary -> probe -> shift -> bake -> shift -> bake -> ... -> promote -> ended
    from any of them: roll back -> ended

The next step is in the record before anything is done, and doing a step twice is doing it once. So whoever comes after a
releaser that died can read the record, look at the aliases and continue. Prints nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property, partial

from crudctl.build import exchanges
from crudctl.release import offered, versions
from crudctl.release.aliases import ALIASES, CANARY, PROD, Aliases, Known, NotMoved, Position
from crudctl.release.bake import Bake
from crudctl.release.canary_alarms import Traffic
from crudctl.release.cloud import Cloud
from crudctl.release.differential import SHOWN, differences
from crudctl.release.faults import describe
from crudctl.release.guard import Policy
from crudctl.release.journal import Journal, Watcher
from crudctl.release.metrics import Metrics
from crudctl.release.probe import Probe
from crudctl.release.record import FAILED, PROMOTED, ROLLED_BACK, Release, TakenOver
from crudctl.release.rollback import ours, roll_back

TRIES = 3  # first round trips that fail: one stray fault is not a reason to roll a version back
RECENT = 600  # seconds from which the requests a minute are averaged, for the alarms' thresholds
CONTROLS = 3  # round trips of the old version after each of them, all of which have to succeed


class NextStep:
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
        self._metrics = Metrics(
            cloud.client("cloudwatch"),
            cloud.prefix,
            cloud.functions,
            cloud.period,
            delay=cloud.delay,
            clock=cloud.clock,
        )
        self._lookout = cloud.lookout(watcher.log)
        self._bake = partial(
            Bake,
            aliases=aliases,
            metrics=self._metrics,
            journal=journal,
            watcher=watcher,
            keep=self._keep_watch,
            policy=policy,
            interval=cloud.interval,
            clock=cloud.clock,
            sleep=cloud.sleep,
        )
        self._steps = {
            "canary": self._point_canary,
            "probe": self._try_out,
            "shift": self._shift,
            "bake": self._wait_for_verdict,
            "promote": self._promote,
        }

    def carry_out(self, release: Release, rolled_back: str = ROLLED_BACK) -> Release:
        """Carry out the step that `release.doing` names and those after it, and return the release as it ended.

        It has not ended if it was rolled back and an alias could not be restored.

        Args:
            release: as recorded, held by this releaser.
            rolled_back: state in which it ends if it is to be rolled back.

        Raises:
            record.TakenOver: another releaser has the release.
            botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: AWS refused a request or did not respond.
        """
        try:
            while release.running and release.doing != "roll back":
                release = self._steps[release.doing](release)
        except NotMoved as error:
            return self._roll_back(replace(self._journal.mine(), why=str(error), by="releaser"), FAILED)
        if not release.running:
            return self._clear_up(release)
        return self._roll_back(release, rolled_back if release.by == "releaser" else ROLLED_BACK)

    def sweep(self) -> list[str]:
        """Remove what a release that has ended left to watch it, unless one is running. Return a note if that failed."""
        failed = "the alarms and metric filters of the release could not be removed, the next one will try again"
        return self._attempt(failed, self._remove)

    def _remove(self) -> str:
        current = self._records.current()
        if not (current and current.running):
            self._lookout.remove()
        return ""

    @cached_property
    def _probe(self) -> Probe:
        return Probe(self._lambda, self._cloud.functions, self._cloud.round_trip())

    def _point_canary(self, release: Release) -> Release:
        """Point `canary` at the new versions, once they are watched: a metric filter counts only lines that come after it."""
        self._watch(release, release.weights[0])
        wanted = {operation: Position(version) for operation, version in release.new.items()}
        self._move(CANARY, wanted, lambda operation, at: at == Position(release.canary[operation]))
        return self._journal.save(release, doing="probe")

    def _try_out(self, release: Release) -> Release:
        """Make the first round trip through `canary`, which no user calls.

        A fault counts against the new versions only if round trips of the old ones succeed right after it: users who overload
        the service, or a table that fails, make both fail. Then it is tried again until the patience of one step is over.
        """
        self._probe.clean()
        began, failed, tried = self._cloud.clock(), 0, 0
        while True:
            result = self._probe.round_trip(CANARY, release.new)
            if result.wrong:
                return self._reject(release, result.wrong)
            if not result.fault:
                if release.compared and (why := self._answers_differ(release)):
                    return self._reject(release, why, "comparison")
                return self._shift_to(self._counted_from(release, stray=tried > 0), 0)
            tried += 1
            control = self._control()
            failed += not control
            if failed >= TRIES:
                return self._reject(release, result.fault)
            if tried >= TRIES and self._cloud.clock() - began >= release.bake * self._policy.patience:
                return self._reject(release, f"{result.fault}; the old version fails too: {control}")
            release = self._journal.save(release, quiet=True)
            self._cloud.sleep(self._cloud.interval)  # an alias that was just moved may still choose the old version

    def _answers_differ(self, release: Release) -> str:
        """Send the contract's requests to both versions. Describe where the answers differ; empty if they do not."""
        new = self._cloud.contract()
        old = offered.unpack(offered.of_versions(self._records.past(), release.old))
        script, intended = exchanges.script(old or new), offered.intended(old, new)
        found = differences(self._probe.answer, script, release.old, release.new, intended)
        self._probe.clean()
        named = "; ".join(found[:SHOWN])
        more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        return f"the new version answers otherwise: {named}{more}" if found else ""

    def _control(self) -> str:
        """Make round trips through `prod`, which calls the old versions. Describe the first fault; empty if there is none."""
        results = (self._probe.round_trip(PROD) for _ in range(CONTROLS))
        return next((found for result in results if (found := result.fault or result.wrong)), "")

    @staticmethod
    def _reject(release: Release, why: str, by: str = "round trip") -> Release:
        return _to_roll_back(release, f"rejected before any user traffic: {why}", by)

    def _counted_from(self, release: Release, *, stray: bool) -> Release:
        """Return the release with the time from which on its requests are compared.

        The new versions may have had requests within the present period that no weight of this release drew: a round trip that
        failed (`stray`), or those of an earlier release. Then it is the next period. Alarms that still count such requests call
        the function `rollback`, which looks at the same evidence.
        """
        now, period = self._cloud.clock(), self._cloud.period
        begun = now // period * period
        served = stray or release.counted_from >= begun
        return replace(release, counted_from=begun + period if served else begun)

    def _shift_to(self, release: Release, step: int) -> Release:
        """Record that the traffic is to be shifted to the weight of a step."""
        stage = [release.weights[step], self._cloud.clock()]  # _shift adds when the aliases have moved
        return self._journal.save(release, doing="shift", step=step, stages=[*release.stages, stage])

    def _shift(self, release: Release) -> Release:
        """Move `prod` to the weight of the step, and set the alarms' thresholds for it."""
        weight = release.weights[release.step]
        before = release.weights[release.step - 1] if release.step else weight
        self._watch(
            release, before
        )  # if the releaser dies here, no threshold is higher than the present share calls for
        self._move(PROD, _split(release), lambda operation, at: _is_a_step(release, operation, at))
        self._watch(release, weight)
        *earlier, stage = release.stages
        return self._journal.save(release, doing="bake", stages=[*earlier, [*stage[:2], self._cloud.clock()]])

    def _watch(self, release: Release, weight: float) -> None:
        """Make what watches the release, or set it for a share of the traffic."""
        self._journal.mine()
        self._lookout.post(release, Traffic(self._metrics.a_minute(self._cloud.clock() - RECENT), weight))

    def _keep_watch(self, release: Release) -> None:
        """Make what is missing: somebody may have removed it, who woke up late or did not know of the release."""
        if not self._lookout.complete(release):
            self._watch(release, release.weights[release.step])

    def _wait_for_verdict(self, release: Release) -> Release:
        """Watch both versions until there is a verdict, and record what follows from it."""
        release, decision = self._bake(probe=self._probe).verdict(release, _split(release))
        if decision.action == "roll back":
            return _to_roll_back(release, decision.reason, "verdict")
        if release.compared and (why := self._answers_differ(release)):
            return _to_roll_back(release, why, "comparison")
        if release.step + 1 >= len(release.weights):
            return self._journal.save(release, doing="promote", why=decision.reason, by="verdict")
        return self._shift_to(release, release.step + 1)

    def _promote(self, release: Release) -> Release:
        """Send all traffic to the new versions, and end the release."""
        wanted = {operation: Position(version) for operation, version in release.new.items()}
        for alias in ALIASES:
            self._move(alias, wanted, lambda operation, at: ours(release, operation, at))
        return self._journal.save(release, state=PROMOTED, ended=self._cloud.clock())

    def _clear_up(self, release: Release) -> Release:
        """Archive a release that has ended, remove what watched it and delete old versions.

        None of these can change how it ended; what fails is noted.
        """
        noted = self._attempt("this release could not be archived, the next one will", self._records.archive, release)
        noted += self.sweep()
        if (
            release.weights and release.state == PROMOTED
        ):  # after a return to earlier versions, the next one may go elsewhere
            failed = "old versions could not be deleted, the next release will try again"
            noted += self._attempt(failed, self._prune)
        if noted:
            release = replace(release, notes=[*release.notes, *noted])
            self._attempt("the notes could not be recorded", self._note, release)
        return release

    def _prune(self) -> str:
        deleted = versions.prune(self._lambda, self._cloud.functions, self._records.past())
        return f"deleted old versions: {', '.join(deleted)}" if deleted else ""

    def _note(self, release: Release) -> None:
        self._records.archive(release)
        with contextlib.suppress(TakenOver):  # the next release has begun
            self._records.save(release)

    def _attempt(self, failed: str, act: Callable[..., str | None], *arguments: Release) -> list[str]:
        """Call `act` and return the note that it returns, or one that it failed, if any."""
        try:
            note = act(*arguments)
        except Exception as error:  # noqa: BLE001 - a fault of crudctl too must not lose the result of the release
            note = f"{failed}: {describe(error)}"
            self._watcher.log(f"release: {note}")
        return [note] if note else []

    def _move(self, alias: str, wanted: Mapping[str, Position], known: Known) -> None:
        self._aliases.move(alias, wanted, known, self._journal.mine)

    def _roll_back(self, release: Release, state: str = ROLLED_BACK) -> Release:
        release = roll_back(
            release,
            self._records,
            self._aliases,
            why=release.why,
            by=release.by,
            state=state,
            clock=self._cloud.clock,
        )
        self._watcher.log(f"release {release.number}: {release.state}")
        return release if release.running else self._clear_up(release)


def _to_roll_back(release: Release, why: str, by: str) -> Release:
    """Return a release that is to be rolled back; rollback.roll_back records it."""
    return replace(release, doing="roll back", why=why, by=by)


def _split(release: Release) -> dict[str, Position]:
    """Return the positions of `prod` during a step. A function that did not change has nothing to split."""
    weight = release.weights[release.step]
    return {
        operation: Position(old) if old == new else Position(old, new, weight)
        for operation, old, new in ((name, release.old[name], new) for name, new in release.new.items())
    }


def _is_a_step(release: Release, operation: str, at: Position) -> bool:
    """Whether `prod` may be there while traffic is being shifted: at the old version alone or at any step."""
    return at.version == release.old[operation] and at.other in ("", release.new[operation])
