"""The command `status`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import click
from rich.text import Text

from crudctl.console import out
from crudctl.local import stack
from crudctl.operate.alarms import FIRING, alarms
from crudctl.operate.commands import print_alarm
from crudctl.options import environment_option
from crudctl.project import Environment


@click.command()
@environment_option("local")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def status(environment: Environment, as_json: bool) -> None:
    """Show whether the local stack is running. Exit code 1 if it is not running or does not respond.

    Example: crudctl status || crudctl up
    """
    current = stack.status(environment)
    if as_json:
        out.print_json(json.dumps(current))
    elif current["running"]:
        _print_health(current)
        out.print(f"endpoint  {current['endpoint_url']}\napplied   {current['applied'] or 'never; run `crudctl up`'}")
        out.print(f"state     {current['state_bytes'] / 1e6:.1f} MB in {environment.home}")
        if current["healthy"]:
            listed = alarms(environment.client("cloudwatch"), f"{environment.prefix}-")
            if current["applied"] and not listed:
                raise environment.nothing("alarms")
            for alarm in listed:
                if alarm.state == FIRING:
                    print_alarm(alarm)
    else:
        out.print(Text.assemble(("not running", "yellow"), "; start it with `crudctl up`"))
    sys.exit(0 if current["healthy"] else 1)


def _print_health(current: Mapping[str, Any]) -> None:
    health = Text("running", "green") if current["healthy"] else Text("not responding", "red")
    log = "" if current["healthy"] else "; see .local/emulator.log"
    out.print(Text.assemble(health, f"{log}   process {current['pid']} since {current['since']}"))
