"""The commands `crudctl alarms`, `crudctl dashboard` and `crudctl doctor`: their arguments, output and exit codes."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import click
from rich.text import Text

from crudctl import project
from crudctl.console import Failed, out
from crudctl.durations import seconds
from crudctl.operate import doctor as doctor_checks
from crudctl.operate import drawing
from crudctl.operate.alarms import FIRING, Alarm, alarms
from crudctl.operate.dashboard import dashboard
from crudctl.options import environment_option
from crudctl.project import Environment

ENV = environment_option(*project.ENVIRONMENTS)
COLOURS = {"OK": "green", FIRING: "bold red", "INSUFFICIENT_DATA": "yellow"}


@click.command(name="alarms")
@ENV
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def show_alarms(environment: Environment, as_json: bool) -> None:
    """List the alarms: state, since when, reason, and section of the runbook.

    Exit code 1 if one is in ALARM, and if there are none: an environment without alarms is not deployed, or has another name.

    Example: crudctl alarms --env prod
    """
    listed = alarms(environment.client("cloudwatch"), f"{environment.prefix}-")
    if not listed:
        raise environment.nothing("alarms")
    firing = [alarm for alarm in listed if alarm.state == FIRING]
    if as_json:
        click.echo(json.dumps([asdict(alarm) for alarm in listed], indent=2, default=str))
    else:
        for line in lines(listed):
            out.print(line)
        for alarm in firing:
            print_alarm(alarm)
    sys.exit(1 if firing else 0)


def lines(listed: Sequence[Alarm]) -> Iterator[Text]:
    """Yield a line for each alarm, in columns as wide as the longest name needs."""
    width = max(26, *(len(alarm.name) for alarm in listed))
    for alarm in listed:
        since = f"since {alarm.since.astimezone():%d %b %H:%M:%S %Z}  {alarm.runbook}"
        yield Text.assemble((f"{alarm.state:18}", COLOURS[alarm.state]), f"{alarm.name:{width}}  ", (since, "dim"))


def print_alarm(alarm: Alarm) -> None:
    """Print an alarm in ALARM: what it means, the reason, and the section of the runbook."""
    out.print(Text.assemble("\n", (alarm.name, "bold red"), f"  {alarm.says}"))
    out.print(f"  why   {alarm.reason}\n  read  {alarm.runbook}")


@click.command(name="dashboard")
@ENV
@click.option("--since", default="1h", show_default=True, help="How far back: 30m, 6h, 7d.")
@click.option("--text", is_flag=True, help="Print the dashboard instead of writing a page.")
def show_dashboard(environment: Environment, since: str, text: bool) -> None:
    """Write the deployed dashboard with its data as a page and print its address, or print it as text.

    Example: crudctl dashboard --text --since 15m
    """
    back, now, name = seconds(since), time.time(), environment.prefix
    client = environment.client("cloudwatch")
    try:
        board = dashboard(client, name, now - back, now)
    except (client.exceptions.DashboardNotFoundError, client.exceptions.ResourceNotFound) as error:
        raise environment.nothing("dashboards") from error
    if text:
        for line in drawing.lines(board):
            out.print(line)
        return
    environment.write("dashboard.html", drawing.page(board))
    click.echo((environment.home / "dashboard.html").as_uri())


@click.command()
@environment_option(*project.ENVIRONMENTS)
def doctor(environment: Environment) -> None:
    """Check tools, ports, credentials, region, quotas and clock. Exit code 1 if a check fails.

    Example: crudctl doctor --env prod
    """
    passed = True
    for name, result in doctor_checks.run(environment):
        if isinstance(result, Failed):
            passed = False
            out.print(Text.assemble(("✗", "red"), f" {name:16} {result.message}\n{'':18} ", (result.hint, "dim")))
        else:
            out.print(Text.assemble(("✓", "green"), f" {name:16} {result}"))
    sys.exit(0 if passed else 1)
