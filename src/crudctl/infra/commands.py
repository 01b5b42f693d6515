"""The commands that print what an environment has: its outputs, and a token."""

from __future__ import annotations

import json
import sys

import click

from crudctl import project, users
from crudctl.console import Failed, out
from crudctl.infra import outputs
from crudctl.options import environment_option
from crudctl.project import Environment


@click.command(name="outputs")
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


@click.command()
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
