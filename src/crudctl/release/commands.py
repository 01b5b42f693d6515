"""The commands `crudctl release ...`: their options, output and exit codes."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from crudctl import processes, project
from crudctl.console import Failed, confirm, err, out, unheard
from crudctl.durations import seconds
from crudctl.infra import outputs
from crudctl.options import environment_option
from crudctl.project import Environment
from crudctl.release import back, deployments, frozen, notices, offered, planned, report, versions, web_app
from crudctl.release.aliases import ALIASES, CANARY, PROD, Aliases, Position
from crudctl.release.cloud import Cloud, cloud_of
from crudctl.release.faults import describe
from crudctl.release.guard import Policy
from crudctl.release.journal import whoami
from crudctl.release.next_step import WATCHED, Observed, Places, Step, next_step
from crudctl.release.observe import observe
from crudctl.release.record import (
    PROMOTED,
    ROLLED_BACK,
    Freeze,
    Frozen,
    NothingUnderWay,
    Records,
    Refused,
    Release,
    TakenOver,
)
from crudctl.release.releaser import CannotRelease, Releaser, Stranded
from crudctl.release.view import View, lasting, moment, one_line, share, table
from crudctl.release.wording import DOING, decided, looks, verdict

ENV = environment_option(*project.ENVIRONMENTS)
YES = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
LEAST_SHARE = 0.01  # %: a hundred of a million requests a day
SILENCE = 180.0  # seconds without a write after which a releaser on another machine is presumed dead


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
) -> None:
    """Release, print the report and exit the program as `end` does.

    Args:
        cloud: what to work with; by default, that of the environment and the project's contract.
        new: version by operation; by default, the newest.
        compared: whether answers that differ from the old version's end the release.
    """
    with _releaser(environment, cloud) as (releaser, _):
        ended = releaser.start(pace.weights, pace.bake, new, compared=compared)
    end(environment, ended)


@release.command()
@ENV
@click.option("--steps", default="10,50,100", show_default=True, help="The new version's share of the traffic, in %.")
@click.option(
    "--bake", default="10m", show_default=True, help="Minimum duration of each step before 100: 30s, 10m, 1h."
)
@click.option(
    "--accept-differences", is_flag=True, help="Do not stop if both versions respond differently to the same requests."
)
@click.option("--dry-run", is_flag=True, help="Print the steps that would be taken, and take none.")
@YES
def start(
    environment: Environment, steps: str, bake: str, *, accept_differences: bool, dry_run: bool, yes: bool
) -> None:
    """Release the newest versions: test requests that no user sees, then step by step, compared with the old ones.

    A version that does worse is rolled back by itself.

    Example: crudctl release start --steps 5,25,100 --bake 30m
    """
    pace = pace_of(environment, steps, bake)
    if dry_run:
        with _releaser(environment) as (releaser, _):
            release = releaser.plan(pace.weights, pace.bake, compared=not accept_differences)
        for line in planned.plan(release, time.time()):
            out.print(line, markup=False, highlight=False)
        return
    if environment.production and not yes:
        confirm(f"Release to {environment.name} in steps of {steps} %, {bake} each before the last?")
    run(environment, pace, compared=not accept_differences)


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
        cloud = cloud_of(environment)
        last = cloud.records().current()
        aliases = Aliases(cloud.client("lambda"), cloud.functions, "nobody")
        positions = {alias: aliases.positions(alias) for alias in ALIASES}
        newest = versions.newest(cloud.client("lambda"), cloud.functions)
        stopped = cloud.records().freeze(time.time())
        following = _following(cloud, last, positions) if last and last.running else None
    if as_json:
        places = {alias: {name: asdict(at) for name, at in listed.items()} for alias, listed in positions.items()}
        record = asdict(last) if last else None
        following_step = {"action": following.action, "why": following.why} if following else None
        shown = {"release": record, "aliases": places, "newest": newest, "next": following_step}
        shown["freeze"] = asdict(stopped) if stopped else None
        click.echo(json.dumps(shown, indent=1))
        return
    overview = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("function", PROD, CANARY, "newest"):
        overview.add_column(column)
    for name in cloud.functions:
        overview.add_row(name, str(positions[PROD][name]), str(positions[CANARY][name]), newest[name])
    out.print(overview)
    out.print()
    if stopped:
        out.print(frozen.sentence(stopped, environment), markup=False)
    if last is None:
        out.print("No releases yet.")
        return
    out.print(f"Release {last.number}: {verdict(last)}.")
    if not last.running:
        out.print(f"Ended {moment(last.ended)}: {one_line(last.why)}. Decided by: {decided(last.by)}.")
        left_at = last.new if last.state == PROMOTED else last.old
        moved = [name for name, at in positions[PROD].items() if name in left_at and at != Position(left_at[name])]
        if moved:
            out.print(f"Since then something else moved alias {PROD} of {', '.join(moved)}; see the table above.")
        return
    out.print(
        f"Started {moment(last.since)} by {last.begun_by or last.who}; "
        f"{share(last)} of the traffic is on the new versions."
    )
    if last.why:
        out.print(f"Why: {one_line(last.why)}. Decided by: {decided(last.by)}.")
    if following:
        out.print(f"Next: {planned.doing(following, last)} Why: {one_line(following.why)}.")
    for note in last.notes:
        out.print(one_line(note))
    if last.figures:
        out.print(table(last.figures))
        out.print(f"{looks(last.odds, Policy())}, as of {moment(last.looked)}.")
    _show_releaser(environment, last)


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
    _remind_of_web_app(environment, ended)
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
    _remind_of_web_app(environment, ended)
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
            raise Failed(f"Release {current.number} is under way.", f"End it with {_command(environment, 'abort')}.")
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


def _show_releaser(environment: Environment, last: Release) -> None:
    if not dead(last):
        out.print(f"Its releaser (process {last.pid} on {last.host}) wrote {lasting(time.time() - last.seen)} ago.")
    else:
        out.print(
            f"Its releaser (process {last.pid} on {last.host}) is no longer running, so nothing moves and nobody compares; "
            f"it last wrote {moment(last.seen)}."
        )
        commands = ("abort",) if last.doing == "roll back" else ("resume", "promote", "abort")
        out.print(f"Continue with {_command(environment, *commands)}.")


def _following(cloud: Cloud, running: Release, positions: Places) -> Step:
    """Return the next step of a release, from what both versions have served until now."""
    seen = Observed()
    if running.doing in WATCHED:
        unprobed = running.new.keys() - cloud.round_trip().counts.keys()
        seen = replace(observe(cloud.metrics(), running), unprobed=unprobed)
    return next_step(running, positions, seen, cloud.clock())


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
        command = _command(environment, "status")
        return f"Not all traffic is on {', '.join(behind)}: release {current.number} is under way, see {command}."
    return f"Published, and waiting for {_command(environment, 'start')}: {', '.join(behind)}."


@contextmanager
def _releaser(environment: Environment, cloud: Cloud | None = None) -> Iterator[tuple[Releaser, Records]]:
    policy = Policy()
    with failures(environment), View(err, policy) as view:
        cloud = cloud or cloud_of(environment)
        yield Releaser(cloud, view, policy), cloud.records()


@contextmanager
def failures(environment: Environment) -> Iterator[None]:
    """Turn the errors of a release into console.Failed, with the command that helps."""
    see = f"See {_command(environment, 'status')}."
    try:
        yield
    except Refused as error:
        started = f"started {moment(error.release.since)} by {error.release.who} (process {error.release.pid})"
        state = "is under way" if error.release.running else "came first and has already ended"
        raise Failed(f"Release {error.release.number} {state}: {started}.", see) from error
    except Frozen as error:
        raise frozen.refusal(error.freeze, environment) from error
    except TakenOver as error:
        raise Failed(
            f"The release was taken over by {error.release.who} (process {error.release.pid}).", see
        ) from error
    except NothingUnderWay as error:
        raise Failed(f"{str(error)[0].upper()}{str(error)[1:]}.", f"See {_command(environment, 'history')}.") from error
    except CannotRelease as error:
        raise Failed(str(error), error.hint or see) from error
    except Stranded as error:
        raise Failed(
            f"Release {error.number} could be neither continued nor rolled back: {error}.",
            f"{see} Continue with {_command(environment, 'resume', 'abort')}.",
        ) from error
    except (KeyboardInterrupt, SystemExit) as error:  # the latter is SIGTERM or SIGHUP
        raise Failed(
            "Interrupted. A release that was under way still is, and its traffic stays split as it was.",
            f"{see} Continue with {_command(environment, 'resume', 'promote', 'abort')}.",
        ) from error
    except (click.ClickException, ClientError, BotoCoreError, OSError):
        raise
    except Exception as error:
        raise Failed(
            f"A fault of crudctl: {describe(error)}. A release that was under way still is, and its traffic stays as it was.",
            f"{see} Continue with {_command(environment, 'resume', 'promote', 'abort')}.",
        ) from error


def _remind_of_web_app(environment: Environment, ended: Release) -> None:
    """Say who uploads the web app after a promotion, if the deploy that began the release may no longer do it."""
    if ended.state == PROMOTED and not environment.local:
        command = f"crudctl deploy --env {environment.name} --only web"
        err.print(
            f"If the deploy that began this release has ended, the web app is still the one before: run `{command}`."
        )


def _serve_web_app_of(environment: Environment, ended: Release) -> None:
    """After a promotion, serve the web app that belongs to it: on this machine. On AWS that is a step of a deploy."""
    if not (ended.state == PROMOTED and ended.weights and web_app.is_built(environment)):
        return
    try:
        web_app.follow(environment, cloud_of(environment))
    except (Failed, ClientError, BotoCoreError, OSError) as error:
        err.print(f"The web app stays as it is: {describe(error)}. Run `crudctl up`.")


def _command(environment: Environment, *names: str) -> str:
    """Return `crudctl release` commands as they are typed, joined by commas and "or"."""
    option = "" if environment.local else f" --env {environment.name}"
    *first, last = [f"`crudctl release {name}{option}`" for name in names]
    return f"{', '.join(first)} or {last}" if first else last


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
        raise Failed(str(error), error.hint or f"See {_command(environment, 'status')}.") from error


def dead(running: Release) -> bool:
    """Whether the releaser of a running release has died, as far as this machine can know."""
    lives = processes.lives(running.process)
    if lives is not None:
        return not lives or running.process == processes.identity(os.getpid())
    return time.time() - running.seen > SILENCE


def end(environment: Environment, ended: Release, wanted: tuple[str, ...] = (PROMOTED,)) -> None:
    """Print and write the report, and exit: with 0 if the release ended in a `wanted` state, 2 if rolled back, else 1.

    A report that can be neither made, printed nor written does not change the exit code.
    """
    if ended.running:
        for note in ended.notes:
            err.print(note)
        raise Failed(
            f"Release {ended.number} has not ended: {DOING[ended.doing]}.",
            f"See {_command(environment, 'status')}, then continue with {_command(environment, 'resume', 'abort')}.",
        )
    _serve_web_app_of(environment, ended)
    text = f"Release {ended.number}: {ended.outcome}."
    try:
        text = report.markdown(ended, environment.name)
        written = f"Report: {report.write(environment, ended, text)}"
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the report, the release has ended
        history = _command(environment, f"history {ended.number}")
        written = f"The report could not be written: {describe(error)}. Run {history} to see it."
    with unheard():
        if out.is_terminal:
            out.print(Markdown(text), soft_wrap=False)
        else:
            click.echo(text)
    with unheard():
        err.print(written)
    sys.exit(0 if ended.state in wanted else 2 if ended.state == ROLLED_BACK else 1)
