"""Takes one release from its first step to its end, and goes on with one that somebody else left. Prints nothing.

What is about to be done is in the record before it is done, and doing it twice is doing it once; so whoever comes next can
read the record, look at the aliases and go on. So does the releaser itself where AWS refuses something or does not answer. Each
write to record or alias is told to `Watcher.tell`, after it.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import socket
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from itemsctl.release import alarms, plan, versions
from itemsctl.release.fleet import CANARY, PROD, Fleet, Known, NotMoved, Position, words
from itemsctl.release.metrics import HISTORY, Metrics
from itemsctl.release.plan import Decision, Policy
from itemsctl.release.probe import CALLS, Probe
from itemsctl.release.record import FAILED, PROMOTED, ROLLED_BACK, Records, Refused, Release, TakenOver
from itemsctl.release.rollback import take_back

BLIND = 300.0  # seconds for which a release stays as it is while AWS does not do what it is asked to
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


class Watcher(Protocol):
    """Who is shown what happens."""

    def tell(self, line: str) -> None:
        """Something was done."""

    def show(self, release: Release, decision: Decision) -> None:
        """The evidence was looked at."""


@dataclass(frozen=True)
class Cloud:
    """What a release works with.

    Attributes:
        functions: function name by operation.
        prefix: of all names of the environment, and the namespace of the functions' metrics.
        client: makes a boto3 client of an AWS service.
        period: seconds of the metrics' periods.
        interval: seconds between two looks.
        blind: seconds for which a release stays as it is while AWS refuses something or does not answer.
    """

    functions: Mapping[str, str]
    prefix: str
    client: Any
    period: int
    interval: float
    blind: float = BLIND

    def records(self) -> Records:
        """The table of releases."""
        return Records(self.client("dynamodb"), f"{self.prefix}-releases")

    def fleet(self, holder: str, watcher: Watcher) -> Fleet:
        """The aliases, as `holder` moves them."""
        return Fleet(self.client("lambda"), self.functions, holder, watcher.tell)


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
        self._metrics = Metrics(cloud.client("cloudwatch"), cloud.prefix, cloud.functions, cloud.period)
        self._holder = str(uuid.uuid4())
        self._fleet = cloud.fleet(self._holder, watcher)
        self._saved = time.time()

    def start(self, weights: list[float], bake: float, new: Mapping[str, str] | None = None) -> Release:
        """Releases the newest published versions, or those in `new`, and returns the release as it ended.

        Raises CannotRelease, record.Refused, Stranded.
        """
        last = self._records.current()
        if last and last.running:
            raise Refused(last)
        prod, canary = self._fleet.positions(PROD), self._fleet.positions(CANARY)
        split = [operation for operation in prod if prod[operation].other or canary[operation].other]
        if split:
            raise CannotRelease(f"Aliases of {', '.join(split)} already split their traffic.")
        newest = dict(new or versions.newest(self._lambda, self._cloud.functions))
        old = {operation: at.version for operation, at in prod.items()}
        if newest == old:
            raise CannotRelease("Alias prod is at the newest version of all functions.", "Deploy a change first.")
        release = Release(
            number=last.number + 1 if last else 1,
            old=old,
            new=newest,
            canary={operation: at.version for operation, at in canary.items()},
            weights=weights,
            bake=bake,
            **self._signature(),
            since=time.time(),
        )
        self._records.begin(release, last)
        self._watcher.tell(f"release {release.number}: begun")
        return self._go_on(release.number)

    def resume(self) -> Release:
        """Goes on with a release that another process left. Raises record.NothingUnderWay, Stranded."""
        release = self._records.take_over(**self._signature())
        self._watcher.tell(f"release {release.number}: taken over while it was at: {release.doing}")
        return self._go_on(release.number)

    def promote(self) -> Release:
        """Sends all traffic to the new versions now, without waiting for a verdict.

        Raises CannotRelease, record.NothingUnderWay, Stranded.
        """
        found = self._records.current()
        if found and found.running and found.doing == "roll back":  # asked before: who is refused changes nothing
            raise CannotRelease(f"Release {found.number} is being taken back.")
        release = self._records.take_over(**self._signature())
        if release.doing == "roll back":
            return self._go_on(release.number)
        why = release.why if release.doing == "promote" else "promoted by hand"
        self._save(release, doing="promote", why=why, by=release.who)
        return self._go_on(release.number)

    def roll_back(self, why: str = "rolled back by hand") -> Release:
        """Takes the release under way back now. Raises record.NothingUnderWay, record.TakenOver, Stranded."""
        release = self._records.take_over(**self._signature())
        self._save(release, doing="roll back", why=why, by=release.who)
        return self._go_on(release.number)

    def go_to(self, wanted: Mapping[str, str], why: str) -> Release:
        """With no release under way: moves `prod` and `canary` to earlier versions, of all functions or of none.

        Raises CannotRelease, record.Refused, Stranded.
        """
        last = self._records.current()
        if last and last.running:
            raise Refused(last)
        prod, canary = self._fleet.positions(PROD), self._fleet.positions(CANARY)
        if all(at == Position(wanted[operation]) for operation, at in prod.items()):
            raise CannotRelease("Alias prod is there already.")
        missing = versions.missing(self._lambda, self._cloud.functions, wanted)
        if missing:
            raise CannotRelease(f"Gone are {', '.join(missing)}.", "Deploy that state of the source again.")
        release = Release(
            number=last.number + 1 if last else 1,
            old={operation: at.version for operation, at in prod.items()},
            new=dict(wanted),
            canary={operation: at.version for operation, at in canary.items()},
            weights=[],
            bake=0,
            doing="promote",
            why=why,
            **self._signature(),
            since=time.time(),
        )
        release = replace(release, by=release.who)
        self._records.begin(release, last)
        self._watcher.tell(f"release {release.number}: begun")
        return self._go_on(release.number)

    def _signature(self) -> dict[str, Any]:
        host = socket.gethostname()
        who = f"{getpass.getuser()}@{host}"
        return {"holder": self._holder, "who": who, "host": host, "pid": os.getpid(), "seen": time.time()}

    def _go_on(self, number: int) -> Release:
        """Does what the record says is being done, and then the rest.

        What AWS refuses or does not answer is tried again; a release that gets nowhere for `blind` seconds is taken back.
        Raises Stranded when not even that is done.
        """
        given_up = ""
        while True:
            try:
                release = self._records.mine(self._holder)
                if given_up and release.running and release.doing != "roll back":
                    release = self._save(release, doing="roll back", why=given_up, by="releaser")
                return self._act(release)
            except TakenOver:
                return self._await_the_other(number)
            except (ClientError, BotoCoreError) as error:
                if given_up:
                    raise Stranded(number, words(error)) from error
                silence = time.time() - self._saved
                if silence > self._cloud.blind:
                    given_up = f"nothing could be done for {silence:.0f} s: {words(error)}"
                else:
                    self._watcher.tell(f"nothing moves, and it is tried again: {words(error)}")
                    time.sleep(self._cloud.interval)

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
            return self._take_back(self._records.mine(self._holder), str(error), "releaser", FAILED)

    def _canary(self, release: Release) -> Release:
        if release.doing == "canary":
            wanted = {operation: Position(version) for operation, version in release.new.items()}
            self._move(CANARY, wanted, lambda operation, at: at == Position(release.canary[operation]))
            release = self._save(release, doing="probe")
        if release.doing == "probe":
            fault = self._first_round_trip(release)
            if fault:
                return self._take_back(release, f"no user saw it: {fault}", "round trip")
            release = self._shift_to(release, 0)
        while True:
            if release.doing == "shift":
                release = self._shift(release)
            release, decision = self._bake(release)
            if decision.action == "roll back":
                return self._take_back(release, decision.reason, "verdict")
            if release.step + 1 >= len(release.weights):
                return self._finish(self._save(release, doing="promote", why=decision.reason, by="verdict"))
            release = self._shift_to(release, release.step + 1)

    def _shift_to(self, release: Release, step: int) -> Release:
        stage = [release.weights[step], time.time()]  # and, when the aliases have moved, the time of that
        limits = release.limits or self._metrics.limits(release.old, time.time() - HISTORY)
        return self._save(release, doing="shift", step=step, stages=[*release.stages, stage], limits=limits)

    def _shift(self, release: Release) -> Release:
        weight = release.weights[release.step]
        a_minute = self._metrics.a_minute(time.time() - 600)
        changed = {name: self._cloud.functions[name] for name in release.new if release.new[name] != release.old[name]}
        before = release.weights[release.step - 1] if release.step else weight
        watch = partial(alarms.watch, self._cloud.client("cloudwatch"), changed, release.new, a_minute)
        watch(before)  # who dies here leaves no alarm that waits for more faults than this share has
        wanted = {name: _split(release, name, weight) for name in release.new}
        self._move(PROD, wanted, lambda operation, at: _is_a_step(release, operation, at))
        watch(weight)
        *earlier, stage = release.stages
        return self._save(release, doing="bake", stages=[*earlier, [*stage[:2], time.time()]])

    def _bake(self, release: Release) -> tuple[Release, Decision]:
        """Looks until there is a verdict on the present step."""
        probe, begun = Probe(self._lambda, self._cloud.functions), time.time()
        moved = release.stages[-1][-1]
        while True:
            self._guard_positions(release)
            evidence, served = self._metrics.evidence(release.old, release.new, release.stages, release.limits)
            # A releaser that comes late to a step has a bake of patience all the same.
            elapsed = min(time.time() - moved, release.bake + time.time() - begun)
            decide = partial(plan.decide, evidence, served, elapsed, release.bake, policy=self._policy)
            decision = decide()
            if len(release.limits) < len(release.new):
                found = self._metrics.limits(release.old, release.stages[0][1])
                release = replace(release, limits={**found, **release.limits})
            release = self._save(release, quiet=True, figures=self._figures(release, evidence), odds=decision.odds)
            self._watcher.show(release, decision)
            if decision.action == "hold":
                wrong = self._round_trips(probe, release, served, elapsed)
                decision = decide(wrong=wrong) if wrong else decision
            if decision.action != "hold":
                return release, decision
            time.sleep(self._cloud.interval)

    def _round_trips(self, probe: Probe, release: Release, served: Mapping[str, int], elapsed: float) -> str:
        """Round trips where users call too little; what the new version answered wrongly, else nothing.

        They end at the first fault, and when it is time to look again: whatever hangs, the evidence is looked at.
        """
        trips = plan.trips(
            served,
            CALLS,
            release.weights[release.step],
            elapsed=elapsed,
            bake=release.bake,
            looks=(release.bake - elapsed) / self._cloud.interval,
            policy=self._policy,
        )
        deadline = time.monotonic() + self._cloud.interval
        for _ in range(trips):
            found = probe.round_trip(PROD)
            if found.wrong and found.version == release.new[found.function]:
                return found.wrong
            if found.fault or time.monotonic() > deadline:
                break
        return ""

    def _guard_positions(self, release: Release) -> None:
        if not self._moved_by_another(release):
            return
        self._records.mine(self._holder)
        time.sleep(self._cloud.interval)  # what was just moved may be read as it was before
        found = self._moved_by_another(release)
        if found:
            raise NotMoved(f"{found}: somebody else moved it")

    def _moved_by_another(self, release: Release) -> str:
        """An alias that is not where this step has put it, in words; empty when all are."""
        weight = release.weights[release.step]
        for operation, at in self._fleet.positions(PROD).items():
            if at != _split(release, operation, weight):
                return f"alias {PROD} of {operation} is at {at}"
        return ""

    def _first_round_trip(self, release: Release) -> str:
        """What is wrong with the version that `canary` calls; empty when nothing is."""
        probe = Probe(self._lambda, self._cloud.functions)
        probe.clean()
        fault = ""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(self._cloud.interval)  # an alias that was just moved may still choose the old version
            found = probe.round_trip(CANARY, release.new)
            if found.wrong or not found.fault:
                return found.wrong
            fault = found.fault
        return fault

    def _finish(self, release: Release) -> Release:
        """All traffic to the new versions, and the end."""
        wanted = {operation: Position(version) for operation, version in release.new.items()}
        for alias in (PROD, CANARY):
            self._move(alias, wanted, lambda operation, at: _is_ours(release, operation, at))
        return self._clear_up(self._save(release, state=PROMOTED, ended=time.time()))

    def _clear_up(self, release: Release) -> Release:
        """What is left to do for a release that has ended; without it nothing is wrong."""
        self._records.archive(release)
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
        self._fleet.move(alias, wanted, known, self._fence)

    def _take_back(self, release: Release, why: str, by: str, state: str = ROLLED_BACK) -> Release:
        release = take_back(release, self._records, self._fleet, why=why, by=by, state=state)
        self._watcher.tell(f"release {release.number}: {release.state}")
        return release

    def _fence(self) -> None:
        self._records.mine(self._holder)

    def _await_the_other(self, number: int, patience: float = 60.0) -> Release:
        """A release as whoever took it over ended it, or as it is after `patience` seconds."""
        deadline = time.monotonic() + patience
        while True:
            found = self._records.current()
            assert found is not None
            if found.number != number:
                return next(release for release in self._records.past() if release.number == number)
            if not found.running or time.monotonic() > deadline:
                return found
            time.sleep(min(1.0, self._cloud.interval))

    def _save(self, release: Release, *, quiet: bool = False, **changes: Any) -> Release:
        release = replace(release, seen=time.time(), **changes)
        self._records.save(release)
        self._saved = release.seen
        if not quiet:
            self._watcher.tell(f"release {release.number}: {release.doing if release.running else release.state}")
        return release

    def _figures(self, release: Release, evidence: plan.Evidence) -> dict[str, Any]:
        since = release.stages[-1][-1]
        milliseconds = {
            name: self._metrics.percentiles(versions_, since)
            for name, versions_ in (("new", release.new), ("old", release.old))
        }
        figures: dict[str, Any] = {}
        for operation, periods in evidence.items():
            new, old = plan.total(periods)
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


def _split(release: Release, operation: str, weight: float) -> Position:
    """Where `prod` is during a step. A function that did not change has nothing to split."""
    old, new = release.old[operation], release.new[operation]
    return Position(old) if old == new else Position(old, new, weight)


def _is_a_step(release: Release, operation: str, at: Position) -> bool:
    """Whether `prod` may be there while traffic is being shifted: at the old version alone or at any step."""
    return at.version == release.old[operation] and at.other in ("", release.new[operation])


def _is_ours(release: Release, operation: str, at: Position) -> bool:
    known = {release.old[operation], release.new[operation], release.canary[operation]}
    return at.version in known and at.other in known | {""}
