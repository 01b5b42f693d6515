"""The commands for environments on AWS: their arguments, output and exit codes."""

from __future__ import annotations

import sys

import click

from crudctl import project, users
from crudctl.console import Failed, err, out, step
from crudctl.deploy import steps as deploy_steps
from crudctl.infra import outputs, state
from crudctl.infra.terraform import Terraform
from crudctl.options import confirm_change, environment_option, refuse_unconfirmed
from crudctl.project import Environment
from crudctl.release.commands import release

STEPS = ("build", "apply", "release", "web")


@click.command()
@environment_option(*project.ON_AWS)
def bootstrap(environment: Environment) -> None:
    """Create what an environment needs before its first deploy, with an administrator's credentials. Run it again to repair it.

    This is the bucket of Terraform's state, the permissions boundary of all roles that a deploy may create, and, if
    infra/ci/envs names a GitHub repository, the roles with which its workflows plan and deploy.

    Environments with a number, such as pr-42, share what this creates for their family: `crudctl bootstrap --env pr`.

    Example: crudctl bootstrap --env test
    """
    if environment.family != environment:
        raise Failed(
            f"{environment.name} needs no bootstrap of its own: it uses what was made for {environment.family.name}.",
            f"Run `crudctl bootstrap --env {environment.family.name}`, once for all of them.",
        )
    bucket = state.bucket(environment)
    terraform = Terraform(environment, root="infra/ci")
    with environment.alone():
        with step(f"Create the state bucket of {environment.name}"):
            new = bucket.create()
        with step("Apply infra/ci with Terraform") as progress:
            terraform.apply(progress)
    created = terraform.outputs()
    out.print(f"state bucket    {bucket.name}{'' if new else ' (exists)'}\nboundary        {created['boundary']}")
    for name, arn in created["roles"].items():
        out.print(f"role to {name:7} {arn}")


@click.command()
@environment_option(*project.ON_AWS)
@click.option("--plan", is_flag=True, help="Build, print what would change, and stop.")
@click.option("--yes", is_flag=True, help="Apply changes without asking for confirmation.")
@click.option(
    "--only", multiple=True, type=click.Choice(STEPS), help="Run only this step. Repeat it for several.  [default: all]"
)
@click.option(
    "--steps", default="10,50,100", show_default=True, help="Shares of the traffic for the new version, in %."
)
@click.option("--bake", default="10m", show_default=True, help="Minimum duration of each share: 10m, 1h.")
@click.option(
    "--delete",
    multiple=True,
    metavar="ADDRESS",
    help="Let the plan delete this table or user pool, with everything in it.",
)
@click.pass_context
def deploy(
    context: click.Context,
    environment: Environment,
    plan: bool,
    yes: bool,
    only: tuple[str, ...],
    steps: str,
    bake: str,
    delete: tuple[str, ...],
) -> None:
    """Build, apply to AWS, release by canary and upload the web app, at once or step by step.

    A first deploy takes traffic at once, as there is no version to compare it with. At the end every operation is called once,
    and if one fails, so does the command. Exit codes: 0 success, 1 failure, 2 the new version was rolled back. After a failure or
    a rollback the web app is not uploaded.

    Example: crudctl deploy --env test --plan
    """
    chosen = only or STEPS
    if {"apply", "release"} & set(chosen) and not (plan or yes or sys.stdin.isatty()):
        raise Failed(
            "Confirmation required, but stdin is not a terminal.", "Review the changes with --plan, then pass --yes."
        )
    with environment.alone():
        if "build" in chosen:
            deploy_steps.build(environment)
        if plan:
            out.print(deploy_steps.plan(environment, lock=False)[1].text)
            return
        if "apply" in chosen:
            yes = _apply(environment, yes, delete) or yes
    if "release" in chosen:
        _release(context, environment, steps, bake, yes)
    if {"apply", "release"} & set(chosen):
        deploy_steps.call_every_operation(environment)
    if "web" in chosen:
        deploy_steps.upload_web(environment)


@click.command()
@environment_option(*project.ON_AWS)
@click.option("--confirm", "name", help="The name of what is deleted, instead of typing it: orders-test.")
def destroy(environment: Environment, name: str | None) -> None:
    """Delete a whole environment on AWS, with its data, users and logs. prod cannot be chosen.

    It prints what Terraform would delete, and asks for the environment's name. What `bootstrap` created stays: the state and the
    workflows' roles. So do backups, and what is protected from deletion is refused.

    Example: crudctl destroy --env test
    """
    refuse_unconfirmed(environment, None, name)
    with environment.alone():
        terraform, planned = deploy_steps.plan_destruction(environment)
        out.print(planned.text)
        if not planned.changes:
            err.print(f"Nothing is deployed to {environment.name}.")
            return
        losses = " and ".join(terraform.losses(planned)) or "no data"
        question = f"Delete {planned.changes} resources of {environment.prefix} for good, with everything in {losses}?"
        confirm_change(environment, question, None, name)
        with step(f"Delete {environment.prefix}") as progress:
            terraform.apply(progress, planned)
        planned.file.unlink()
    err.print(f"Deleted. `crudctl deploy --env {environment.name}` makes it again, empty.")


@click.command()
@environment_option(*project.ENVIRONMENTS)
def names(environment: Environment) -> None:
    """Print the service's name and region in an environment, as lines of NAME=VALUE. Needs no credentials.

    They are in infra/terraform.tfvars.json, or in infra/envs. The workflows find their roles with them.

    Example: crudctl names --env test
    """
    click.echo(f"name={environment.service_name}\nregion={environment.region}")


@click.command(name="test-tokens")
@environment_option(*project.ENVIRONMENTS)
def tokens(environment: Environment) -> None:
    """Create two test users and print an access token of each, separated by a comma, as for API_TOKENS. Not in prod.

    Example: crudctl test-tokens --env test
    """
    if environment.production:
        raise Failed(f"{environment.name} has no test users.", "Use another environment, such as test.")
    pool = outputs.read(environment)["user_pool_id"]
    users.create(environment, pool)
    tokens = (
        users.token(environment, pool, user["username"], user["password"]) for user in users.demo_users(environment)
    )
    click.echo(",".join(tokens))


def _apply(environment: Environment, yes: bool, delete: tuple[str, ...]) -> bool:
    """Plan, ask for confirmation and apply. Return whether there were changes to confirm."""
    deploy_steps.refuse_while_releasing(environment)
    terraform, planned = deploy_steps.plan(environment)
    out.print(planned.text)
    if not planned.changes:
        return False
    deploy_steps.refuse_losses(terraform, planned, delete)
    deploy_steps.refuse_out_of_order(environment, terraform, planned)
    if not yes:
        click.confirm(f"Apply this to {environment.name}?", abort=True, err=True)
    deploy_steps.apply(environment, terraform, planned)
    return True


def _release(context: click.Context, environment: Environment, steps: str, bake: str, yes: bool) -> None:
    """Release the newest versions. Exit the program if they are not promoted."""
    pending = deploy_steps.pending(environment)
    if not pending:
        err.print("Nothing to release: the alias prod of every function is at its newest version.")
        return
    err.print("Release: " + ", ".join(f"{name} {old} → {new}" for name, (old, new) in pending.items()))
    try:
        context.invoke(release.commands["start"], environment=environment, steps=steps, bake=bake, yes=yes)
    except SystemExit as ended:
        if ended.code != 0:
            raise
