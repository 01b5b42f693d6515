"""The steps of a deploy, each by itself: build, plan and apply, release, web. Asks for no confirmation."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from crudctl import locks
from crudctl.build import contract, package, service
from crudctl.console import Failed, err, step
from crudctl.deploy import revision, shipped
from crudctl.deploy.artefacts import DIST, FUNCTIONS, ROLLBACK, Artefacts, check_origin, freeze
from crudctl.deploy.shipped import Behind
from crudctl.infra.folder import PrivateFolder
from crudctl.infra.terraform import Plan, Terraform
from crudctl.operate import doctor
from crudctl.project import Environment
from crudctl.release import commands, ending, frozen, order, rollout, survey, versions, web_app
from crudctl.release.aliases import PROD, Aliases
from crudctl.release.cloud import cloud_of
from crudctl.release.record import Records, Release
from crudctl.release.rollout import Prepared
from crudctl.web import build as web

# What may change when the gateway loses what the contract in service no longer has; all else was in the plan that was confirmed.
NARROWING = (
    "aws_api_gateway_method_settings",
    "aws_api_gateway_rest_api",
    "aws_cloudwatch_dashboard",
    "aws_lambda_permission",
)


@dataclass(frozen=True)
class Deploy:
    """One deploy: what it ships, and the Terraform that works with it."""

    environment: Environment
    artefacts: Artefacts
    terraform: Terraform


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


@contextlib.contextmanager
def prepared(environment: Environment, steps: Collection[str], checksums: str | None = None) -> Iterator[Deploy]:
    """Build, if that is one of the `steps`, and yield the deploy of what the others need. Its copies are removed in the end.

    Args:
        checksums: SHA-256 of the build/SHA256SUMS that lists what may be shipped; by default, whatever was built.

    Raise Failed if something was not built, or is not what the checksums list.
    """
    environment.make_home()
    folder = PrivateFolder(environment.home / "runs")
    try:
        with locks.of_builds(environment.root):
            if "build" in steps:
                build(environment)
            artefacts = freeze(environment.root, folder.path, steps)
        if checksums is not None:
            check_origin(artefacts, environment.root, checksums)
        yield Deploy(environment, artefacts, Terraform(environment, folder=folder))
    finally:
        folder.close()


def ask_doctor(environment: Environment, steps: Collection[str]) -> None:
    """Raise Failed if `crudctl doctor` finds what would make a deploy fail, or the service, with all that it finds.

    A shortage is only printed, except for prod: a new account must be able to get its first deploy.
    """
    with step(f"Check {environment.name} as `crudctl doctor` does"):
        found = [
            (title, result)
            for title, result in doctor.run(environment)
            if isinstance(result, Failed) and (title in doctor.AWS or "build" in steps)
        ]
    lines = [f"  {title}: {failure.message} {failure.hint}".rstrip() for title, failure in found]
    if any(stops(environment, failure) for _, failure in found):
        raise Failed(
            f"Nothing was changed: {environment.name} is not ready.\n" + "\n".join(lines),
            "Fix this, or deploy in spite of it with --no-doctor.",
        )
    for line in lines:
        err.print(line)


def stops(environment: Environment, failure: Failed) -> bool:
    """Return whether what doctor found keeps an environment from a deploy."""
    if isinstance(failure, doctor.Warned):
        return False
    return environment.production or not isinstance(failure, doctor.Shortage)


def refuse_older(environment: Environment) -> None:
    """Raise Failed if a newer commit than this one was deployed."""
    ours = revision.here(environment.root)
    last = revision.deployed(environment.client("s3"), _artefacts_bucket(environment))
    if ours and last:
        revision.refuse_older(environment.root, ours, last, environment.name)


def record_revision(environment: Environment) -> None:
    """Record the commit that is being deployed, if the project is in a repository."""
    if ours := revision.here(environment.root):
        revision.record(environment.client("s3"), _artefacts_bucket(environment), ours)


def _artefacts_bucket(environment: Environment) -> str:
    """Return the name of the bucket of the packages, as infra/artefacts.tf has it."""
    account = environment.client("sts").get_caller_identity()["Account"]
    return f"{environment.prefix}-artefacts-{account}"


def with_gateway(deploy: Deploy) -> tuple[Deploy, Prepared]:
    """Return the deploy that brings the gateway what goes out before the functions, and what that is.

    Raise Failed if something goes out in several steps and the package is of another contract than the project.
    """
    contract_ = contract.read(deploy.artefacts.root)
    prepared = rollout.prepare(deploy.environment, deploy.terraform.outputs(), contract_)
    built = json.loads((deploy.artefacts.root / "build" / "openapi.json").read_text(encoding="utf-8"))
    if not prepared.plain and built != prepared.rollout.after:
        raise Failed("build/openapi.json is not of contract/openapi.yaml.", "Add --only build, which makes it again.")
    variables = prepared.write(deploy.artefacts.root / "gateway")
    return replace(deploy, terraform=deploy.terraform.given(variables)), prepared


def serve(deploy: Deploy, prepared: Prepared) -> None:
    """Let the gateway serve the body that was applied."""
    cloud = cloud_of(deploy.environment)
    with step("Let the gateway serve what was applied"):
        rollout.complete(cloud, prepared)


def narrow(deploy: Deploy, functions: Mapping[str, str]) -> None:
    """Remove from the gateway what the contract in service no longer has; if more would change than that, print what to do."""
    if not rollout.narrows(cloud_of(deploy.environment, functions)):
        return
    deploy, prepared = with_gateway(deploy)
    planned = plan(deploy)
    others = [one["address"] for one in planned.changed if one["type"] not in NARROWING]
    if others:
        err.print(
            f"The gateway still has what this release removed, because {', '.join(others)} would change too. Deploy again."
        )
        return
    apply(deploy, planned)
    serve(deploy, prepared)


def plan(deploy: Deploy, lock: bool = True) -> Plan:
    """Return the plan of what an apply would change."""
    deploy.artefacts.check()
    with step(f"Plan infra/ for {deploy.environment.name}"):
        return deploy.terraform.plan(lock)


def plan_destruction(environment: Environment) -> tuple[Terraform, Plan]:
    """Return the plan to delete an environment. Raise Failed while a releaser is at work, and if deletion protection is on."""
    refuse_while_releasing(environment, even_if_dead=False)
    terraform = Terraform(environment)
    with step(f"Plan the deletion of {environment.prefix}"):
        planned = terraform.plan(destroy=True)
    if protected := terraform.protected(planned):
        raise Failed(
            f"{', '.join(protected)} are protected from deletion. Nothing was deleted.",
            f"Write `deletion_protection = false` into infra/envs/{environment.name}.tfvars and deploy that first.",
        )
    return terraform, planned


def not_imported(deploy: Deploy, planned: Plan) -> dict[str, str]:
    """Return the contract by the id of the API that does not have it, although Terraform's state does: its import has failed."""
    return shipped.not_imported(deploy.environment.client("apigateway"), planned.bodies)


