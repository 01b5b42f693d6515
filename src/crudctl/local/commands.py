"""The commands of this layer: their arguments and output."""

from __future__ import annotations

import click
from rich.text import Text

from crudctl.build import service
from crudctl.console import confirm, err, out, relative
from crudctl.local import stack
from crudctl.options import environment_option
from crudctl.project import Environment
from crudctl.release.commands import waiting
from crudctl.web import build as web


@click.command()
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


@click.command()
@environment_option("local")
def down(environment: Environment) -> None:
    """Stop the local stack and keep its data.

    Example: crudctl down
    """
    was_running = stack.down(environment)
    err.print(
        "Stopped. `crudctl up` starts it again with its data." if was_running else "The local stack is not running."
    )


@click.command()
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


def _command(environment: Environment) -> str:
    """Return how to call this program from the working directory."""
    installed = environment.root / ".venv" / "bin" / "crudctl"
    return relative(installed) if installed.exists() else "crudctl"
