"""The command `crudctl verify`: its options, progress, reports and exit code."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import click
from rich.text import Text

from crudctl import project
from crudctl.console import Failed, out, step
from crudctl.durations import seconds
from crudctl.options import confirm_change, environment_option
from crudctl.project import Environment
from crudctl.verify import (
    alarm_data,
    answers,
    arrivals,
    conduct,
    drift,
    leftovers,
    reading,
    starts,
    suite,
    summary,
    trial,
)
from crudctl.verify.rows import Part
from crudctl.verify.subject import Subject
from crudctl.verify.summary import Chapter, Found

PARTS = (
    drift.OPERATIONS_PART,
    answers.PART,
    suite.PART,
    arrivals.PART,
    alarm_data.PART,
    reading.PART,
    starts.PART,
    trial.PART,
    drift.PLAN_PART,  # last, so that it shows what the release before it left
)
NAMES = tuple(part.name for part in PARTS)
NOT_ON_PROD = ("release", "speed")  # unless they are chosen: the first moves the traffic of users
FOLDER = "verify"  # in the environment's home


@click.command()
@environment_option(*project.ENVIRONMENTS)
@click.option("--only", multiple=True, type=click.Choice(NAMES), help="Run only this part. Repeat it for several.")
@click.option("--skip", multiple=True, type=click.Choice(NAMES), help="Leave this part out. Repeat it for several.")
@click.option("--bake", help="Duration of the release's step before all traffic.  [default: 2m, 20s on this machine]")
@click.option("--api-url", help="Where the API is reached.  [default: the output api_url]")
@click.option("--sign-in-url", help="Where the sign-in page is reached.  [default: the output hosted_ui_url]")
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), help="The folder for report.md and report.json."
)
@click.option("--confirm", "name", help="The name of what is released to, instead of typing it; for prod only.")
def verify(
    environment: Environment,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    bake: str | None,
    api_url: str | None,
    sign_in_url: str | None,
    output: Path | None,
    name: str | None,
) -> None:
    """Prove what is deployed: compare what an environment does with what this project and AWS's documentation promise.

    It makes two temporary users, some resources, two temporary functions, and a release of a version that differs by a comment;
    at the end it removes them. On prod, the parts `release` and `speed` run only if they are chosen.

    Writes a report as Markdown and JSON. Exit code 1 if something differs, or could not be seen.

    Example: crudctl verify --env test
    """
    chosen = [part for part in PARTS if part.name in (only or NAMES) and part.name not in skip]
    if environment.production:
        chosen = [part for part in chosen if part.name in only or part.name not in NOT_ON_PROD]
    if not chosen:
        raise Failed("Nothing is left to verify.", "Choose a part with --only that --skip does not leave out.")
    duration = seconds(bake or ("20s" if environment.local else "2m"))
    if environment.production and trial.PART in chosen:
        confirm_change(environment, f"Release a version that differs by a comment to {environment.prefix}?", None, name)
    subject = Subject.of(environment, duration, api_url, sign_in_url)
    started = time.time()
    chapters = list(_chapters(subject, chosen))
    found = Found(environment.prefix, environment.region, started, tuple(chapters), dict(subject.used))
    folder = output or environment.home / FOLDER
    _write(environment, folder, found)
    out.print(Text(f"\n{found.sentence}", "bold"))
    out.print(f"About USD {found.usd:.4f} in list prices. Report: {folder / 'report.md'}")
    if not found.passed:
        raise Failed("Not everything is as here.", f"Read {folder / 'report.md'}; docs/aws.md says what to do.")


def _chapters(subject: Subject, parts: list[Part]) -> Iterator[Chapter]:
    """Run the parts, and clean up whatever happens. Yield each with what it found."""
    leftovers.sweep(subject)
    try:
        for part in parts:
            yield conduct.chapter(subject, part)
    finally:
        with step("Remove everything that was made"):
            subject.undo.close()
    yield conduct.chapter(subject, leftovers.PART)


def _write(environment: Environment, folder: Path, found: Found) -> None:
    texts = {"report.md": summary.markdown(found), "report.json": summary.as_json(found)}
    if folder == environment.home / FOLDER:
        environment.make_home()
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
