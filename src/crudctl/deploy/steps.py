"""The steps of a deploy, each by itself: build, plan and apply, release, web. Asks for no confirmation."""

from __future__ import annotations

import sys
from collections.abc import Collection
from typing import Any

from crudctl.build import package
from crudctl.console import Failed, err, step
from crudctl.infra import outputs
from crudctl.infra.terraform import Plan, Terraform
from crudctl.project import Environment
from crudctl.release import order, survey, versions
from crudctl.release.aliases import PROD
from crudctl.release.record import Records, Release
from crudctl.web import build as web
from crudctl.web import upload

BUILT = ("build/functions.zip", "build/rollback.zip", "build/openapi.json", "build/service.json", "web/dist/index.html")


def build(environment: Environment) -> None:
    """Build what is deployed. Raise Failed if the bytecode is not of Lambda's Python version."""
    with step("Package the functions"):
        built = package.build_or_fail(environment.root)
    if not built.fits_lambda:
        wanted = ".".join(map(str, package.LAMBDA_PYTHON))
        raise Failed(
            f"The bytecode is of Python {sys.version_info[0]}.{sys.version_info[1]}, which Lambda's {wanted} would ignore.",
            f"Install Python {wanted}, then run `make clean` and `make up`.",
        )
    web.build_for_deploy(environment.root)


def plan(environment: Environment, lock: bool = True) -> tuple[Terraform, Plan]:
    """Return the plan of what an apply would change, and the Terraform to apply it. Raise Failed if nothing was built."""
    missing = [name for name in BUILT if not (environment.root / name).exists()]
    if missing:
        raise Failed(f"{', '.join(missing)} does not exist.", "Omit --only, or add --only build.")
    terraform = Terraform(environment)
    with step(f"Plan infra/ for {environment.name}"):
        return terraform, terraform.plan(lock)


def plan_destruction(environment: Environment) -> tuple[Terraform, Plan]:
    """Return the plan to delete an environment. Raise Failed while a release is under way, and if deletion protection is on."""
    refuse_while_releasing(environment)
    terraform = Terraform(environment)
    with step(f"Plan the deletion of {environment.prefix}"):
        planned = terraform.plan(destroy=True)
    if protected := terraform.protected(planned):
        raise Failed(
            f"{', '.join(protected)} are protected from deletion. Nothing was deleted.",
            f"Write `deletion_protection = false` into infra/envs/{environment.name}.tfvars and deploy that first.",
        )
    return terraform, planned


def apply(environment: Environment, terraform: Terraform, planned: Plan) -> None:
    """Apply a plan and delete its file."""
    with step(f"Apply infra/ to {environment.name}") as progress:
        terraform.apply(progress, planned)
    planned.file.unlink()


def pending(environment: Environment) -> dict[str, tuple[str, str]]:
    """Return by operation the version in service and the newest, where they differ. Empty after a first deploy.

    Raise Failed while a release is under way.
    """
    functions: dict[str, str] = outputs.read(environment)["functions"]
    refuse_while_releasing(environment)
    client = environment.client("lambda")
    newest = versions.newest(client, functions)
    by_operation = {
        operation: (
            str(client.get_alias(FunctionName=name, Name="prod")["FunctionVersion"]),
            newest[operation],
        )
        for operation, name in functions.items()
    }
    return {operation: pair for operation, pair in by_operation.items() if pair[0] != pair[1]}


def refuse_while_releasing(environment: Environment) -> None:
    """Raise Failed while a release is under way: an apply would publish versions meanwhile."""
    current = _last_release(environment)
    if current and current.running:
        raise Failed(
            f"Release {current.number} of {environment.name} is under way, by {current.who}.",
            f"Wait until it has finished; `crudctl release status --env {environment.name}` shows its progress.",
        )


def refuse_out_of_order(environment: Environment, terraform: Terraform, planned: Plan) -> None:
    """Raise Failed if what a plan would publish could not be released after the versions in service."""
    client = environment.client("lambda")
    environments: dict[str, dict[str, dict[str, str]]] = {}
    old, new = {}, {}
    for name, variables in terraform.environments(planned).items():
        try:
            serving = client.get_function_configuration(FunctionName=name, Qualifier=PROD)
        except client.exceptions.ResourceNotFoundException:
            continue  # a new function, or one without aliases
        operation = name.removeprefix(f"{environment.prefix}-")  # as the records of releases name it
        old[operation], new[operation] = serving["Version"], order.PLANNED
        environments[operation] = {serving["Version"]: serving["Environment"]["Variables"], order.PLANNED: variables}
    refusal = order.refusal(environments, old, new, _last_release(environment))
    if refusal:
        raise Failed(refusal.message, refusal.hint)


def refuse_losses(terraform: Terraform, planned: Plan, accepted: Collection[str]) -> None:
    """Raise Failed if a plan deletes a table or a user pool whose address is not among those `accepted`."""
    losses = [address for address in terraform.losses(planned) if address not in accepted]
    if losses:
        raise Failed(
            f"This would delete {' and '.join(losses)}, with everything in it. Nothing was changed.",
            "See `forces replacement` in the plan and undo that change. If the data is to go, first make a `crudctl backup`, "
            f"then pass {' '.join(f'--delete {address}' for address in losses)}.",
        )


def _last_release(environment: Environment) -> Release | None:
    """Return the release under way or, if there is none, the last one; None before the first release."""
    client = environment.client("dynamodb")
    try:
        return Records(client, f"{environment.prefix}-releases").current()
    except client.exceptions.ResourceNotFoundException:
        return None


def call_every_operation(environment: Environment) -> None:
    """Call every operation once. Raise Failed, with those that fail and why."""
    with step("Call every operation"):
        wrong = survey.failures(environment, outputs.read(environment)["functions"])
    if wrong:
        raise Failed(
            f"Deployed to {environment.name}, but not everything works:\n" + "\n".join(f"  {line}" for line in wrong),
            f"If it worked before, run `crudctl release rollback --env {environment.name}`. If a permission is missing, see "
            "`actions` in infra/functions.tf. The web app was not uploaded; --only web uploads it.",
        )


def upload_web(environment: Environment) -> None:
    """Upload web/dist to the bucket that CloudFront serves."""
    values: dict[str, Any] = outputs.read(environment)
    if "web_bucket" not in values:  # Terraform keeps no null outputs
        err.print("The web app was not uploaded: `cdn` is false.")
        return
    with step("Upload the web app"):
        upload.upload(environment.client("s3"), environment.root / "web" / "dist", values["web_bucket"])
