"""The commands of `crudctl`: their arguments, output and exit codes. The other modules do the work."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from crudctl import project, users
from crudctl.backup.commands import backup, restore, use_table
from crudctl.build import contract, contract_changes, package, sbom, service
from crudctl.build.commands import example
from crudctl.console import Failed, confirm, err, out, step
from crudctl.cost.commands import cost
from crudctl.deploy.commands import bootstrap, deploy, names, tokens
from crudctl.deploy.destroy import destroy, members
from crudctl.errors import Commands
from crudctl.infra import outputs
from crudctl.infra.terraform import Terraform
from crudctl.local import stack
from crudctl.local.demo import demo
from crudctl.new.commands import new
from crudctl.operate.alarms import FIRING, alarms
from crudctl.operate.commands import doctor, print_alarm, show_alarms, show_dashboard, show_logs, show_variables, trace
from crudctl.options import environment_option
from crudctl.people.commands import users as people
from crudctl.project import Environment
from crudctl.release.commands import release, waiting
from crudctl.verify.commands import verify
from crudctl.web import build as web

FULL_WIDTH = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(cls=Commands, context_settings=FULL_WIDTH)
@click.version_option(package_name="crudctl")
def main() -> None:
    """Run, inspect and deploy the API of contract/openapi.yaml.

    The local stack is the default; its data is in the project's .local folder. Exit codes: 0 success, 1 failure (the message
    says what to do), 2 a release was rolled back.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):  # as for Ctrl-C, the work under way is ended in order
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, lambda number, _: sys.exit(128 + number))


main.add_command(release)
main.add_command(demo)
main.add_command(cost)
main.add_command(verify)
main.add_command(people)
operating = (doctor, show_alarms, show_dashboard, show_logs, trace, show_variables)
for command in (
    new,
    example,
    bootstrap,
    deploy,
    destroy,
    members,
    backup,
    restore,
    use_table,
    *operating,
    names,
    tokens,
):
    main.add_command(command)


@main.command()
@environment_option("local")
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the AWS APIs, on 127.0.0.1.")
@click.option("--web-port", type=click.IntRange(1, 65535), help="Port of the web app, on 127.0.0.1.")
@click.option(
    "--hold", is_flag=True, help="Publish changed functions, and leave the traffic to `crudctl release start`."
)
def up(environment: Environment, port: int | None, web_port: int | None, *, hold: bool) -> None:
    """Start the whole stack on this machine. If it is running and up to date, nothing changes.

    Example: crudctl up --port 4600
    """
    result, described = stack.up(environment, port, web_port, hold=hold), service.load(environment.root)
    user = result["demo_users"][0]["username"]
    command = _command(environment)
    web_app = "not built, for the reason above" if web.missing(environment.root) else result["web_url"]
    out.print(Text(f"\n{described.title} is up.", "bold"))
    out.print(f"\n  web app    {web_app}\n  API        {result['api_url']}")
    out.print(f"  sign-in    {result['hosted_ui_url']}")
    out.print(f"  users      {', '.join(user['username'] for user in result['demo_users'])}")
    out.print("\nTry it:\n")
    out.print(f"  TOKEN=$({command} token --user {user})")
    out.print(f'  curl -H "Authorization: Bearer $TOKEN" {result["api_url"]}/{described.collection}')
    out.print(f"\nInspect it: {command} status, {command} logs -f. Stop it: {command} down.")
    pending = waiting(environment)
    if pending:
        out.print(f"\n{pending}")


@main.command()
@environment_option("local")
def down(environment: Environment) -> None:
    """Stop the local stack and keep its data.

    Example: crudctl down
    """
    was_running = stack.down(environment)
    err.print(
        "Stopped. `crudctl up` starts it again with its data." if was_running else "The local stack is not running."
    )


@main.command()
@environment_option("local")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def clean(environment: Environment, yes: bool) -> None:
    """Stop the local stack and delete its data, users and state. Backups in the folder `backups` stay.

    Example: crudctl clean --yes
    """
    size = sum(file.lstat().st_size for file in environment.home.rglob("*") if not file.is_dir()) / 1e6
    what = f"everything in {environment.home} ({size:.1f} MB): the local stack's data, users, settings and Terraform's state"
    if yes:
        err.print(f"Deleting {what}.")
    else:
        confirm(f"Delete {what}?")
    stack.clean(environment)
    err.print("Deleted.")