def import_again(deploy: Deploy, bodies: Mapping[str, str]) -> Plan:
    """Import the contract into APIs. Return the plan of what remains; nothing is served before that.

    https://docs.aws.amazon.com/apigateway/latest/api/API_PutRestApi.html
    """
    client = deploy.environment.client("apigateway")
    for api, body in bodies.items():
        with step(f"Import the contract into API {api}, where that has failed before"):
            client.put_rest_api(restApiId=api, mode="overwrite", failOnWarnings=True, body=body.encode())
    return plan(deploy)


def apply(deploy: Deploy, planned: Plan) -> None:
    """Apply a plan."""
    deploy.artefacts.check()
    with step(f"Apply infra/ to {deploy.environment.name}") as progress:
        deploy.terraform.apply(progress, planned)


def behind(deploy: Deploy, functions: Mapping[str, str], applied: bool) -> list[Behind]:
    """Return the functions that are not what was deployed although Terraform has nothing to do.

    Args:
        applied: whether the package was applied; otherwise only versions are compared with what they were published of.
    """
    client, artefacts, functions = (
        deploy.environment.client("lambda"),
        deploy.artefacts,
        _of_contract(deploy, functions),
    )
    found = shipped.behind(client, functions, artefacts.code_sha256(FUNCTIONS) if applied else None)
    name = f"{deploy.environment.prefix}-rollback"
    if applied and shipped.code_of(client, name) != artefacts.code_sha256(ROLLBACK):
        found.append(Behind(name, code=True, version="", differs="code that is not of this package"))
    return found


def _of_contract(deploy: Deploy, functions: Mapping[str, str]) -> dict[str, str]:
    """Return those of the functions that the contract has; the others stay as they are, for the way back."""
    ours = service.load(deploy.artefacts.root).functions
    return {key: name for key, name in functions.items() if key in ours}


