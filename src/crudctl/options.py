"""The option `--env`, which every command that works on an environment takes, and the confirmation of changes to one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import click

from crudctl import project
from crudctl.console import Failed, confirm
from crudctl.project import PROD, Environment


def environment_option(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return an `--env` option that passes an Environment to the command as `environment`.

    The local stack is the default. A command that cannot work on it has none: which account it changes has to be said.
    """

    def chosen(_context: click.Context, _option: click.Parameter, name: str) -> Environment:
        environment = Environment(project.root(), name)
        if environment.local:  # so that no AWS library finds a real account
            for variable in [variable for variable in os.environ if variable.startswith("AWS_")]:
                del os.environ[variable]
            os.environ |= {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull}
            os.environ |= project.direct(os.environ)
        return environment

    return click.option(
        "--env",
        "environment",
        type=click.Choice(names),
        **({"default": project.LOCAL, "show_default": True} if project.LOCAL in names else {"required": True}),
        callback=chosen,
        help="The environment. Those on AWS use ordinary AWS credentials.",
    )


def not_empty(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Return the value of an option, for `callback`. Refuse an empty one, such as of a shell variable that is not set."""
    if value is not None and not value.strip():
        raise click.BadParameter("it is empty.")
    return value


def refuse_unconfirmed(environment: Environment, yes: bool | None, name: str | None) -> None:
    """Raise Failed if `confirm_change` could not succeed. Call it before long work that leads to the question."""
    if name is not None:
        if name != environment.prefix:
            raise Failed(f"This is {environment.prefix}, not {name}. Nothing was changed.", "Check --env.")
    elif yes is None or environment.name == PROD:
        if not sys.stdin.isatty():
            raise Failed(
                f"Confirmation required for {environment.prefix}, by its name; --yes is not enough.",
                f"Pass --confirm {environment.prefix}.",
            )
    elif not yes and not sys.stdin.isatty():
        raise Failed("Confirmation required, but stdin is not a terminal.", "Pass --yes.")


def confirm_change(environment: Environment, question: str, yes: bool | None, name: str | None) -> None:
    """Ask for confirmation of a change that cannot be undone. For prod, its name has to be typed, or passed as `name`.

    Args:
        yes: the confirmation, except for prod. None: for no environment, its name is needed.
        name: the prefix of the environment's names, as confirmation for any environment.

    Raise Failed if the name is another one, or if standard input is not a terminal; exit the program if it is declined.
    """
    refuse_unconfirmed(environment, yes, name)
    if name is None and (yes is None or environment.name == PROD):
        typed = click.prompt(f"{question} Type {environment.prefix} to confirm", err=True)
        refuse_unconfirmed(environment, yes, typed)
    elif name is None and not yes:
        confirm(question)
