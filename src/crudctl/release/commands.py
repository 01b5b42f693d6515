"""The commands `crudctl release ...`: their options, output and exit codes."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

import click
from rich.table import Table
from rich.text import Text

from crudctl import project
from crudctl.console import Failed, confirm, err, out
from crudctl.durations import seconds
from crudctl.infra import outputs
from crudctl.options import environment_option
from crudctl.project import Environment
from crudctl.release import back, deployments, frozen, notices, offered, planned, report, versions, web_app
from crudctl.release.aliases import PROD, Aliases, Position
from crudctl.release.cloud import Cloud, cloud_of
from crudctl.release.ending import command, dead, end, failures, remind_of_web_app
from crudctl.release.guard import Policy
from crudctl.release.journal import whoami
from crudctl.release.overview import overview_of
from crudctl.release.record import (
    PROMOTED,
    ROLLED_BACK,
    Freeze,
    NothingUnderWay,
    Records,
    Release,
)
from crudctl.release.releaser import Releaser
from crudctl.release.view import View, lasting, moment, one_line
from crudctl.release.wording import verdict

ENV = environment_option(*project.ENVIRONMENTS)
YES = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
LEAST_SHARE = 0.01  # %: a hundred of a million requests a day


@click.group(name="release")
def release() -> None:
    """Release the newest published versions of all functions together.

    `abort` ends a release that is under way; `rollback` goes back from what is in service.

    Exit codes: 0 promoted (or done), 2 rolled back, 1 could not run.
    """


class Pace(NamedTuple):
    """How fast a release goes: the share (0 to 1) of each step before the last, and the seconds that each bakes."""

    weights: list[float]
    bake: float


def pace_of(environment: Environment, steps: str, bake: str) -> Pace:
    """Return the pace that the options `--steps` and `--bake` give. Raise Failed if one is invalid in this environment."""
    pace = Pace(_weights(steps), seconds(bake))
    if not environment.local and pace.bake < 120:
        raise Failed(
            "On AWS each step must bake for at least 2m: metrics are per minute, and arrive one or two minutes late.",
            "Pass --bake 2m or more.",
        )
    return pace


def run(
    environment: Environment,
    pace: Pace,
    cloud: Cloud | None = None,
    new: Mapping[str, str] | None = None,
    *,
    compared: bool = True,
    accepted: bool = False,
) -> None:
    """Release, print the report and exit the program as `end` does.

    Args:
        cloud: what to work with; by default, that of the environment and the project's contract.
        new: version by operation; by default, the newest.
        compared: whether the answers of both versions are compared.
        accepted: whether answers that differ are noted, and do not end the release.
    """
    with _releaser(environment, cloud) as (releaser, _):
        ended = releaser.start(pace.weights, pace.bake, new, compared=compared, accepted=accepted)
    end(environment, ended)


@release.command()
@ENV
@click.option("--steps", default="10,50,100", show_default=True, help="The new version's share of the traffic, in %.")
@click.option(
    "--bake", default="10m", show_default=True, help="Minimum duration of each step before 100: 30s, 10m, 1h."
)
@click.option("--accept-differences", is_flag=True, help="Note where the answers of both versions differ, and go on.")
@click.option(
    "--skip-comparison", is_flag=True, help="Do not send the same requests to both versions, to compare their answers."
)
@click.option("--dry-run", is_flag=True, help="Print the steps that would be taken, and take none.")
@YES
def start(
    environment: Environment,
    steps: str,
    bake: str,
    *,
    accept_differences: bool,
    skip_comparison: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Release the newest versions: test requests that no user sees, then step by step, compared with the old ones.

    A version that does worse is rolled back by itself.

    Example: crudctl release start --steps 5,25,100 --bake 30m
    """
    pace = pace_of(environment, steps, bake)
    if dry_run:
        with _releaser(environment) as (releaser, _):
            release = releaser.plan(pace.weights, pace.bake, compared=not skip_comparison, accepted=accept_differences)
        for line in planned.plan(release, time.time()):
            out.print(line, markup=False, highlight=False)
        return
    if environment.production and not yes:
        confirm(f"Release to {environment.name} in steps of {steps} %, {bake} each before the last?")
    run(environment, pace, compared=not skip_comparison, accepted=accept_differences)


@release.command()
@ENV
@click.option("--until", required=True, help="A time with its zone, such as 2026-12-01T08:00Z.")
@click.option("--why", required=True, help="What people read whose release is refused.")
@YES
def freeze(environment: Environment, until: str, why: str, yes: bool) -> None:
    """Let no deploy and no release start until a time. `abort` and `rollback` stay possible.

    Example: crudctl release freeze --until 2026-12-27T08:00Z --why "holidays"
    """
    new = Freeze(_time(until), why, whoami())
    with failures(environment):
        records = cloud_of(environment).records()
        before = records.freeze(time.time())
        if before:
            err.print(f"This replaces: {frozen.sentence(before, environment)}", markup=False)
        if environment.production and not yes:
            confirm(f"Release nothing to {environment.name} until {moment(new.until)}?")
        records.put_freeze(new)
    out.print(frozen.sentence(new, environment), markup=False)