def complete(deploy: Deploy, found: Collection[Behind]) -> None:
    """Give functions the code of the package and publish it, as Terraform should have. Raise Failed if that does not help."""
    client = deploy.environment.client("lambda")
    for each in found:
        zipped = FUNCTIONS if each.version else ROLLBACK
        with step(f"Publish {each.name}, which has {each.differs}"):
            shipped.complete(client, each, deploy.artefacts.root / zipped, deploy.artefacts.code_sha256(zipped))


def pending(deploy: Deploy, functions: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return by operation the version in service and the newest, where they differ. Empty after a first deploy.

    A function that the contract no longer has stays where it is.

    Raise Failed while a release is under way.
    """
    refuse_while_releasing(deploy.environment)
    client, functions = deploy.environment.client("lambda"), _of_contract(deploy, functions)
    newest = versions.newest(client, functions)
    by_operation = {
        operation: (
            str(client.get_alias(FunctionName=name, Name="prod")["FunctionVersion"]),
            newest[operation],
        )
        for operation, name in functions.items()
    }
    return {operation: pair for operation, pair in by_operation.items() if pair[0] != pair[1]}


def start_release(
    deploy: Deploy, functions: Mapping[str, str], new: Mapping[str, str], pace: commands.Pace, *, accepted: bool
) -> None:
    """Release these versions, with probes from the contract that is deployed. Exit the program as `release start` does.

    Args:
        deploy: what is deployed.
        functions: function name by operation.
        new: version by operation.
        pace: of the release.
        accepted: whether answers that differ from the old versions' are noted, and do not end the release.
    """
    cloud = cloud_of(deploy.environment, functions, deploy.artefacts.root)
    commands.run(deploy.environment, pace, cloud, new, accepted=accepted)


def refuse_while_releasing(environment: Environment, even_if_dead: bool = True) -> None:
    """Raise Failed while a release is under way: an apply would publish versions meanwhile.

    Args:
        even_if_dead: also if its releaser has died, so that it can be resumed.
    """
    current = _last_release(environment)
    if current and current.running and (even_if_dead or not ending.dead(current)):
        raise Failed(
            f"Release {current.number} of {environment.name} is under way, by {current.who}.",
            f"Wait until it has finished; `crudctl release status --env {environment.name}` shows its progress.",
        )


def freeze_of(environment: Environment) -> str:
    """Return until when nothing is released, and why; empty if there is no freeze."""
    freeze = frozen.in_force(environment)
    return frozen.sentence(freeze, environment) if freeze else ""


def refuse_frozen(environment: Environment) -> None:
    """Raise Failed during a freeze: what is applied would wait for its release, and settings would be in force without one."""
    if freeze := frozen.in_force(environment):
        raise frozen.refusal(freeze, environment)


def refuse_out_of_order(deploy: Deploy, planned: Plan) -> None:
    """Raise Failed if what a plan would publish could not be released after the versions in service."""
    environment = deploy.environment
    client = environment.client("lambda")
    environments: dict[str, dict[str, dict[str, str]]] = {}
    old, new = {}, {}
    for name, variables in deploy.terraform.environments(planned).items():
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


def call_every_operation(deploy: Deploy, functions: Mapping[str, str]) -> None:
    """Call every operation once. Raise Failed, with those that fail and why."""
    environment = deploy.environment
    with step("Call every operation"):
        wrong = survey.failures(environment, functions, deploy.artefacts.root)
    if wrong:
        raise Failed(
            f"Deployed to {environment.name}, but not everything works:\n" + "\n".join(f"  {line}" for line in wrong),
            f"If it worked before, run `crudctl release rollback --env {environment.name}`. If a permission is missing, see "
            "`actions` in infra/functions.tf. The web app was not uploaded; --only web uploads it.",
        )


def upload_web(deploy: Deploy, values: Mapping[str, Any]) -> None:
    """Upload the web app to the bucket that CloudFront serves, and note the build in the record of the release in service.

    Args:
        values: the environment's outputs.
    """
    cloud = cloud_of(deploy.environment, values["functions"])
    builds = cloud.web()
    if builds is None:
        err.print("The web app was not uploaded: `cdn` is false.")
        return
    deploy.artefacts.check()
    with step("Upload the web app"):
        prod = Aliases(cloud.client("lambda"), cloud.functions, "nobody").positions(PROD)
        web_app.put_in_service(builds, deploy.artefacts.root / DIST, cloud.records(), prod)
