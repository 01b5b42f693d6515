"""How a command about a release ends: errors as people read them, the report, and the exit code. Starts nothing."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.markdown import Markdown

from crudctl import processes
from crudctl.console import Failed, err, out, unheard
from crudctl.project import Environment
from crudctl.release import frozen, report, rollout, web_app
from crudctl.release.cloud import cloud_of
from crudctl.release.faults import describe
from crudctl.release.record import PROMOTED, ROLLED_BACK, Frozen, NothingUnderWay, Refused, Release, TakenOver
from crudctl.release.releaser import CannotRelease, Stranded
from crudctl.release.view import moment
from crudctl.release.wording import DOING

SILENCE = 180.0  # seconds without a write after which a releaser on another machine is presumed dead


@contextmanager
def failures(environment: Environment) -> Iterator[None]:
    """Turn the errors of a release into console.Failed, with the command that helps."""
    see = f"See {command(environment, 'status')}."
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
        raise Failed(f"{str(error)[0].upper()}{str(error)[1:]}.", f"See {command(environment, 'history')}.") from error
    except CannotRelease as error:
        raise Failed(str(error), error.hint or see) from error
    except Stranded as error:
        raise Failed(
            f"Release {error.number} could be neither continued nor rolled back: {error}.",
            f"{see} Continue with {command(environment, 'resume', 'abort')}.",
        ) from error
    except (KeyboardInterrupt, SystemExit) as error:  # the latter is SIGTERM or SIGHUP
        raise Failed(
            "Interrupted. A release that was under way still is, and its traffic stays split as it was.",
            f"{see} Continue with {command(environment, 'resume', 'promote', 'abort')}.",
        ) from error
    except (click.ClickException, ClientError, BotoCoreError, OSError):
        raise
    except Exception as error:
        raise Failed(
            f"A fault of crudctl: {describe(error)}. A release that was under way still is, and its traffic stays as it was.",
            f"{see} Continue with {command(environment, 'resume', 'promote', 'abort')}.",
        ) from error


def end(environment: Environment, ended: Release, wanted: tuple[str, ...] = (PROMOTED,)) -> None:
    """Print and write the report, and exit: with 0 if the release ended in a `wanted` state, 2 if rolled back, else 1.

    A report that can be neither made, printed nor written does not change the exit code.
    """
    if ended.running:
        for note in ended.notes:
            err.print(note)
        raise Failed(
            f"Release {ended.number} has not ended: {DOING[ended.doing]}.",
            f"See {command(environment, 'status')}, then continue with {command(environment, 'resume', 'abort')}.",
        )
    _serve_web_app_of(environment, ended)
    _remind_of_gateway(environment, ended)
    text = f"Release {ended.number}: {ended.outcome}."
    try:
        text = report.markdown(ended, environment.name)
        written = f"Report: {report.write(environment, ended, text)}"
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the report, the release has ended
        history = command(environment, f"history {ended.number}")
        written = f"The report could not be written: {describe(error)}. Run {history} to see it."
    with unheard():
        if out.is_terminal:
            out.print(Markdown(text), soft_wrap=False)
        else:
            click.echo(text)
    with unheard():
        err.print(written)
    sys.exit(0 if ended.state in wanted else 2 if ended.state == ROLLED_BACK else 1)


def remind_of_web_app(environment: Environment, ended: Release) -> None:
    """Say who uploads the web app after a promotion, if the deploy that began the release may no longer do it."""
    if ended.state == PROMOTED and not environment.local:
        deploy = f"crudctl deploy --env {environment.name} --only web"
        err.print(
            f"If the deploy that began this release has ended, the web app is still the one before: run `{deploy}`."
        )


def _serve_web_app_of(environment: Environment, ended: Release) -> None:
    """After a promotion, serve the web app that belongs to it: on this machine. On AWS that is a step of a deploy."""
    if not (ended.state == PROMOTED and ended.weights and web_app.is_built(environment)):
        return
    try:
        web_app.follow(environment, cloud_of(environment))
    except (Failed, ClientError, BotoCoreError, OSError) as error:
        err.print(f"The web app stays as it is: {describe(error)}. Run `crudctl up`.")


def _remind_of_gateway(environment: Environment, ended: Release) -> None:
    """After a promotion, say how the gateway loses what it removes. On AWS a deploy that goes on does it."""
    if not (ended.state == PROMOTED and ended.weights):
        return
    run = (
        "Run `crudctl up`"
        if environment.local
        else f"Unless a deploy goes on, run `crudctl deploy --env {environment.name}`"
    )
    try:
        if rollout.narrows(cloud_of(environment)):
            err.print(f"The gateway still has what this release removes. {run}, which removes it there too.")
    except (Failed, ClientError, BotoCoreError) as error:
        err.print(f"Whether the gateway still has what this release removes is not known: {describe(error)}.")


def command(environment: Environment, *names: str) -> str:
    """Return `crudctl release` commands as they are typed, joined by commas and "or"."""
    option = "" if environment.local else f" --env {environment.name}"
    *first, last = [f"`crudctl release {name}{option}`" for name in names]
    return f"{', '.join(first)} or {last}" if first else last


def dead(running: Release) -> bool:
    """Whether the releaser of a running release has died, as far as this machine can know."""
    lives = processes.lives(running.process)
    if lives is not None:
        return not lives or running.process == processes.identity(os.getpid())
    return time.time() - running.seen > SILENCE
