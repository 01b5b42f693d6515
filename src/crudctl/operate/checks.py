"""The commands that check infra/ and the web app. They need no environment."""

from __future__ import annotations

import click

from crudctl import project
from crudctl.build import package
from crudctl.console import step
from crudctl.infra.terraform import Terraform
from crudctl.options import environment_option
from crudctl.project import Environment
from crudctl.web import build as web


@click.command(name="check-infra")
@environment_option("local")
def check_infra(environment: Environment) -> None:
    """Check the format and validity of infra/ and run its plan tests. Needs no environment.

    Example: crudctl check-infra
    """
    for root in ("infra", "infra/ci"):
        with step(f"Check {root}/ with Terraform"):
            Terraform(environment, root=root).check()


@click.command(name="check-web")
def check_web() -> None:
    """Check the format and types of the web app, run its unit tests, and build it.

    Example: crudctl check-web
    """
    root = project.root()
    with step("Package the functions"):
        package.build_or_fail(root)
    web.check_and_build(root)