@main.command()
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


@main.command(name="outputs")
@environment_option(*project.ENVIRONMENTS)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.argument("name", required=False)
def show_outputs(environment: Environment, as_json: bool, name: str | None) -> None:
    """Print the URLs, ids and names of the environment, or with NAME one value and nothing else.

    Example: crudctl outputs api_url
    """
    values = outputs.read(environment)
    if name is not None:
        if name not in values:
            raise Failed(f"There is no output '{name}'.", f"The outputs are {', '.join(values)}.")
        click.echo(json.dumps(values[name]) if as_json or not isinstance(values[name], str) else values[name])
        return
    if as_json:
        click.echo(json.dumps(values, indent=2))
        return
    if "demo_users" in values:
        values["demo_users"] = ", ".join(user["username"] for user in values["demo_users"]) + " (passwords: --json)"
    width = max([20, *map(len, values)])
    for key, value in values.items():
        out.print(f"{key:{width}} {value}")


@main.command()
@environment_option(*project.ENVIRONMENTS)
@click.option("--user", required=True, help="User name, an e-mail address.")
@click.option(
    "--password",
    envvar="CRUDCTL_PASSWORD",
    help="Asked for if omitted, except for demo users, whose passwords are known.",
)
def token(environment: Environment, user: str, password: str | None) -> None:
    """Print one access token that the API accepts, and nothing else.

    Example: crudctl token --user demo-1@example.com
    """
    values = outputs.read(environment)
    known = {entry["username"]: entry["password"] for entry in values.get("demo_users", [])}
    password = password or known.get(user)
    if password is None:
        if not sys.stdin.isatty():
            raise Failed(f"The password of {user} is not known.", "Set CRUDCTL_PASSWORD or pass --password.")
        password = click.prompt(f"Password of {user}", hide_input=True, err=True)
    click.echo(users.token(environment, values["user_pool_id"], user, password))


@main.command(name="package")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def build(as_json: bool) -> None:
    """Build what is deployed: build/functions.zip and build/openapi.json. The same sources give the same bytes.

    It also writes the contract for generators of clients: build/contract.json (OpenAPI 3.0) and build/openapi-3.1.json.

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
    """Check the format and validity of infra/ and run its plan tests. Needs no environment.

    Example: crudctl check-infra
    """
    for root in ("infra", "infra/ci"):
        with step(f"Check {root}/ with Terraform"):
            Terraform(environment, root=root).check()


@main.command(name="check-web")
def check_web() -> None:
    """Check the format and types of the web app, run its unit tests, and build it.

    Example: crudctl check-web
    """
    root = project.root()
    with step("Package the functions"):
        package.build_or_fail(root)
    web.check_and_build(root)


@main.command(name="sbom")
def write_sbom() -> None:
    """Write bills of materials (CycloneDX) and SHA-256 checksums of the build to build/.

    Example: crudctl sbom && sha256sum --check build/SHA256SUMS
    """
    for path in sbom.write(project.root()):
        click.echo(_relative(path))


@main.command(name="contract-changes")
@click.argument("base")
def show_contract_changes(base: str) -> None:
    """List changes since the git revision BASE that break clients of the contract. Exit code 1 if there are any.

    A higher major version in the contract announces such changes: they are still listed, and the exit code is 0.

    Example: crudctl contract-changes origin/main
    """
    root = project.root()
    try:
        old, new = contract.at_revision(root, base), contract.load(root)
        changes, announced = contract_changes.breaking(old, new), contract_changes.may_break(old, new)
    except contract.ContractError as error:
        raise Failed(
            str(error), "Name a revision that has a contract, such as origin/main, or fix contract/openapi.yaml."
        ) from error
    for sentence in changes:
        click.echo(sentence)
    if not changes:
        err.print(f"No change breaks a client of {base}.")
    elif not announced:
        raise Failed("These changes break clients.", "Undo them, or raise the major version in contract/openapi.yaml.")


def _command(environment: Environment) -> str:
    """Return how to call this program from the working directory."""
    installed = environment.root / ".venv" / "bin" / "crudctl"
    return _relative(installed) if installed.exists() else "crudctl"


def _relative(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


if __name__ == "__main__":
    main()
