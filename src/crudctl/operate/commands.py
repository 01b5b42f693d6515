"""The commands `crudctl alarms`, `crudctl dashboard` and `crudctl doctor`: what each takes, prints and exits with."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict

import click
from rich.markup import escape

from crudctl import project
from crudctl.console import Failed, out
from crudctl.durations import seconds
from crudctl.operate import doctor as doctor_checks
from crudctl.operate import drawing
from crudctl.operate.alarms import RINGING, Alarm, alarms
from crudctl.operate.dashboard import dashboard
from crudctl.options import environment_option
from crudctl.project import Environment

ENV = environment_option(*project.ENVIRONMENTS)
COLOURS = {"OK": "green", RINGING: "bold red", "INSUFFICIENT_DATA": "yellow"}


@click.command(name="alarms")
@ENV
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show_alarms(environment: Environment, as_json: bool) -> None:
    """List the alarms: state, since when, why, and the page of the runbook. Exit code 1 when one rings.

    Example: crudctl alarms --env prod
    """
    found = alarms(environment.client("cloudwatch"), f"items-{environment.name}-")
    ringing = [alarm for alarm in found if alarm.state == RINGING]
    if as_json:
        click.echo(json.dumps([asdict(alarm) for alarm in found], indent=2, default=str))
    else:
        for alarm in found:
            state = f"[{COLOURS[alarm.state]}]{alarm.state:18}[/]"
            out.print(
                f"{state}{alarm.name:28}[dim]since {alarm.since.astimezone():%d %b %H:%M:%S %Z}  {alarm.runbook}[/]"
            )
        for alarm in ringing:
            tell(alarm)
    sys.exit(1 if ringing else 0)


def tell(alarm: Alarm) -> None:
    """Prints a ringing alarm: what it means, why it rings, and where to read on."""
    out.print(f"\n[bold red]{alarm.name}[/]  {alarm.says}\n  why   ", end="")
    out.print(f"{alarm.reason}\n  read  {alarm.runbook}", markup=False)


@click.command(name="dashboard")
@ENV
@click.option("--since", default="1h", show_default=True, help="How far back: 30m, 6h, 7d.")
@click.option("--text", is_flag=True, help="Draw it here and now, instead of a page.")
def show_dashboard(environment: Environment, since: str, text: bool) -> None:
    """Draw the deployed dashboard with its data: a page for the browser, whose address is printed, or text.

    Example: crudctl dashboard --text --since 15m
    """
    back, now, name = seconds(since), time.time(), f"items-{environment.name}"
    found = dashboard(environment.client("cloudwatch"), name, now - back, now)
    if text:
        for line in drawing.lines(found):
            out.print(line)
        return
    environment.write("dashboard.html", drawing.page(found))
    click.echo((environment.home / "dashboard.html").as_uri())


@click.command()
@environment_option(*project.ENVIRONMENTS)
def doctor(environment: Environment) -> None:
    """Check what could stand in the way: tools, credentials, region, quotas, clock, ports. Exit code 1 when something does.

    Example: crudctl doctor --env prod
    """
    sound = True
    for name, found in doctor_checks.run(environment):
        if isinstance(found, Failed):
            sound = False
            out.print(f"[red]✗[/] {name:16} {escape(found.message)}\n{'':18} [dim]{escape(found.hint)}[/]")
        else:
            out.print(f"[green]✓[/] {name:16} {escape(found)}")
    sys.exit(0 if sound else 1)
