"""Takes one release from its first step to its end, and goes on with one that somebody else left. Prints nothing.

What is about to be done is in the record before it is done, and doing it twice is doing it once; so whoever comes next can
read the record, look at the aliases and go on. So does the releaser itself where AWS refuses something or does not answer. Each
write to record or alias is told to `Watcher.tell`, after it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from crudctl.release import canary_alarms, versions
from crudctl.release.aliases import CANARY, PROD, Aliases, Known, NotMoved, Position, words
from crudctl.release.bake import Bake
from crudctl.release.cloud import Cloud
from crudctl.release.guard import Policy
from crudctl.release.journal import Journal, Watcher
from crudctl.release.metrics import HISTORY, Metrics
from crudctl.release.probe import Probe
from crudctl.release.record import FAILED, PROMOTED, ROLLED_BACK, Refused, Release, TakenOver
from crudctl.release.rollback import ours, take_back

Places = Mapping[str, Position]  # where an alias is, by operation
TRIES = 3  # of the first round trip: a stray fault is no reason to give a version up


class CannotRelease(Exception):
    """Nothing was begun; the message says why, and `hint` what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Stranded(Exception):
    """Release `number` could neither go on nor be taken back, and is left as it is; the message says why."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


class Releaser:
    """One process that works on releases.

    Args:
        cloud: what it works with.
        watcher: who is shown what happens.
        policy: when a version is good or bad.
    """

    def __init__(self, cloud: Cloud, watcher: Watcher, policy: Policy | None = None) -> None:
        self._cloud = cloud
        self._watcher = watcher
        self._policy = policy or Policy()
        self._lambda = cloud.client("lambda")
        self._records = cloud.records()
        self._clock, self._sleep = cloud.clock, cloud.sleep
        self._journal = Journal(self._records, watcher, cloud.clock, cloud.sleep)
        self._metrics = Metrics(
            cloud.client("cloudwatch"),
            cloud.prefix,
            cloud.functions,
            cloud.period,
            delay=cloud.delay,
            clock=cloud.clock,
        )
        self._aliases = Aliases(self._lambda, cloud.functions, self._journal.holder, watcher.tell, cloud.sleep)

    def start(self, weights: list[float], bake: float, new: Mapping[str, str] | None = None) -> Release:
        """Releases the newest published versions, or those in `new`, and returns the release as it ended.

        Raises CannotRelease, record.Refused, Stranded.
        """
        last, prod, canary = self._before()
        split = [operation for operation in prod if prod[operation].other or canary[operation].other]
        if split:
            raise CannotRelease(f"Aliases of {', '.join(split)} already split their traffic.")
        newest = dict(new or versions.newest(self._lambda, self._cloud.functions))
        old = {operation: at.version for operation, at in prod.items()}
        if newest == old:
            raise CannotRelease(
                "Alias prod is at the newest version of all functions.",
                "Publish a change first: `crudctl up --hold` on this machine, `crudctl deploy` on AWS.",
            )
        return self._begin(last, prod, canary, new=newest, weights=weights, bake=bake)

    def resume(self) -> Release:
        """Goes on with a release that another process left. Raises record.NothingUnderWay, Stranded."""
        release = self._journal.take_over()
        self._watcher.tell(f"release {release.number}: taken over while it was at: {release.doing}")
        return self._go_on(release.number)

    def promote(self) -> Release:
        """Sends all traffic to the new versions now, without waiting for a verdict.

        Raises CannotRelease, record.NothingUnderWay, Stranded.
        """
        found = self._records.current()
        if found and found.running and found.doing == "roll back":  # asked before: who is refused changes nothing
            raise CannotRelease(f"Release {found.number} is being taken back.")
        release = self._journal.take_over()
        if release.doing == "roll back":
            return self._go_on(release.number)
        why = release.why if release.doing == "promote" else "promoted by hand"
        self._journal.save(release, doing="promote", why=why, by=release.who)
        return self._go_on(release.number)

    def roll_back(self, why: str = "rolled back by hand") -> Release:
        """Takes the release under way back now. Raises record.NothingUnderWay, record.TakenOver, Stranded."""
        release = self._journal.take_over()
        self._journal.save(release, doing="roll back", why=why, by=release.who)
        return self._go_on(release.number)

    def go_to(self, wanted: Mapping[str, str], why: str) -> Release:
        """With no release under way: moves `prod` and `canary` to earlier versions, of all functions or of none.

        Raises CannotRelease, record.Refused, Stranded.
        """
        last, prod, canary = self._before()
        if all(at == Position(wanted[operation]) for operation, at in prod.items()):
            raise CannotRelease("Alias prod is there already.")
        missing = versions.missing(self._lambda, self._cloud.functions, wanted)
        if missing:
            raise CannotRelease(f"Gone are {', '.join(missing)}.", "Deploy that state of the source again.")
        by = self._journal.signature()["who"]
        return self._begin(last, prod, canary, new=dict(wanted), weights=[], bake=0, doing="promote", why=why, by=by)

    def _before(self) -> tuple[Release | None, Places, Places]:
        """The last release, and where `prod` and `canary` are. Raises record.Refused when it is still under way."""
        last = self._records.current()
        if last and last.running:
            raise Refused(last)
        return last, self._aliases.positions(PROD), self._aliases.positions(CANARY)

    def _begin(self, last: Release | None, prod: Places, canary: Places, **changes: Any) -> Release:
        signature = self._journal.signature()
        release = Release(
            number=last.number + 1 if last else 1,
            old={operation: at.version for operation, at in prod.items()},
            canary={operation: at.version for operation, at in canary.items()},
            **signature,
            begun_by=signature["who"],
            since=self._clock(),
            **changes,
        )
        self._journal.begin(release, last)
        return self._go_on(release.number)

    def _go_on(self, number: int) -> Release:
        """Does what the record says is being done, and then the rest.

        What AWS refuses or does not answer is tried again; a release that gets nowhere for `blind` seconds is taken back.
        Raises Stranded when not even that is done.
        """
        given_up = ""
        while True:
            try:
                release = self._journal.mine()
                if given_up and release.running and release.doing != "roll back":
                    release = self._journal.save(release, doing="roll back", why=given_up, by="releaser")
                return self._act(release)
            except TakenOver as error:
                self._watcher.tell(f"release {number}: {error}; waiting for how it ends")
                return self._journal.of_another(number, min(1.0, self._cloud.interval))
            except (ClientError, BotoCoreError) as error:
                if given_up:
                    raise Stranded(number, words(error)) from error
                silence = self._clock() - self._journal.saved
                if silence > self._cloud.blind:
                    given_up = f"nothing could be done for {silence:.0f} s: {words(error)}"
                else:
                    self._watcher.tell(f"nothing moves, and it is tried again: {words(error)}")
                    self._sleep(self._cloud.interval)

    def _act(self, release: Release) -> Release:
        try:
            if not release.running:
                return self._clear_up(release)
            if release.doing == "roll back":
                return self._take_back(release, release.why, release.by)
            if release.doing == "promote":
                return self._finish(release)
            return self._canary(release)
        except NotMoved as error:
            return self._take_back(self._journal.mine(), str(error), "releaser", FAILED)

    def _canary(self, release: Release) -> Release:
        if release.doing == "canary":
            wanted = {operation: Position(version) for operation, version in release.new.items()}
            self._move(CANARY, wanted, lambda operation, at: at == Position(release.canary[operation]))
            release = self._journal.save(release, doing="probe")
        probe = Probe(self._lambda, self._cloud.functions)
        if release.doing == "probe":
            fault = self._first_round_trip(probe, release.new)
            if fault:
                return self._take_back(release, f"no user saw it: {fault}", "round trip")
            release = self._shift_to(release, 0)
        bake = Bake(
            probe,
            self._aliases,
            self._metrics,
            self._journal,
            self._watcher,
            self._policy,
            self._cloud.interval,
            self._clock,
            self._sleep,
        )
        while True:
            weight = release.weights[release.step]
            wanted = {operation: _split(release, operation, weight) for operation in release.new}
            if release.doing == "shift":
                release = self._shift(release, wanted)
            release, decision = bake.verdict(release, wanted)
            if decision.action == "roll back":
                return self._take_back(release, decision.reason, "verdict")
            if release.step + 1 >= len(release.weights):
                return self._finish(self._journal.save(release, doing="promote", why=decision.reason, by="verdict"))
            release = self._shift_to(release, release.step + 1)

    def _first_round_trip(self, probe: Probe, new: Mapping[str, str]) -> str:
        """What is wrong with the version that `canary` calls; empty when nothing is."""
        probe.clean()
        fault = ""
        for attempt in range(TRIES):
            if attempt:
                self._sleep(self._cloud.interval)  # an alias that was just moved may still choose the old version
            found = probe.round_trip(CANARY, new)
            if not found.fault and not found.wrong and fault:
                period = self._cloud.period
                self._sleep(
                    period - self._clock() % period
                )  # what it met is not compared: no coin chose the new version
            if found.wrong or not found.fault:
                return found.wrong
            fault = found.fault
        return fault

    def _shift_to(self, release: Release, step: int) -> Release:
        stage = [release.weights[step], self._clock()]  # and, when the aliases have moved, the time of that
        limits = release.limits or self._metrics.limits(release.old, self._clock() - HISTORY)
        return self._journal.save(release, doing="shift", step=step, stages=[*release.stages, stage], limits=limits)

    def _shift(self, release: Release, wanted: Places) -> Release:
        weight = release.weights[release.step]
        a_minute = self._metrics.a_minute(self._clock() - 600)
        changed = {name: self._cloud.functions[name] for name in release.new if release.new[name] != release.old[name]}
        before = release.weights[release.step - 1] if release.step else weight
        watch = partial(canary_alarms.watch, self._cloud.client("cloudwatch"), changed, release.new, a_minute)
        watch(before)  # who dies here leaves no alarm that waits for more faults than this share has
        self._move(PROD, wanted, lambda operation, at: _is_a_step(release, operation, at))
        watch(weight)
        *earlier, stage = release.stages
        return self._journal.save(release, doing="bake", stages=[*earlier, [*stage[:2], self._clock()]])

    def _finish(self, release: Release) -> Release:
        """All traffic to the new versions, and the end."""
        wanted = {operation: Position(version) for operation, version in release.new.items()}
        for alias in (PROD, CANARY):
            self._move(alias, wanted, lambda operation, at: ours(release, operation, at))
        return self._clear_up(self._journal.save(release, state=PROMOTED, ended=self._clock()))

    def _clear_up(self, release: Release) -> Release:
        """What is left to do for a release that has ended; without it nothing is wrong."""
        self._records.archive(release)
        if not release.weights:  # who goes back may want to go elsewhere next
            return release
        try:
            gone = versions.prune(self._lambda, self._cloud.functions, [*self._records.past(), release])
            note = f"deleted old versions: {', '.join(gone)}" if gone else ""
        except (ClientError, BotoCoreError) as error:
            note = f"old versions were not deleted, the next release tries again: {words(error)}"
        if note:
            release = replace(release, notes=[*release.notes, note])
            self._records.archive(release)
            with contextlib.suppress(TakenOver):  # the next release has begun
                self._records.save(release)
        return release

    def _move(self, alias: str, wanted: Mapping[str, Position], known: Known) -> None:
        self._aliases.move(alias, wanted, known, self._journal.mine)

    def _take_back(self, release: Release, why: str, by: str, state: str = ROLLED_BACK) -> Release:
        release = take_back(release, self._records, self._aliases, why=why, by=by, state=state, clock=self._clock)
        self._watcher.tell(f"release {release.number}: {release.state}")
        return release


def _split(release: Release, operation: str, weight: float) -> Position:
    """Where `prod` is during a step. A function that did not change has nothing to split."""
    old, new = release.old[operation], release.new[operation]
    return Position(old) if old == new else Position(old, new, weight)


def _is_a_step(release: Release, operation: str, at: Position) -> bool:
    """Whether `prod` may be there while traffic is being shifted: at the old version alone or at any step."""
    return at.version == release.old[operation] and at.other in ("", release.new[operation])
