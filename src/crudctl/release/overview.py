"""What `release status` shows: where the aliases point, the last release and its next step. Changes nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from rich.table import Table

from crudctl.console import out
from crudctl.project import Environment
from crudctl.release import frozen, planned, versions
from crudctl.release.aliases import ALIASES, CANARY, PROD, Aliases, Position
from crudctl.release.cloud import Cloud
from crudctl.release.ending import command, dead
from crudctl.release.guard import Policy
from crudctl.release.next_step import WATCHED, Observed, Places, Step, next_step
from crudctl.release.observe import observe
from crudctl.release.record import PROMOTED, Freeze, Release
from crudctl.release.view import lasting, moment, one_line, share, table
from crudctl.release.wording import decided, looks, verdict


@dataclass(frozen=True)
class Overview:
    """The state of an environment's releases.

    Attributes:
        positions: where each alias is, by alias and operation.
        newest: published version, by operation.
        last: the release under way or the last one; None before the first.
        following: its next step, while it is under way.
        freeze: in force, if there is one.
    """

    positions: Places
    newest: Mapping[str, str]
    last: Release | None
    following: Step | None
    freeze: Freeze | None

    def as_json(self) -> dict[str, Any]:
        """Return it as `--json` prints it."""
        places = {alias: {name: asdict(at) for name, at in listed.items()} for alias, listed in self.positions.items()}
        following = {"action": self.following.action, "why": self.following.why} if self.following else None
        return {
            "release": asdict(self.last) if self.last else None,
            "aliases": places,
            "newest": self.newest,
            "next": following,
            "freeze": asdict(self.freeze) if self.freeze else None,
        }

    def show(self, environment: Environment) -> None:
        """Print it for people."""
        aliases = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("function", PROD, CANARY, "newest"):
            aliases.add_column(column)
        for name, version in self.newest.items():
            aliases.add_row(name, str(self.positions[PROD][name]), str(self.positions[CANARY][name]), version)
        out.print(aliases)
        out.print()
        if self.freeze:
            out.print(frozen.sentence(self.freeze, environment), markup=False)
        if self.last is None:
            out.print("No releases yet.")
            return
        out.print(f"Release {self.last.number}: {verdict(self.last)}.")
        if self.last.running:
            self._show_running(environment, self.last)
        else:
            self._show_ended(self.last)

    def _show_ended(self, last: Release) -> None:
        out.print(f"Ended {moment(last.ended)}: {one_line(last.why)}. Decided by: {decided(last.by)}.")
        left = last.new if last.state == PROMOTED else last.old
        prod = self.positions[PROD]
        moved = [name for name, at in prod.items() if name in left and at != Position(left[name])]
        if moved:
            out.print(f"Since then something else moved alias {PROD} of {', '.join(moved)}; see the table above.")

    def _show_running(self, environment: Environment, last: Release) -> None:
        begun = f"Started {moment(last.since)} by {last.begun_by or last.who}"
        out.print(f"{begun}; {share(last)} of the traffic is on the new versions.")
        if last.why:
            out.print(f"Why: {one_line(last.why)}. Decided by: {decided(last.by)}.")
        if self.following:
            out.print(f"Next: {planned.doing(self.following, last)} Why: {one_line(self.following.why)}.")
        for note in last.notes:
            out.print(one_line(note))
        if last.figures:
            out.print(table(last.figures))
            out.print(f"{looks(last.odds, Policy())}, as of {moment(last.looked)}.")
        _show_releaser(environment, last)


def overview_of(cloud: Cloud) -> Overview:
    """Return the state of the releases in an environment."""
    last = cloud.records().current()
    aliases = Aliases(cloud.client("lambda"), cloud.functions, "nobody")
    positions = {alias: aliases.positions(alias) for alias in ALIASES}
    newest = versions.newest(cloud.client("lambda"), cloud.functions)
    following = _following(cloud, last, positions) if last and last.running else None
    return Overview(positions, newest, last, following, cloud.records().freeze(time.time()))


def _show_releaser(environment: Environment, last: Release) -> None:
    if not dead(last):
        out.print(f"Its releaser (process {last.pid} on {last.host}) wrote {lasting(time.time() - last.seen)} ago.")
    else:
        out.print(
            f"Its releaser (process {last.pid} on {last.host}) is no longer running, so nothing moves and nobody compares; "
            f"it last wrote {moment(last.seen)}."
        )
        names = ("abort",) if last.doing == "roll back" else ("resume", "promote", "abort")
        out.print(f"Continue with {command(environment, *names)}.")


def _following(cloud: Cloud, running: Release, positions: Places) -> Step:
    """Return the next step of a release, from what both versions have served until now."""
    seen = Observed()
    if running.doing in WATCHED:
        changed = {name for name, version in running.new.items() if version != running.old.get(name)}
        looked = observe(cloud.metrics(), running, cloud.callers().counted)
        seen = replace(looked, unprobed=changed - cloud.round_trip().counts.keys())
    return next_step(running, positions, seen, cloud.clock())
