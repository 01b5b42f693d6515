"""The commands of `crudctl`: what each takes, prints and exits with. What they do is in the other modules."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from crudctl import project, users
from crudctl.build import contract, contract_changes, package, sbom
from crudctl.console import Failed, err, out, step
from crudctl.cost.commands import cost
from crudctl.deploy.commands import bootstrap, deploy, tokens
from crudctl.durations import seconds
from crudctl.errors import Commands
from crudctl.infra import outputs
from crudctl.infra.terraform import Terraform
from crudctl.local import stack
from crudctl.local.demo import demo
from crudctl.operate import logs
from crudctl.operate.alarms import RINGING, alarms
from crudctl.operate.commands import doctor, show_alarms, show_dashboard, tell
from crudctl.options import environment_option
from crudctl.project import Environment
from crudctl.release.commands import release, waiting
from crudctl.web import build as web

FULL_WIDTH = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(cls=Commands, context_settings=FULL_WIDTH)
@click.version_option(package_name="crudctl")
def main() -> None:
    """Run, look at and deploy the Items API.

    The local stack is the default; all it keeps is in the project's .local folder. Exit codes: 0 done, 1 failed (the message says
    what to do), 2 a release was rolled back.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):  # as Ctrl-C: what is under way is ended in order
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, lambda number, _: sys.exit(128 + number))


main.add_command(release)
main.add_command(demo)
main.add_command(cost)
for command in (bootstrap, deploy, doctor, show_alarms, show_dashboard, tokens):
    main.add_command(command)


@main.command()
@environment_option("local")
@click.option("--port", type=click.IntRange(1, 65535), help="Where the AWS APIs listen, on 127.0.0.1.")
@click.option("--web-port", type=click.IntRange(1, 65535), help="Where the web app is served, on 127.0.0.1.")
@click.option("--hold", is_flag=True, help="Publish what changed, and leave the traffic to `crudctl release start`.")
def up(environment: Environment, port: int | None, web_port: int | None, *, hold: bool) -> None:
    """Bring the whole stack up on this machine. Run again, it changes nothing.

    Example: crudctl up --port 4600
    """
    found = stack.up(environment, port, web_port, hold=hold)
    user = found["demo_users"][0]["username"]
    command = _command(environment)
    out.print(f"\n[bold]Items is up.[/]\n\n  web app    {found['web_url']}\n  API        {found['api_url']}")
    out.print(f"  sign-in    {found['hosted_ui_url']}")
    out.print(f"  users      {', '.join(user['username'] for user in found['demo_users'])}")
    out.print("\nTry it:\n")
    out.print(f"  TOKEN=$({command} token --user {user})", markup=False)
    out.print(f'  curl -H "Authorization: Bearer $TOKEN" {found["api_url"]}/items', markup=False)
    out.print(f"\nLook at it: {command} status, {command} logs -f. Stop it: {command} down.")
    waits = waiting(environment)
    if waits:
        out.print(f"\n{waits}", markup=False)


@main.command()
@environment_option("local")
def down(environment: Environment) -> None:
    """Stop the local stack and keep its data.

    Example: crudctl down
    """
    ran = stack.down(environment)
    err.print("Stopped; `crudctl up` finds the data again." if ran else "It was not running.")


@main.command()
@environment_option("local")
@click.option("--yes", is_flag=True, help="Do not ask.")
def clean(environment: Environment, yes: bool) -> None:
    """Stop the local stack and forget its data, users and state.

    Example: crudctl clean --yes
    """
    if not yes:
        click.confirm(f"Forget everything in {environment.home}?", abort=True, err=True)
    stack.clean(environment)
    err.print("Forgotten.")


@main.command()
@environment_option("local")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(environment: Environment, as_json: bool) -> None:
    """Tell whether the local stack runs. Exit code 1 when it does not.

    Example: crudctl status || crudctl up
    """
    found = stack.status(environment)
    if as_json:
        out.print_json(json.dumps(found))
    elif found["running"]:
        healthy = "[green]running[/]" if found["healthy"] else "[red]not answering[/]; see .local/emulator.log"
        out.print(f"{healthy}   process {found['pid']} since {found['since']}")
        out.print(f"endpoint  {found['endpoint_url']}\napplied   {found['applied'] or 'never; run `crudctl up`'}")
        out.print(f"state     {found['state_bytes'] / 1e6:.1f} MB in {environment.home}")
        if found["healthy"]:
            for alarm in alarms(environment.client("cloudwatch"), f"items-{environment.name}-"):
                if alarm.state == RINGING:
                    tell(alarm)
    else:
        out.print("[yellow]not running[/]; start it with `crudctl up`")
    sys.exit(0 if found["healthy"] else 1)


@main.command(name="outputs")
@environment_option(*project.ENVIRONMENTS)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.argument("name", required=False)
def show_outputs(environment: Environment, as_json: bool, name: str | None) -> None:
    """Print where everything is: URLs, ids, names. With NAME that one value, and nothing else.

    Example: crudctl outputs api_url
    """
    found = outputs.read(environment)
    if name is not None:
        if name not in found:
            raise Failed(f"There is no output {name}.", f"There are {', '.join(found)}.")
        click.echo(json.dumps(found[name]) if as_json or not isinstance(found[name], str) else found[name])
        return
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    if "demo_users" in found:
        found["demo_users"] = ", ".join(user["username"] for user in found["demo_users"]) + " (passwords: --json)"
    for key, value in found.items():
        out.print(f"{key:20} {value}", markup=False)


