"""The steps of a deploy, each by itself: build, plan and apply, release, web. Asks nobody; what it is told to do, it does."""

from __future__ import annotations

import sys
from typing import Any

from crudctl.build import package
from crudctl.console import Failed, err, step
from crudctl.infra import outputs
from crudctl.infra.terraform import Plan, Terraform
from crudctl.project import Environment
from crudctl.release import versions
from crudctl.release.record import Records
from crudctl.web import build as web
from crudctl.web import upload

BUILT = ("build/functions.zip", "build/rollback.zip", "build/openapi.json", "web/dist/index.html")


def build(environment: Environment) -> None:
    """Makes what is deployed. Raises Failed where the bytecode would not be Lambda's."""
    with step("Package the functions"):
        built = package.build_or_fail(environment.root)
    if not built.fits_lambda:
        wanted = ".".join(map(str, package.LAMBDA_PYTHON))
        raise Failed(
            f"The bytecode is of Python {sys.version_info[0]}.{sys.version_info[1]}; Lambda runs {wanted} and would ignore it.",
            f"Install Python {wanted}, then `make clean` and `make up`.",
        )
    web.build_for_deploy(environment.root)


def plan(environment: Environment, lock: bool = True) -> tuple[Terraform, Plan]:
    """What an apply would change, and the Terraform that can apply it. Raises Failed when nothing was built."""
    missing = [name for name in BUILT if not (environment.root / name).exists()]
    if missing:
        raise Failed(f"There is no {', '.join(missing)}.", "Leave --only out, or add --only build.")
    terraform = Terraform(environment)
    with step(f"Plan infra/ for {environment.name}"):
        return terraform, terraform.plan(lock)


def apply(environment: Environment, terraform: Terraform, planned: Plan) -> None:
    """Does what was planned."""
    with step(f"Apply infra/ to {environment.name}") as tell:
        terraform.apply(tell, planned)
    planned.file.unlink()


def pending(environment: Environment) -> dict[str, tuple[str, str]]:
    """What alias prod does not call yet, by operation: the version in service, and the newest. Empty after a first deploy.

    Raises Failed while a release is under way.
    """
    functions: dict[str, str] = outputs.read(environment)["functions"]
    refuse_while_releasing(environment)
    client = environment.client("lambda")
    newest = versions.newest(client, functions)
    found = {
        operation: (
            str(client.get_alias(FunctionName=name, Name="prod")["FunctionVersion"]),
            newest[operation],
        )
        for operation, name in functions.items()
    }
    return {operation: versions for operation, versions in found.items() if versions[0] != versions[1]}


def refuse_while_releasing(environment: Environment) -> None:
    """Raises Failed while a release is under way: an apply would publish versions beneath it."""
    client = environment.client("dynamodb")
    try:
        current = Records(client, f"items-{environment.name}-releases").current()
    except client.exceptions.ResourceNotFoundException:
        return  # a first deploy
    if current and current.running:
        raise Failed(
            f"Release {current.number} of {environment.name} is under way, by {current.who}.",
            f"Wait for it, or see `crudctl release status --env {environment.name}`.",
        )


def upload_web(environment: Environment) -> None:
    """Puts web/dist where CloudFront serves it from."""
    found: dict[str, Any] = outputs.read(environment)
    if "web_bucket" not in found:  # Terraform keeps no output that is null
        err.print("The web app is not uploaded: `cdn` is false.")
        return
    with step("Upload the web app"):
        upload.upload(environment.client("s3"), environment.root / "web" / "dist", found["web_bucket"])
