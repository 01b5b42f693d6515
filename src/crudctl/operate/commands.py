"""The commands that look at an environment: their arguments, output and exit codes."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import click
from rich.text import Text

from crudctl import project, users
from crudctl.build import service
from crudctl.console import Failed, err, out
from crudctl.durations import seconds
from crudctl.infra import outputs
from crudctl.operate import doctor as doctor_checks
from crudctl.operate import drawing, logs
from crudctl.operate.alarms import FIRING, Alarm, Recipients, alarms, recipients
from crudctl.operate.dashboard import dashboard
from crudctl.options import environment_option, not_empty
from crudctl.project import Environment

ENV = environment_option(*project.ENVIRONMENTS)
LOCAL_ONLY = ("NO_PROXY", "no_proxy")  # beside AWS_*, what a client of the local stack needs
FORGET = "for name in $(env | sed -n 's/^\\(AWS_[A-Z0-9_]*\\)=.*/\\1/p'); do unset \"$name\"; done"
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
    if not environment.local:
        _report_recipients(
            recipients(environment.client("cloudwatch"), environment.client("sns"), f"{environment.prefix}-")
        )
    sys.exit(1 if firing else 0)


def _report_recipients(notified: Recipients) -> None:
    """Print who receives nothing although somebody should."""
    if notified.pending:
        err.print(
            f"Not confirmed, so not notified: {', '.join(notified.pending)}. AWS has sent them a link to confirm."
        )
    if not notified.confirmed:
        err.print("These alarms notify nobody.")


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


@click.command(name="logs")
@ENV
@click.option("-f", "--follow", is_flag=True, help="Keep printing new lines.")
@click.option("--operation", help="Only about one operation of the contract, or from the function `rollback`.")
@click.option("--request-id", callback=not_empty, help="Only about one request.")
@click.option("--status", help="Only about requests with this status: 404, 5xx.")
@click.option(
    "--user",
    callback=not_empty,
    help="Only the functions' lines about one user: an e-mail address, or the `sub` of a token.",
)
@click.option("--since", default="10m", show_default=True, help="How far back to read: 30s, 10m, 2h, 1d.")
def show_logs(
    environment: Environment,
    follow: bool,
    operation: str | None,
    request_id: str | None,
    status: str | None,
    user: str | None,
    since: str,
) -> None:
    """Print the functions' and the gateway's log lines, oldest first.

    Example: crudctl logs --status 5xx --since 1h
    """
    back = seconds(since)
    request_id = None if request_id is None else request_id.strip().lower()  # as the gateway writes it
    logs.matcher(None, status)  # an invalid status is refused before anything is asked
    values = outputs.read(environment)
    owner = logs.owner_hash(users.subject(environment, values["user_pool_id"], user)) if user else None
    described = service.load(environment.root).operations
    key = described[operation].function if operation and operation in described else operation
    served = (
        None
        if key is None
        else {(of.method, of.path) for name, of in described.items() if operation in (name, of.function)}
    )
    matches = logs.matcher(request_id, status, owner, served)
    names = logs.groups(values["functions"], environment.prefix, key)
    if owner:  # which the gateway does not know
        names = [name for name in names if not logs.of_gateway(name)]
    try:
        for event in logs.read(environment, names, back, follow=follow, term=request_id or owner):
            if matches(event):
                _print_event(event)
    except (KeyboardInterrupt, BrokenPipeError):
        sys.stderr.close()  # the pipe is closed: nobody can read a message


def _print_event(event: Mapping[str, Any]) -> None:
    """Print a log event: formatted on a terminal, as it was logged otherwise."""
    if out.is_terminal:
        out.print(logs.formatted(event))
    else:
        click.echo(event["message"].rstrip("\n"))


@click.command()
@ENV
@click.argument("wanted", metavar="ID")
@click.option("--since", help="How far back to search: 10m, 2h, 1d.  [default: until something is found]")
def trace(environment: Environment, wanted: str, since: str | None) -> None:
    """Print every log line about one request in order, whichever function it was.

    ID is a request id, from the response's x-amzn-requestid header or a problem document; or another id that was logged: an
    X-Correlation-Id, an x-amz-apigw-id, an X-Amzn-Trace-Id, or a W3C trace id, which is a traceparent header or its part of 32
    digits. Of a trace, every request that a function served is printed.

    Example: crudctl trace 1cee5cf7-6b0b-442e-9ac6-9f063b32bfe2
    """
    back = None if since is None else seconds(since)
    names = logs.groups(outputs.read(environment)["functions"], environment.prefix, None)
    for event in logs.trace(environment, names, wanted, back):
        out.print(Text(event["group"], "dim"))
        click.echo(event["message"].rstrip("\n"))


@click.command(name="env")
@ENV
def show_variables(environment: Environment) -> None:
    """Print the lines that let `aws` in this shell work on the environment: eval "$(crudctl env)".

    For the local stack these are its endpoint, its keys and its region, and the shell's own AWS settings are unset. For an
    environment on AWS it is the region; the credentials are the shell's own.

    Example: eval "$(crudctl env --env prod)"
    """
    for line in variable_lines(environment):
        click.echo(line)


def variable_lines(environment: Environment) -> Iterator[str]:
    """Yield the lines of `crudctl env`, for any POSIX shell. Raise Failed when the local stack was never started."""
    if environment.local:
        _ = environment.endpoint_url
        given = environment.variables()
        variables = {name: value for name, value in given.items() if name.startswith("AWS_") or name in LOCAL_ONLY}
        yield FORGET
    else:
        variables = {"AWS_REGION": environment.region, "AWS_DEFAULT_REGION": environment.region}
        if os.environ.get("AWS_ENDPOINT_URL") == _local_endpoint(environment):  # of an earlier `crudctl env`
            yield FORGET
    for name, value in sorted(variables.items()):
        yield f"export {name}={shlex.quote(value)}"


def _local_endpoint(environment: Environment) -> str:
    """Return the URL of the local stack of the same project; empty if it was never started."""
    local = Environment(environment.root, project.LOCAL)
    return local.endpoint_url or "" if local.record else ""
