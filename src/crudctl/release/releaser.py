"""One process that starts, resumes, promotes, rolls back or reverts a release, until it has ended. Prints nothing.

Requests that AWS refuses or does not respond to are tried again. Each write to record or alias is passed to `Watcher.log`,
after it. What comes next is in next_step.py, what each step does in executor.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from crudctl.build.contract import ContractError
from crudctl.release import client_errors, deployments, offered, order, probe, versions
from crudctl.release.aliases import CANARY, PROD, Aliases, Position, words
from crudctl.release.cloud import Cloud
from crudctl.release.executor import Executor
from crudctl.release.faults import describe
from crudctl.release.guard import Policy
from crudctl.release.journal import Journal, Watcher
from crudctl.release.record import FAILED, ROLLED_BACK, Frozen, Refused, Release, TakenOver
from crudctl.release.wording import DOING

Places = Mapping[str, Position]  # where an alias is, by operation


class CannotRelease(Exception):
    """Nothing was started; the message says why, and `hint` what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Stranded(Exception):
    """Release `number` could be neither continued nor rolled back; the message says why."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


class Releaser:
    """One process that works on releases.

    Args:
        cloud: what it works with.
        watcher: receives what happens.
        policy: when a version is good or bad.
    """

    def __init__(self, cloud: Cloud, watcher: Watcher, policy: Policy | None = None) -> None:
        self._cloud = cloud
        self._watcher = watcher
        self._lambda = cloud.client("lambda")
        self._records = cloud.records()
        self._journal = Journal(self._records, watcher, cloud.clock, cloud.sleep)
        self._aliases = Aliases(self._lambda, cloud.functions, self._journal.holder, watcher.log, cloud.sleep)
        self._executor = Executor(cloud, self._journal, self._aliases, watcher, policy or Policy())

    def start(
        self,
        weights: list[float],
        bake: float,
        new: Mapping[str, str] | None = None,
        *,
        compared: bool = True,
        accepted: bool = False,
    ) -> Release:
        """Release the newest published versions, or those in `new`, and return the release as it ended.

        Args:
            weights: the new version's share (0 to 1) in each step before the last, rising.
            bake: minimum duration of each of these steps in seconds.
            new: version by operation; the others stay where they are.
            compared: whether the answers of both versions are compared.
            accepted: whether answers that differ are noted, and do not end the release.

        Raises:
            CannotRelease: there is nothing to release, traffic is already split, what is deployed cannot be probed, or the new
                versions may not follow those in service (order.py).
            record.Frozen: nothing is to be released now.
            record.Refused: another release is under way.
            Stranded: it could be neither continued nor rolled back.
        """
        if freeze := self._records.freeze(self._cloud.clock()):
            raise Frozen(freeze)
        release, last = self._planned(weights, bake, new, compared=compared, accepted=accepted)
        return self._begin(release, last)

    def plan(
        self,
        weights: list[float],
        bake: float,
        new: Mapping[str, str] | None = None,
        *,
        compared: bool = True,
        accepted: bool = False,
    ) -> Release:
        """Return the release that `start` would begin, with the same arguments and errors, also during a freeze.

        Nothing is written.
        """
        return self._planned(weights, bake, new, compared=compared, accepted=accepted)[0]

    def _planned(
        self, weights: list[float], bake: float, new: Mapping[str, str] | None, *, compared: bool, accepted: bool
    ) -> tuple[Release, Release | None]:
        """Return the release that is to begin, and the last one."""
        last, prod, canary = self._before()
        split = [operation for operation in prod if prod[operation].other or canary[operation].other]
        if split:
            raise CannotRelease(
                f"Aliases of {', '.join(split)} already split their traffic, although no release is under way.",
                "Put them on one version: docs/runbook.md shows how, for aliases that something else moved.",
            )
        self._check_probes()
        self._cloud.alarms()  # which raises if what is deployed does not know them
        old = {operation: at.version for operation, at in prod.items()}
        ours = self._cloud.releasable()
        wanted = {
            name: version for name, version in (new or versions.newest(self._lambda, ours)).items() if name in ours
        }
        newest = {operation: wanted.get(operation, version) for operation, version in old.items()}
        if newest == old:
            raise CannotRelease(
                "Alias prod is at the newest version of all functions.",
                "Publish a change first: `crudctl up --hold` on this machine, `crudctl deploy --env NAME` on AWS.",
            )
        trash = self._check_order(old, newest, last)
        document = self._cloud.contract()
        change = self._cloud.changes().last()
        before = offered.unpack(deployments.contract_of(old, change, self._records.past()))
        how = {"weights": weights, "bake": bake, "trash": trash, "compared": compared and self._cloud.compared}
        how |= {"accepted": accepted}
        how |= {"contract": offered.pack(document), "refusals": client_errors.compared(before, document)}
        how |= {"deployments": self._deployments(old)}
        return self._record(last, prod, canary, new=newest, **how), last

    def resume(self, number: int | None = None) -> Release:
        """Continue a release that another process left.

        Args:
            number: of the release that is meant; None for whichever is under way. The same holds for `promote` and `abort`.

        Raises:
            CannotRelease: what is deployed cannot be probed.
            record.NothingUnderWay: there is no release to continue.
            record.TakenOver: another releaser has it.
            Stranded: it could be neither continued nor rolled back.
        """
        current = self._records.current()
        if current and current.running and current.doing not in ("promote", "roll back"):
            self._check_probes()  # before taking it over: a refusal changes nothing
        release = self._journal.take_over(number)
        self._watcher.log(f"release {release.number}: taken over; {DOING[release.doing]}")
        return self._go_on(release.number)

    def promote(self, number: int | None = None) -> Release:
        """Send all traffic to the new versions now, without waiting for a verdict.

        Raises:
            CannotRelease: it is being rolled back.
            record.NothingUnderWay: there is no release to promote.
            record.TakenOver: another releaser has it.
            Stranded: it could be neither continued nor rolled back.
        """
        current = self._records.current()
        if (
            current and current.running and current.doing == "roll back"
        ):  # before taking it over: a refusal changes nothing
            raise CannotRelease(f"Release {current.number} is being rolled back.")
        release = self._journal.take_over(number)
        if release.doing == "roll back":
            return self._go_on(release.number)
        why = release.why if release.doing == "promote" else "promoted by hand"
        return self._go_on(release.number, doing="promote", why=why, by=release.who)

    def abort(self, why: str = "aborted by hand", number: int | None = None) -> Release:
        """Roll back the release under way now. Raise record.NothingUnderWay, record.TakenOver, Stranded."""
        release = self._journal.take_over(number)
        return self._go_on(release.number, doing="roll back", why=why, by=release.who)

    def go_to(
        self, wanted: Mapping[str, str], why: str, contract: str = "", first: Callable[[], dict[str, Any]] = dict
    ) -> Release:
        """Move `prod` and `canary` to earlier versions, of all functions or of none, when no release is under way.

        A function that did not exist then stays where it is; one that no longer exists has nothing to move. Both are noted.

        Args:
            wanted: version by operation.
            why: the reason, for the record.
            contract: of these versions, packed; empty if it is not known.
            first: called when nothing refuses it, before anything moves; returns fields for the record.

        Raises:
            CannotRelease: `prod` is there already, a version no longer exists, or one may not follow those in service (order.py).
            record.Refused: a release is under way.
            Stranded: it could be neither continued nor rolled back.
        """
        last, prod, canary = self._before()
        new = {operation: wanted.get(operation, at.version) for operation, at in prod.items()}
        if all(at == Position(new[operation]) for operation, at in prod.items()):
            raise CannotRelease("Alias prod already points to these versions.")
        missing = versions.missing(self._lambda, self._cloud.functions, new)
        if missing:
            raise CannotRelease(f"No longer published: {', '.join(missing)}.", "Deploy that state of the source again.")
        trash = self._check_order({operation: at.version for operation, at in prod.items()}, new, last)
        by = self._journal.signature()["who"]
        notes = [f"{name} did not exist then, and stays at version {new[name]}" for name in new if name not in wanted]
        notes += [f"{name} no longer exists" for name in wanted if name not in new]
        gateway, unread = self.deployments_of_return(wanted)
        fields = first()
        how = {
            "doing": "promote",
            "why": why,
            "by": by,
            "trash": trash,
            "contract": contract,
            **fields,
            "notes": [*notes, *fields.get("notes", []), *filter(None, [unread])],
            "deployments": gateway,
        }
        return self._begin(self._record(last, prod, canary, new=new, weights=[], bake=0, **how), last)

    def sweep(self) -> None:
        """Remove the alarms and metric filters that a release has left which has ended, unless one is running."""
        self._executor.sweep()

    def _check_probes(self) -> None:
        """Raise CannotRelease if the round trip of this checkout's contract cannot be made with what is deployed."""
        try:
            missing = probe.missing(self._cloud.round_trip(), self._cloud.functions)
        except ContractError as error:
            raise CannotRelease(f"The contract is invalid: {error}", "Fix contract/openapi.yaml.") from error
        if missing:
            raise CannotRelease(
                f"The contract has {', '.join(missing)}, which is not deployed.",
                "Deploy it first: `crudctl up --hold` on this machine, `crudctl deploy --env NAME` on AWS.",
            )

    def _check_order(self, old: Mapping[str, str], new: Mapping[str, str], last: Release | None) -> bool:
        """Return whether the trash was used before. Raise CannotRelease if `new` may not come into service.

        What was begun is not checked again: it can always go back.
        """
        environments = versions.environments(self._lambda, self._cloud.functions)
        refusal = order.refusal(environments, old, new, last)
        if refusal:
            raise CannotRelease(refusal.message, refusal.hint)
        return bool(order.user_before(environments, old, last))

    def _before(self) -> tuple[Release | None, Places, Places]:
        """Return the last release, and where `prod` and `canary` are. Raise record.Refused if it is still under way."""
        last = self._records.current()
        if last and last.running:
            raise Refused(last)
        return last, self._aliases.positions(PROD), self._aliases.positions(CANARY)

    def _begin(self, release: Release, last: Release | None) -> Release:
        self._journal.begin(release, last)
        return self._go_on(release.number)

    def _deployments(self, old: Mapping[str, str]) -> dict[str, str]:
        """Return the deployments of the API that belong to the `old` versions and to those that follow them."""
        stage = self._cloud.stage()
        return deployments.of_release(stage.deployment, old, self._cloud.changes().last()) if stage else {}

    def deployments_of_return(self, wanted: Mapping[str, str]) -> tuple[dict[str, str], str]:
        """Return the deployments of the API before and after a return to earlier versions, and why they are not known.

        One that calls a function that no longer exists would respond with 500, so that the present one stays then. It stays too
        if the stage cannot be read, which must not keep the functions from going back.
        """
        stage = self._cloud.stage()
        if stage is None or not wanted.keys() <= self._cloud.functions.keys():
            return {}, ""
        try:
            serving = stage.deployment
        except (ClientError, BotoCoreError) as error:
            return {}, f"the gateway stays as it is: {words(error)}"
        return deployments.of_return(serving, wanted, self._cloud.changes().last(), self._records.past()), ""

    def _record(self, last: Release | None, prod: Places, canary: Places, **changes: Any) -> Release:
        signature = self._journal.signature()
        return Release(
            number=last.number + 1 if last else 1,
            old={operation: at.version for operation, at in prod.items()},
            canary={operation: at.version for operation, at in canary.items()},
            **signature,
            begun_by=signature["who"],
            since=self._cloud.clock(),
            period=self._cloud.period,
            counted_from=max(
                (each.ended for each in self._records.past() if _served(each, changes["new"])), default=0.0
            ),
            **changes,
        )

    def _go_on(self, number: int, **changes: Any) -> Release:
        """Carry out the release that this releaser holds to its end, and return it.

        If AWS refuses a request or does not respond, it is tried again; after `blind` seconds without a write the release is
        rolled back. For a fault of crudctl itself it is rolled back at once. Raise Stranded if even that fails.

        Args:
            number: of the release.
            changes: new values of fields of its record, to write first.
        """
        given_up, state = "", ROLLED_BACK
        while True:
            try:
                release = self._journal.mine()
                if changes and release.running:
                    release, changes = self._journal.save(release, **changes), {}
                if given_up and release.running:
                    release = self._give_up(release, given_up)
                return self._executor.carry_out(release, state)
            except TakenOver as error:
                self._watcher.log(f"release {number}: {error}; waiting until it has ended")
                ended = self._journal.of_another(number, min(1.0, self._cloud.interval))
                self.sweep()  # this releaser may have made something after the other one had removed it
                return ended
            except (ClientError, BotoCoreError) as error:
                silence = self._cloud.clock() - self._journal.saved
                if silence <= self._cloud.blind:
                    self._watcher.log(f"request failed, trying again: {words(error)}")
                    self._cloud.sleep(self._cloud.interval)
                elif given_up:
                    raise self._stranded(number, words(error)) from error
                else:
                    given_up = f"no progress for {silence:.0f} s: {words(error)}"
            except (KeyboardInterrupt, SystemExit):  # the latter is SIGTERM or SIGHUP
                self._executor.report_waiting(number, "its releaser was interrupted")
                raise
            except Exception as error:
                if given_up:
                    raise self._stranded(number, describe(error)) from error
                given_up, state = f"a fault of crudctl: {describe(error)}", FAILED
                self._watcher.log(f"release {number}: {given_up}")

    def _stranded(self, number: int, why: str) -> Stranded:
        """Notify people that nobody continues a release, and return the error that says so."""
        self._executor.report_waiting(number, f"it could be neither continued nor rolled back: {why}")
        return Stranded(number, why)

    def _give_up(self, release: Release, why: str) -> Release:
        """Record that a release is to be rolled back, and why. If it was to be rolled back already, the reason is a note."""
        if release.doing != "roll back":
            return self._journal.save(release, doing="roll back", why=why, by="releaser")
        return self._journal.save(release, notes=[*dict.fromkeys([*release.notes, why])])


def _served(last: Release, new: Mapping[str, str]) -> bool:
    """Whether a release moved traffic to or from one of the versions in `new`."""
    moved = {name for name, version in last.new.items() if version != last.old.get(name)}
    return any(new.get(name) in (last.old.get(name), last.new[name]) for name in moved)
