"""The commands `crudctl release ...`: what each takes, prints and exits with."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import pairwise

import click
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from crudctl import project
from crudctl.console import Failed, confirm, err, out, unheard
from crudctl.durations import seconds
from crudctl.options import environment_option
from crudctl.project import Environment
from crudctl.release import report, versions
from crudctl.release.aliases import ALIASES, CANARY, PROD, Aliases, Position
from crudctl.release.cloud import cloud_of
from crudctl.release.guard import Policy
from crudctl.release.record import PROMOTED, ROLLED_BACK, NothingUnderWay, Refused, Release, TakenOver
from crudctl.release.releaser import CannotRelease, Releaser, Stranded
from crudctl.release.view import View, lasting, moment, one_line, share, table

ENV = environment_option(*project.ENVIRONMENTS)
YES = click.option("--yes", is_flag=True, help="Do not ask.")
JSON = click.option("--json", "as_json", is_flag=True, help="For programs.")
LEAST_SHARE = 0.01  # %, of which a million requests a day are a hundred
SILENCE = 180.0  # seconds after which a releaser that wrote nothing is taken for dead


@click.group(name="release")
def release() -> None:
    """Release the newest published versions of all five functions, as one.

    Exit codes: 0 promoted (or done), 2 rolled back, 1 could not run.
    """


@release.command()
@ENV
@click.option("--steps", default="10,50,100", show_default=True, help="The new version's share of the traffic, in %.")
@click.option(
    "--bake", default="10m", show_default=True, help="How long each step before 100 lasts at least: 30s, 10m, 1h."
)
@YES
def start(environment: Environment, steps: str, bake: str, yes: bool) -> None:
    """Release the newest versions: a round trip that no user sees, then step by step.

    A version that does worse than the old one is taken back by itself.
    """
    weights, bake_seconds = _weights(steps), seconds(bake)
    if not environment.local and bake_seconds < 120:
        raise Failed("On AWS a step needs at least 2m.", "CloudWatch counts by the minute, and a minute or two late.")
    if environment.name == "prod" and not yes:
        confirm(f"Release to {environment.name} in steps of {steps} %, {bake} each before the last?")
    with _releaser(environment) as releaser:
        ended = releaser.start(weights, bake_seconds)
    end(environment, ended)


@release.command()
@ENV
@JSON
def status(environment: Environment, as_json: bool) -> None:
    """Tell where the aliases are, which versions are newest, and what the record says."""
    with told(environment):
        cloud = cloud_of(environment)
        found = cloud.records().current()
        aliases = Aliases(cloud.client("lambda"), cloud.functions, "nobody")
        positions = {alias: aliases.positions(alias) for alias in ALIASES}
        newest = versions.newest(cloud.client("lambda"), cloud.functions)
    if as_json:
        places = {alias: {name: asdict(at) for name, at in listed.items()} for alias, listed in positions.items()}
        record = asdict(found) if found else None
        click.echo(json.dumps({"release": record, "aliases": places, "newest": newest}, indent=1))
        return
    overview = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("function", PROD, CANARY, "newest"):
        overview.add_column(column)
    for name in cloud.functions:
        overview.add_row(name, str(positions[PROD][name]), str(positions[CANARY][name]), newest[name])
    out.print(overview)
    out.print()
    if found is None:
        out.print("Nothing was released yet.")
        return
    out.print(f"Release {found.number}: {report.verdict(found)}.", markup=False)
    if not found.running:
        out.print(f"Ended {moment(found.ended)}: {one_line(found.why)} (by {found.by})", markup=False)
        left = found.new if found.state == PROMOTED else found.old
        moved = [name for name, at in positions[PROD].items() if at != Position(left[name])]
        if moved:
            out.print(f"Since then something else moved alias {PROD} of {', '.join(moved)}; the table has the present.")
        return
    out.print(
        f"Begun {moment(found.since)} by {found.begun_by or found.who}; {share(found)} of the traffic.", markup=False
    )
    if found.figures:
        out.print(table(found.figures))
    if not _dead(found):
        out.print(f"Its releaser (process {found.pid} on {found.host}) wrote {lasting(time.time() - found.seen)} ago.")
    else:
        out.print(f"Its releaser (process {found.pid} on {found.host}) is gone since {moment(found.seen)}.")
        onwards = ("rollback",) if found.doing == "roll back" else ("resume", "promote", "rollback")
        out.print(f"Go on with {_command(environment, *onwards)}.")


@release.command()
@ENV
@click.option("--take-over", is_flag=True, help="Even if its releaser seems to be alive.")
def resume(environment: Environment, take_over: bool) -> None:
    """Go on with a release whose releaser died."""
    with _releaser(environment) as releaser:
        found = cloud_of(environment).records().current()
        if found is None or not found.running:
            raise NothingUnderWay
        if not take_over and not _dead(found):
            raise Failed(
                f"Its releaser, process {found.pid} on {found.host}, wrote {lasting(time.time() - found.seen)} ago.",
                "Stop it, or take the release over with --take-over.",
            )
        ended = releaser.resume()
    end(environment, ended)


@release.command()
@ENV
@YES
def promote(environment: Environment, yes: bool) -> None:
    """Send all traffic to the new versions now, without waiting for a verdict."""
    if environment.name == "prod" and not yes:
        confirm("Promote without a verdict?")
    with _releaser(environment) as releaser:
        ended = releaser.promote()
    end(environment, ended)


@release.command()
@ENV
@click.option("--to", "number", type=click.IntRange(0), help="The release to go back to; 0 is before the first.")
def rollback(environment: Environment, number: int | None) -> None:
    """Take the release under way back, or go back to the versions of an earlier one. Exit code 0 when done."""
    with _releaser(environment) as releaser:
        current = cloud_of(environment).records().current()
        if current and current.running:
            if number is not None:
                raise Failed(f"Release {current.number} is under way.", "Take it back first, without --to.")
            ended = releaser.roll_back()
        else:
            wanted, why = _earlier(environment, number)
            ended = releaser.go_to(wanted, why)
    end(environment, ended, wanted=(PROMOTED, ROLLED_BACK))


@release.command()
@ENV
@JSON
@click.argument("number", type=int, required=False)
def history(environment: Environment, as_json: bool, number: int | None) -> None:
    """Tell what was and is released, newest first; with NUMBER the report of that release."""
    with told(environment):
        records = cloud_of(environment).records()
        past, current = records.past(), records.current()
    past = [current, *past] if current and current.running else past
    if number is not None:
        past = [found for found in past if found.number == number]
        if not past:
            raise Failed(f"There is no record of release {number}.")
        click.echo(json.dumps(asdict(past[0]), indent=1) if as_json else report.markdown(past[0], environment.name))
        return
    if as_json:
        click.echo(json.dumps([asdict(found) for found in past], indent=1))
        return
    listed = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("release", "begun", "lasted", "by", "ended", "why"):
        listed.add_column(column, overflow="fold")
    for found in past:
        lasted = lasting((found.ended or time.time()) - found.since)
        why = f"{one_line(found.why)} ({found.by})" if found.why else found.doing
        cells = (str(found.number), moment(found.since), lasted, found.begun_by or found.who, found.outcome, why)
        listed.add_row(*map(Text, cells))
    out.print(listed if past else "Nothing was released yet.")


def _weights(steps: str) -> list[float]:
    try:
        numbers = [float(text) for text in steps.split(",")]
    except ValueError:
        numbers = []
    if not numbers or numbers[-1] != 100 or len(numbers) < 2 or not _rise(numbers):
        raise Failed(f"{steps} are no steps.", "Write rising shares that end with all, such as 10,50,100.")
    return [number / 100 for number in numbers[:-1]]


def _rise(numbers: list[float]) -> bool:
    return numbers[0] >= LEAST_SHARE and all(low < high for low, high in pairwise([0.0, *numbers]))


def waiting(environment: Environment) -> str:
    """Which newest versions users do not call, and why, in words; empty when they call them all."""
    cloud = cloud_of(environment)
    current = cloud.records().current()
    in_service = Aliases(cloud.client("lambda"), cloud.functions, "nobody").positions(PROD)
    newest = versions.newest(cloud.client("lambda"), cloud.functions)
    found = [f"{name} {version}" for name, version in newest.items() if version != in_service[name].version]
    if not found:
        return ""
    if current and current.running:
        onwards = _command(environment, "status")
        return f"Not all traffic is on {', '.join(found)}: release {current.number} is under way, see {onwards}."
    return f"Published, and waiting for {_command(environment, 'start')}: {', '.join(found)}."


@contextmanager
def _releaser(environment: Environment) -> Iterator[Releaser]:
    policy = Policy()
    with told(environment), View(err, policy) as view:
        yield Releaser(cloud_of(environment), view, policy)


@contextmanager
def told(environment: Environment) -> Iterator[None]:
    """Tells what stands in the way of a release as the command line tells everything."""
    see = f"See {_command(environment, 'status')}."
    try:
        yield
    except Refused as error:
        since = f"since {moment(error.release.since)}, by {error.release.who} (process {error.release.pid})"
        state = "is under way" if error.release.running else "came first; it has ended, and ran"
        raise Failed(f"Release {error.release.number} {state} {since}.", see) from error
    except TakenOver as error:
        raise Failed(f"The release is now with {error.release.who} (process {error.release.pid}).", see) from error
    except NothingUnderWay as error:
        raise Failed("No release is under way.", f"See {_command(environment, 'history')}.") from error
    except CannotRelease as error:
        raise Failed(str(error), error.hint or see) from error
    except Stranded as error:
        raise Failed(
            f"Release {error.number} is left as it is: {error}.",
            f"{see} Go on with {_command(environment, 'resume', 'rollback')}.",
        ) from error
    except (KeyboardInterrupt, SystemExit) as error:  # the latter is SIGTERM or SIGHUP
        raise Failed(
            "Interrupted. A release that was under way still is, and its traffic stays split as it was.",
            f"{see} Go on with {_command(environment, 'resume', 'promote', 'rollback')}.",
        ) from error


def _command(environment: Environment, *names: str) -> str:
    """Commands as they are typed, in words."""
    option = "" if environment.local else f" --env {environment.name}"
    *first, last = [f"`crudctl release {name}{option}`" for name in names]
    return f"{', '.join(first)} or {last}" if first else last


def _earlier(environment: Environment, number: int | None) -> tuple[dict[str, str], str]:
    """The versions to go back to, and why in words."""
    promoted = [found for found in cloud_of(environment).records().past() if found.state == PROMOTED]
    if not promoted:
        raise Failed("Nothing was promoted that could be taken back.")
    if number is None:
        if not promoted[0].weights:
            raise Failed(f"Release {promoted[0].number} went back already.", "Say to which one with --to.")
        return promoted[0].old, f"back to before release {promoted[0].number}"
    by_number = {found.number: found.new for found in promoted}
    by_number.setdefault(0, promoted[-1].old)
    if number not in by_number:
        raise Failed(f"There is no promoted release {number}.", f"See {_command(environment, 'history')}.")
    return by_number[number], f"back to release {number}" if number else "back to before the first release"


def _dead(found: Release) -> bool:
    if found.host == socket.gethostname():
        try:
            os.kill(found.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return found.pid == os.getpid()
    return time.time() - found.seen > SILENCE


def end(environment: Environment, ended: Release, wanted: tuple[str, ...] = (PROMOTED,)) -> None:
    """Prints and keeps the report, and exits: with 0 when it ended as wanted, 2 when it was rolled back, else 1.

    Where it can be neither printed nor kept, the release has ended as it has all the same.
    """
    if ended.running:
        for note in ended.notes:
            err.print(note, markup=False)
        raise Failed(
            f"Release {ended.number} has not ended: {ended.doing}.",
            f"See {_command(environment, 'status')}, then go on with {_command(environment, 'resume', 'rollback')}.",
        )
    text = report.markdown(ended, environment.name)
    with unheard():
        if out.is_terminal:
            out.print(Markdown(text), soft_wrap=False)
        else:
            click.echo(text)
    with unheard():
        try:
            told = f"Report: {report.write(environment, ended)}"
        except OSError as error:
            told = f"The report could not be kept: {error}. `crudctl release history {ended.number}` has it."
        err.print(told, markup=False)
    sys.exit(0 if ended.state in wanted else 2 if ended.state == ROLLED_BACK else 1)