@release.command()
@ENV
@YES
def unfreeze(environment: Environment, yes: bool) -> None:
    """End a freeze.

    Example: crudctl release unfreeze
    """
    with failures(environment):
        records = cloud_of(environment).records()
        before = records.freeze(time.time())
        if before and environment.production and not yes:
            confirm(f"{frozen.sentence(before, environment)} End that now?")
        records.put_freeze(Freeze(time.time(), "ended", whoami()))
    out.print(f"Releases to {environment.name} may start.")


@release.command()
@ENV
@click.option("--link", required=True, help="Where it is approved.")
def announce(environment: Environment, link: str) -> None:
    """Notify people that a deploy waits for its approval. For workflows: the exit code is 0 even if nobody could be notified.

    Example: crudctl release announce --env prod --link https://github.com/OWNER/NAME/actions/runs/1
    """
    given = outputs.terraform(environment).outputs().get("release_notices")
    if not given:
        err.print(f"Nobody was notified: nothing is deployed to {environment.name} yet that says whom.")
        return
    channels = replace(notices.Channels(**given), dashboard=None)  # it is no release yet
    if failed := notices.tell(channels, environment.client, notices.approval(channels, link, time.time())):
        err.print(f"{failed[0].upper()}{failed[1:]}.", markup=False)


@release.command(name="frozen")
@ENV
def show_freeze(environment: Environment) -> None:
    """Say whether a release may start: exit code 1 and until when not, if there is a freeze. For workflows.

    Example: crudctl release frozen --env prod
    """
    found = frozen.in_force(environment)
    out.print(
        frozen.sentence(found, environment) if found else f"Releases to {environment.name} may start.", markup=False
    )
    sys.exit(1 if found else 0)


@release.command()
@ENV
@JSON
def status(environment: Environment, as_json: bool) -> None:
    """Show where the aliases point, which versions are newest, and the last release.

    Example: crudctl release status --json
    """
    with failures(environment):
        overview = overview_of(cloud_of(environment))
    if as_json:
        click.echo(json.dumps(overview.as_json(), indent=1))
    else:
        overview.show(environment)


@release.command()
@ENV
@click.option("--take-over", is_flag=True, help="Even if its releaser seems to be running.")
def resume(environment: Environment, take_over: bool) -> None:
    """Continue a release whose releaser died.

    Example: crudctl release resume
    """
    with _releaser(environment) as (releaser, records):
        current = records.current()
        if current is None or not current.running:
            releaser.sweep()
            raise NothingUnderWay
        if not take_over and not dead(current):
            raise Failed(
                f"Its releaser, process {current.pid} on {current.host}, "
                f"wrote {lasting(time.time() - current.seen)} ago.",
                "Stop it, or take the release over with --take-over.",
            )
        ended = releaser.resume(current.number)
    remind_of_web_app(environment, ended)
    end(environment, ended)


@release.command()
@ENV
@YES
def promote(environment: Environment, yes: bool) -> None:
    """Send all traffic to the new versions now, without waiting until they are compared.

    Example: crudctl release promote --yes
    """
    with _releaser(environment) as (releaser, records):
        current = records.current()
        if current is None or not current.running:
            raise NothingUnderWay
        if environment.production and not yes:
            confirm(
                f"Send all traffic to the new versions of release {current.number}, before they are compared to the end?"
            )
        ended = releaser.promote(current.number)
    remind_of_web_app(environment, ended)
    end(environment, ended)


@release.command()
@ENV
def abort(environment: Environment) -> None:
    """End the release under way: all traffic goes to the old versions.

    Exit code 0 when done. To go back from what is in service, there is `rollback`.

    Example: crudctl release abort
    """
    with _releaser(environment) as (releaser, records):
        current = records.current()
        if current is None or not current.running:
            raise NothingUnderWay
        ended = releaser.abort(number=current.number)
    end(environment, ended, wanted=(PROMOTED, ROLLED_BACK))


