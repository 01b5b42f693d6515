"""Takes one release from its first step to its end, and goes on with one that somebody else left. Prints nothing.

What is about to be done is in the record before it is done, and doing it twice is doing it once; so whoever comes next can
read the record, look at the aliases and go on. Each write to record or alias is told to `Watcher.tell`, after it.
"""

from __future__ import annotations

import getpass
import os
import socket
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from itemsctl.release import alarms, plan, versions
from itemsctl.release.fleet import CANARY, PROD, Fleet, NotMoved, Position
from itemsctl.release.metrics import HISTORY, Metrics
from itemsctl.release.plan import Decision, Policy
from itemsctl.release.probe import CALLS, Probe
from itemsctl.release.record import FAILED, PROMOTED, Records, Refused, Release, TakenOver
from itemsctl.release.rollback import take_back

TRIES = 3  # of the first round trip: a stray fault is no reason to give a version up


class CannotRelease(Exception):
    """Nothing was begun; the message says why, and `hint` what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


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
    """

    functions: Mapping[str, str]
    prefix: str
    client: Any
    period: int
    interval: float

    def records(self) -> Records:
        """The table of releases."""
        return Records(self.client("dynamodb"), f"{self.prefix}-releases")

    def fleet(self, watcher: Watcher) -> Fleet:
        """The aliases."""
        return Fleet(self.client("lambda"), self.functions, watcher.tell)


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
        self._fleet = cloud.fleet(watcher)
        self._metrics = Metrics(cloud.client("cloudwatch"), cloud.prefix, cloud.functions, cloud.period)
        self._holder = str(uuid.uuid4())

    def start(self, weights: list[float], bake: float, new: Mapping[str, str] | None = None) -> Release:
        """Releases the newest published versions, or those in `new`, and returns the release as it ended.

        Raises CannotRelease, record.Refused.
        """
        last = self._records.current()
        if last and last.running:
            raise Refused(last)
        prod, canary = self._fleet.positions(PROD), self._fleet.positions(CANARY)
        split = [operation for operation in prod if prod[operation].other or canary[operation].other]
        if split:
            raise CannotRelease(
                f"Aliases of {', '.join(split)} already split their traffic.", "See `itemsctl release status`."
            )
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
        self._records.begin(release)
        self._watcher.tell(f"release {release.number}: begun")
        return self._go_on(release)

    def resume(self) -> Release:
        """Goes on with a release that another process left. Raises record.NothingUnderWay."""
        release = self._records.take_over(**self._signature())
        self._watcher.tell(f"release {release.number}: taken over while it was at: {release.doing}")
        return self._go_on(release)

    def promote(self) -> Release:
        """Sends all traffic to the new versions now, without waiting for a verdict.

        Raises CannotRelease, record.NothingUnderWay.
        """
        release = self._records.take_over(**self._signature())
        if release.doing == "roll back":
            raise CannotRelease(f"Release {release.number} is being taken back.", "Finish that: release resume.")
        why = release.why if release.doing == "promote" else "promoted by hand"
        return self._go_on(self._save(release, doing="promote", why=why, by=release.who))

    def roll_back(self, why: str = "rolled back by hand") -> Release:
        """Takes the release under way back now. Raises record.NothingUnderWay, record.TakenOver."""
        release = self._records.take_over(**self._signature())
        return self._take_back(release, why, release.who)

    def go_to(self, wanted: Mapping[str, str], why: str) -> Release:
        """With no release under way: moves `prod` and `canary` to earlier versions, of all functions or of none.

        Raises CannotRelease, record.Refused.
        """
        prod, canary = self._fleet.positions(PROD), self._fleet.positions(CANARY)
        if all(at == Position(wanted[operation]) for operation, at in prod.items()):
            raise CannotRelease("Alias prod is there already.")
        missing = versions.missing(self._lambda, self._cloud.functions, wanted)
        if missing:
            raise CannotRelease(f"Gone are {', '.join(missing)}.", "Deploy that state of the source again.")
        last = self._records.current()
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
        self._records.begin(release)
        self._watcher.tell(f"release {release.number}: begun")
        return self._go_on(release)

    def _signature(self) -> dict[str, Any]:
        host = socket.gethostname()
        who = f"{getpass.getuser()}@{host}"
        return {"holder": self._holder, "who": who, "host": host, "pid": os.getpid(), "seen": time.time()}

    def _go_on(self, release: Release) -> Release:
        """Does what the record says is being done, and then the rest."""
        try:
            if release.doing == "roll back":
                return self._take_back(release, release.why, release.by)
            if release.doing == "promote":
                return self._finish(release)
            return self._canary(release)
        except TakenOver as error:
            return self._await_the_other(error.release)
        except NotMoved as error:
            return self._give_up(error)

    def _give_up(self, error: NotMoved) -> Release:
        found = self._records.current()
        assert found is not None
        try:
            if found.holder != self._holder:
                raise TakenOver(found)
            return self._take_back(found, str(error), "releaser", FAILED)
        except TakenOver as taken:
            return self._await_the_other(taken.release)

    def _canary(self, release: Release) -> Release:
        if release.doing == "canary":
            wanted = {operation: Position(version) for operation, version in release.new.items()}
            self._fleet.move(CANARY, wanted, lambda operation, at: at == Position(release.canary[operation]))
            release = self._save(release, doing="probe")
        if release.doing == "probe":
            fault = self._first_round_trip()
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
        stage = [release.weights[step], time.time()]
        limits = release.limits or self._metrics.limits(release.old, time.time() - HISTORY)
        return self._save(release, doing="shift", step=step, stages=[*release.stages, stage], limits=limits)

    def _shift(self, release: Release) -> Release:
        weight = release.weights[release.step]
        a_minute = self._metrics.a_minute(time.time() - 600)
        changed = {name: self._cloud.functions[name] for name in release.new if release.new[name] != release.old[name]}
        alarms.watch(self._cloud.client("cloudwatch"), changed, release.new, a_minute, weight)
        wanted = {name: _split(release, name, weight) for name in release.new}
        self._fleet.move(PROD, wanted, lambda operation, at: _is_a_step(release, operation, at))
        return self._save(release, doing="bake")

    def _bake(self, release: Release) -> tuple[Release, Decision]:
        """Looks until there is a verdict on the present step."""
        probe, wrong = Probe(self._lambda, self._cloud.functions), ""
        while True:
            self._guard_positions(release)
            evidence, served = self._metrics.evidence(release.old, release.new, release.stages, release.limits)
            elapsed = time.time() - release.stages[-1][1]
            decision = plan.decide(evidence, served, elapsed, release.bake, policy=self._policy, wrong=wrong)
            if len(release.limits) < len(release.new):
                found = self._metrics.limits(release.old, release.stages[0][1])
                release = replace(release, limits={**found, **release.limits})
            release = self._save(release, quiet=True, figures=self._figures(release, evidence), odds=decision.odds)
            self._watcher.show(release, decision)
            if decision.action != "hold":
                return release, decision
            looks = (release.bake - elapsed) / self._cloud.interval
            trips = plan.trips(
                served,
                CALLS,
                release.weights[release.step],
                elapsed=elapsed,
                bake=release.bake,
                looks=looks,
                policy=self._policy,
            )
            answers = (probe.round_trip(PROD).wrong for _ in range(trips))
            wrong = next((answer for answer in answers if answer), "")
            if not wrong:
                time.sleep(self._cloud.interval)

    def _guard_positions(self, release: Release) -> None:
        weight = release.weights[release.step]
        for operation, at in self._fleet.positions(PROD).items():
            if at != _split(release, operation, weight):
                found = self._records.current()
                if found and found.holder != self._holder:
                    raise TakenOver(found)
                raise NotMoved(f"alias {PROD} of {operation} is at {at}: somebody else moved it", [])

    def _first_round_trip(self) -> str:
        """What is wrong with the version that `canary` calls; empty when nothing is."""
        probe = Probe(self._lambda, self._cloud.functions)
        probe.clean()
        fault = ""
        for _ in range(TRIES):
            found = probe.round_trip(CANARY)
            if found.wrong or not found.fault:
                return found.wrong
            fault = found.fault
        return fault

    def _finish(self, release: Release) -> Release:
        """All traffic to the new versions, and the end."""
        wanted = {operation: Position(version) for operation, version in release.new.items()}
        for alias in (PROD, CANARY):
            self._fleet.move(alias, wanted, lambda operation, at: _is_ours(release, operation, at))
        release = self._save(release, state=PROMOTED, ended=time.time())
        keep = [*self._records.past(versions.KEPT), release]
        gone = versions.prune(self._lambda, self._cloud.functions, keep)
        if gone:
            release = self._save(release, notes=[*release.notes, f"deleted old versions: {', '.join(gone)}"])
        self._records.archive(release)
        return release

    def _take_back(self, release: Release, why: str, by: str, state: str = "rolled back") -> Release:
        release = take_back(release, self._records, self._fleet, why=why, by=by, state=state)
        self._watcher.tell(f"release {release.number}: {release.state}")
        return release

    def _await_the_other(self, release: Release, patience: float = 60.0) -> Release:
        """The release as whoever took it over ended it, or as it is after `patience` seconds."""
        deadline = time.monotonic() + patience
        while release.running and time.monotonic() < deadline:
            time.sleep(min(1.0, self._cloud.interval))
            release = self._records.current() or release
        return release

    def _save(self, release: Release, *, quiet: bool = False, **changes: Any) -> Release:
        release = replace(release, seen=time.time(), **changes)
        self._records.save(release)
        if not quiet:
            self._watcher.tell(f"release {release.number}: {release.doing if release.running else release.state}")
        return release

    def _figures(self, release: Release, evidence: plan.Evidence) -> dict[str, Any]:
        since = release.stages[-1][1]
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
