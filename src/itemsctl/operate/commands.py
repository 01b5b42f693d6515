"""The commands `itemsctl alarms` and `itemsctl dashboard`: what each takes, prints and exits with."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from itemsctl import project
from itemsctl.console import out
from itemsctl.operate.alarms import RINGING, Alarm, alarms
from itemsctl.options import environment_option
from itemsctl.project import Environment

ENV = environment_option(*project.ENVIRONMENTS)
COLOURS = {"OK": "green", RINGING: "bold red", "INSUFFICIENT_DATA": "yellow"}


@click.command(name="alarms")
@ENV
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show_alarms(environment: Environment, as_json: bool) -> None:
    """List the alarms: state, since when, why, and the page of the runbook. Exit code 1 when one rings.

    Example: itemsctl alarms --env prod
    """
    found = alarms(environment.client("cloudwatch"), f"items-{environment.name}-")
    ringing = [alarm for alarm in found if alarm.state == RINGING]
    if as_json:
        click.echo(json.dumps([asdict(alarm) for alarm in found], indent=2, default=str))
    else:
        for alarm in found:
            state = f"[{COLOURS[alarm.state]}]{alarm.state:18}[/]"
            out.print(f"{state}{alarm.name:28}[dim]since {alarm.since.astimezone():%d %b %H:%M:%S}  {alarm.runbook}[/]")
        for alarm in ringing:
            tell(alarm)
    sys.exit(1 if ringing else 0)


def tell(alarm: Alarm) -> None:
    """Prints a ringing alarm: what it means, why it rings, and where to read on."""
    out.print(f"\n[bold red]{alarm.name}[/]  {alarm.says}\n  why   ", end="")
    out.print(f"{alarm.reason}\n  read  {alarm.runbook}", markup=False)