@release.command()
@ENV
@click.option("--to", "number", type=click.IntRange(0), help="The release to go back to; 0 is before the first.")
@YES
def rollback(environment: Environment, number: int | None, yes: bool) -> None:
    """Go back from what is in service to an earlier release; by default, to before the last one.

    Functions, the gateway's paths and the web app go back together. It says from where to where and what stays, and asks on prod.
    Exit code 0 when done. To end a release under way, there is `abort`.

    Example: crudctl release rollback --to 3
    """
    with _releaser(environment) as (releaser, records):
        current = records.current()
        if current and current.running:
            raise Failed(f"Release {current.number} is under way.", f"End it with {command(environment, 'abort')}.")
        cloud = cloud_of(environment)
        at = Aliases(cloud.client("lambda"), cloud.functions, "nobody").positions(PROD)
        way = _way_back(environment, records.past(), number, at)
        way = replace(way, contract=_contract(cloud, way.wanted))
        published = versions.published(cloud.client("lambda"), cloud.functions)
        contract = _contract(cloud, {name: place.version for name, place in at.items()})
        builds = cloud.web()
        here = back.Here(at, contract, web_app.in_service(builds), releaser.deployments_of_return(way.wanted)[0])
        for line in back.describe(way, here, published, time.time()):
            err.print(line, markup=False, highlight=False)
        if environment.production and not yes:
            confirm(f"Go back on {environment.name}?")
        ended = releaser.go_to(way.wanted, way.why, way.contract, lambda: web_app.go_back(builds, way.web))
    end(environment, ended, wanted=(PROMOTED, ROLLED_BACK))


@release.command()
@ENV
@JSON
@click.argument("number", type=int, required=False)
def history(environment: Environment, as_json: bool, number: int | None) -> None:
    """List all releases, newest first; with NUMBER, print the report of that release.

    Example: crudctl release history 3
    """
    with failures(environment):
        records = cloud_of(environment).records()
        past, current = records.past(), records.current()
    past = [current, *past] if current and current.running else past
    if number is not None:
        past = [each for each in past if each.number == number]
        if not past:
            raise Failed(f"There is no record of release {number}.")
        click.echo(json.dumps(asdict(past[0]), indent=1) if as_json else report.markdown(past[0], environment.name))
        return
    if as_json:
        click.echo(json.dumps([asdict(each) for each in past], indent=1))
        return
    listed = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("release", "started", "lasted", "by", "ended", "why"):
        listed.add_column(column, overflow="fold")
    for each in past:
        lasted = lasting((each.ended or time.time()) - each.since)
        why = f"{one_line(each.why)} ({each.by})" if each.why else verdict(each)
        cells = (str(each.number), moment(each.since), lasted, each.begun_by or each.who, each.outcome, why)
        listed.add_row(*map(Text, cells))
    out.print(listed if past else "No releases yet.")


def _time(text: str) -> float:
    try:
        time_ = datetime.fromisoformat(text)
    except ValueError:
        time_ = None
    if time_ is None or time_.tzinfo is None:
        raise Failed(f"Invalid time '{text}'.", "Write a time with its zone, such as 2026-12-01T08:00Z.")
    if time_.timestamp() <= time.time():
        raise Failed(f"{text} is over.", "Write a time to come.")
    return time_.timestamp()


def _weights(steps: str) -> list[float]:
    try:
        numbers = [float(text) for text in steps.split(",")]
    except ValueError:
        numbers = []
    if not numbers or numbers[-1] != 100 or len(numbers) < 2 or not _rise(numbers):
        raise Failed(f"Invalid steps '{steps}': use rising percentages that end with 100, for example 10,50,100.")
    return [number / 100 for number in numbers[:-1]]


def _rise(numbers: list[float]) -> bool:
    return numbers[0] >= LEAST_SHARE and all(low < high for low, high in pairwise([0.0, *numbers]))


def waiting(environment: Environment) -> str:
    """Describe which newest versions are not in service, and why; empty when all are."""
    cloud = cloud_of(environment)
    current = cloud.records().current()
    in_service = Aliases(cloud.client("lambda"), cloud.functions, "nobody").positions(PROD)
    newer = versions.behind(cloud.client("lambda"), cloud.releasable(), in_service)
    behind = [f"{name} {version}" for name, version in newer.items()]
    if not behind:
        return ""
    if current and current.running:
        see = command(environment, "status")
        return f"Not all traffic is on {', '.join(behind)}: release {current.number} is under way, see {see}."
    return f"Published, and waiting for {command(environment, 'start')}: {', '.join(behind)}."


@contextmanager
def _releaser(environment: Environment, cloud: Cloud | None = None) -> Iterator[tuple[Releaser, Records]]:
    policy = Policy()
    with failures(environment), View(err, policy) as view:
        cloud = cloud or cloud_of(environment)
        yield Releaser(cloud, view, policy), cloud.records()


def _contract(cloud: Cloud, at: Mapping[str, str]) -> str:
    """Return the contract of these versions, packed; empty if it is not known."""
    change = cloud.changes().last()
    before = change.contract if change and deployments.agree(change.versions, at) else ""
    return offered.of_versions(cloud.records().past(), at) or before


def _way_back(
    environment: Environment, past: Sequence[Release], number: int | None, at: Mapping[str, Position]
) -> back.Way:
    try:
        return back.plan(past, number, at)
    except back.NoWayBack as error:
        raise Failed(str(error), error.hint or f"See {command(environment, 'status')}.") from error