@main.command()
@environment_option(*project.ENVIRONMENTS)
@click.option("--user", required=True, help="User name, which is an e-mail address.")
@click.option("--password", envvar="CRUDCTL_PASSWORD", help="Asked for when needed; a demo user's is known.")
def token(environment: Environment, user: str, password: str | None) -> None:
    """Print one access token that the API accepts, and nothing else.

    Example: crudctl token --user demo-1@example.com
    """
    found = outputs.read(environment)
    known = {entry["username"]: entry["password"] for entry in found.get("demo_users", [])}
    password = password or known.get(user)
    if password is None:
        if not sys.stdin.isatty():
            raise Failed(f"The password of {user} is not known.", "Give it in CRUDCTL_PASSWORD or with --password.")
        password = click.prompt(f"Password of {user}", hide_input=True, err=True)
    click.echo(users.token(environment, found["user_pool_id"], user, password))


@main.command(name="logs")
@environment_option(*project.ENVIRONMENTS)
@click.option("-f", "--follow", is_flag=True, help="Go on as lines come.")
@click.option("--operation", help="Of one operation's function only, for example create_item.")
@click.option("--request-id", help="About one request only.")
@click.option("--status", help="Of requests with this status only: 404, 5xx.")
@click.option("--since", default="10m", show_default=True, help="How far back: 30s, 10m, 2h, 1d.")
def show_logs(
    environment: Environment,
    follow: bool,
    operation: str | None,
    request_id: str | None,
    status: str | None,
    since: str,
) -> None:
    """Print the functions' and the gateway's log lines, oldest first.

    Example: crudctl logs --status 5xx --since 1h
    """
    back, fits = seconds(since), logs.wanted(request_id, status)
    functions = outputs.read(environment)["functions"]
    names = logs.groups(functions, f"items-{environment.name}", operation)
    try:
        for event in logs.read(environment, names, back, follow, request_id):
            if fits(event["message"]):
                _tell(event)
    except (KeyboardInterrupt, BrokenPipeError):
        sys.stderr.close()  # the reader has gone: nobody is left to tell


@main.command()
@environment_option(*project.ENVIRONMENTS)
@click.argument("request_id")
@click.option("--since", default="1h", show_default=True, help="How far back to look: 10m, 2h, 1d.")
def trace(environment: Environment, request_id: str, since: str) -> None:
    """Print every line about one request, in order, whichever function it was.

    REQUEST_ID is in the answer's x-amzn-requestid header and in every problem document.

    Example: crudctl trace 1cee5cf7-6b0b-442e-9ac6-9f063b32bfe2
    """
    back = seconds(since)
    functions = outputs.read(environment)["functions"]
    names = logs.groups(functions, f"items-{environment.name}", None)
    for event in logs.trace(environment, names, request_id, back):
        out.print(f"[dim]{event['group']}[/]")
        click.echo(event["message"].rstrip("\n"))


@main.command(name="package")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def build(as_json: bool) -> None:
    """Build what is deployed: build/functions.zip and build/openapi.json. Same input, same bytes.

    Example: crudctl package --json
    """
    root = project.root()
    built = package.build_or_fail(root)
    if as_json:
        click.echo(json.dumps({"zip": str(built.zip), "openapi": str(built.openapi), "sha256": built.sha256}))
    else:
        size = built.zip.stat().st_size
        out.print(f"{_relative(built.zip)}  {size:,} bytes  sha256 {built.sha256}\n{_relative(built.openapi)}")


@main.command(name="check-infra")
@environment_option("local")
def check_infra(environment: Environment) -> None:
    """Check form, validity and plan tests of infra/, without any environment.

    Example: crudctl check-infra
    """
    for root in ("infra", "infra/ci"):
        with step(f"Check {root}/ with Terraform"):
            Terraform(environment, root=root).check()


def _tell(event: Mapping[str, Any]) -> None:
    """Prints an event of a log: readable on a terminal, as it is for programs."""
    if out.is_terminal:
        out.print(logs.shown(event))
    else:
        click.echo(event["message"].rstrip("\n"))


@main.command(name="check-web")
def check_web() -> None:
    """Check form, types and unit tests of the web app, and build it.

    Example: crudctl check-web
    """
    root = project.root()
    with step("Package the functions"):
        package.build_or_fail(root)
    web.check_and_build(root)


@main.command(name="sbom")
def bills() -> None:
    """Write bills of material (CycloneDX) and SHA-256 checksums of what was built, into build/.

    Example: crudctl sbom && sha256sum --check build/SHA256SUMS
    """
    for path in sbom.write(project.root()):
        click.echo(_relative(path))


@main.command(name="contract-changes")
@click.argument("base")
def show_contract_changes(base: str) -> None:
    """Tell what breaks clients of the contract as it was at the git revision BASE. Exit code 1 when something does.

    A higher major version in the contract says that clients have to change: then it is told, and the exit code is 0.

    Example: crudctl contract-changes origin/main
    """
    root = project.root()
    try:
        old, new = contract.at_revision(root, base), contract.load(root)
    except contract.ContractError as error:
        raise Failed(str(error), "Name a revision that has a contract, such as origin/main; mend this one.") from error
    found = contract_changes.breaking(old, new)
    for sentence in found:
        click.echo(sentence)
    if not found:
        err.print(f"Nothing breaks a client of {base}.")
    elif not contract_changes.may_break(old, new):
        raise Failed(
            "Clients would break.", "Change it otherwise, or raise the major version in contract/openapi.yaml."
        )


def _command(environment: Environment) -> str:
    """How this program is called from the working directory."""
    installed = environment.root / ".venv" / "bin" / "crudctl"
    return _relative(installed) if installed.exists() else "crudctl"


def _relative(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


if __name__ == "__main__":
    main()
