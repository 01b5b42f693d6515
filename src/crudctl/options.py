"""The option `--env`, which every command that works on an environment takes, and the confirmation of changes to one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection

import click

from crudctl import naming, project
from crudctl.console import Failed, confirm
from crudctl.project import Environment

ON_AWS = (
    " On AWS it is test, prod or any other with settings in infra/envs, such as pr-42; with ordinary AWS credentials."
)


class EnvironmentName(click.ParamType[str]):
    """The name of an environment, where the command works: on this machine, on AWS, or both.

    Args:
        places: of project.LOCAL and project.AWS.
    """

    name = "name"

    def __init__(self, places: Collection[str]) -> None:
        self._places = places

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name. Fail for one that no environment can have, of another place, or without settings in infra/envs."""
        if fault := self._fault(value):
            self.fail(fault, param, ctx)
        return value

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str:  # noqa: ARG002 - click's signature
        """Return what is to be named, as click does for a choice."""
        return f"Name the environment: {', '.join(_with_settings(self._places)) or 'test or prod'}."

    def _fault(self, value: str) -> str:
        place = project.LOCAL if value == project.LOCAL else project.AWS
        if place not in self._places:
            return f"'{value}' is not on AWS." if place == project.LOCAL else f"'{value}' is not 'local'."
        if reason := naming.environment_fault(value):
            return f"the name '{value}' {reason}."
        known = _with_settings(self._places)
        if known and not naming.settings_file(project.root() / "infra", value).is_file():
            return f"'{value}' has no settings: there is no infra/envs/{naming.family(value)}.tfvars, only {', '.join(known)}."
        return ""


def _with_settings(places: Collection[str]) -> list[str]:
    """Return the environments, and families of environments, that have settings in infra/envs."""
    names = sorted(file.stem for file in (project.root() / "infra" / "envs").glob("*.tfvars"))
    return [name for name in names if (project.LOCAL if name == project.LOCAL else project.AWS) in places]


def environment_option(*places: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return an `--env` option that passes an Environment to the command as `environment`.

    The local stack is the default. A command that cannot work on it has none: which account it changes has to be said.

    Args:
        places: where the command works, of project.LOCAL and project.AWS.
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
        type=EnvironmentName(places),
        **({"default": project.LOCAL, "show_default": True} if project.LOCAL in places else {"required": True}),
        callback=chosen,
        help="The environment." + (ON_AWS if project.AWS in places else ""),
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
    elif yes is None or environment.production:
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
    if name is None and (yes is None or environment.production):
        typed = click.prompt(f"{question} Type {environment.prefix} to confirm", err=True)
        refuse_unconfirmed(environment, yes, typed)
    elif name is None and not yes:
        confirm(question)
