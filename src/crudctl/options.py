"""The option `--env`, which every command that works on an environment takes."""

from __future__ import annotations

import os
from collections.abc import Callable

import click

from crudctl import project
from crudctl.project import Environment


def environment_option(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return an `--env` option that passes an Environment to the command as `environment`."""

    def chosen(_context: click.Context, _option: click.Parameter, name: str) -> Environment:
        environment = Environment(project.root(), name)
        if environment.local:  # so that no AWS library finds a real account
            for variable in [variable for variable in os.environ if variable.startswith("AWS_")]:
                del os.environ[variable]
            os.environ |= {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull}
            os.environ |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        return environment

    return click.option(
        "--env",
        "environment",
        type=click.Choice(names),
        default=names[0],
        show_default=True,
        callback=chosen,
        help="The environment. Those on AWS use ordinary AWS credentials.",
    )
