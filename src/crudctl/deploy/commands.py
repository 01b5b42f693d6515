"""The commands for environments on AWS: what each takes, prints and exits with."""

from __future__ import annotations

import sys

import click

from crudctl import project, users
from crudctl.console import Failed, err, out, step
from crudctl.deploy import steps as deploy_steps
from crudctl.infra import outputs, state
from crudctl.infra.terraform import Terraform
from crudctl.options import environment_option
from crudctl.project import Environment
from crudctl.release.commands import release

STEPS = ("build", "apply", "release", "web")


@click.command()
@environment_option(*project.ON_AWS)
def bootstrap(environment: Environment) -> None:
    """Make what an environment needs before its first deploy, with an administrator's credentials. Run again, it mends it.

    The bucket of Terraform's state; the boundary of all roles that a deploy may make; and, where infra/ci/envs names a GitHub
    repository, the roles by which its workflows plan and deploy.

    Example: crudctl bootstrap --env test
    """
    bucket = state.bucket(environment)
    terraform = Terraform(environment, root="infra/ci")
    with environment.alone():
        with step(f"Make the state bucket of {environment.name}"):
            new = bucket.make()
        with step("Apply infra/ci with Terraform") as tell:
            terraform.apply(tell)
    found = terraform.outputs()
    out.print(f"state bucket    {bucket.name}{'' if new else ' (was there)'}\nboundary        {found['boundary']}")
    for name, arn in found["roles"].items():
        out.print(f"role to {name:7} {arn}")


@click.command()
@environment_option(*project.ON_AWS)
@click.option("--plan", is_flag=True, help="Build, show what would change, and stop.")
@click.option("--yes", is_flag=True, help="Do not ask before changes are applied.")
@click.option("--only", multiple=True, type=click.Choice(STEPS), help="Only this step; may be given again. [all]")
@click.option("--steps", default="10,50,100", show_default=True, help="The new version's share of the traffic, in %.")
@click.option("--bake", default="10m", show_default=True, help="How long each share lasts at least: 10m, 1h.")
@click.pass_context
def deploy(
    context: click.Context,
    environment: Environment,
    plan: bool,
    yes: bool,
    only: tuple[str, ...],
    steps: str,
    bake: str,
) -> None:
    """Build, apply to AWS, release by canary and upload the web app, in one go or by single steps.

    A first deploy takes traffic at once: there is nothing to compare it with. Exit codes: 0 done, 2 the new version was rolled
    back (the web app is not uploaded then), 1 failed.

    Example: crudctl deploy --env test --plan
    """
    wanted = only or STEPS
    if {"apply", "release"} & set(wanted) and not (plan or yes or sys.stdin.isatty()):
        raise Failed("Nobody is here to be asked whether to go on.", "Look with --plan, then give --yes.")
    with environment.alone():
        if "build" in wanted:
            deploy_steps.build(environment)
        if plan:
            out.print(deploy_steps.plan(environment, lock=False)[1].text, markup=False)
            return
        if "apply" in wanted:
            yes = _apply(environment, yes) or yes
    if "release" in wanted:
        _release(context, environment, steps, bake, yes)
    if "web" in wanted:
        deploy_steps.upload_web(environment)


@click.command(name="test-tokens")
@environment_option("test")
def tokens(environment: Environment) -> None:
    """Make two users to test with, and print an access token of each, separated by a comma: what API_TOKENS takes.

    Example: crudctl test-tokens --env test
    """
    pool = outputs.read(environment)["user_pool_id"]
    users.create(environment, pool)
    found = users.demo_users(environment)
    click.echo(",".join(users.token(environment, pool, user["username"], user["password"]) for user in found))


def _apply(environment: Environment, yes: bool) -> bool:
    """Plans, asks and applies; answers whether there was anything to agree to."""
    deploy_steps.refuse_while_releasing(environment)
    terraform, planned = deploy_steps.plan(environment)
    out.print(planned.text, markup=False)
    if not planned.changes:
        return False
    if not yes:
        click.confirm(f"Apply this to {environment.name}?", abort=True, err=True)
    deploy_steps.apply(environment, terraform, planned)
    return True


def _release(context: click.Context, environment: Environment, steps: str, bake: str, yes: bool) -> None:
    """Releases what is new. Ends the program where the new version was not promoted."""
    pending = deploy_steps.pending(environment)
    if not pending:
        err.print("Nothing to release: alias prod is at the newest version of all functions.")
        return
    err.print("Release: " + ", ".join(f"{name} {old} → {new}" for name, (old, new) in pending.items()))
    try:
        context.invoke(release.commands["start"], environment=environment, steps=steps, bake=bake, yes=yes)
    except SystemExit as ended:
        if ended.code != 0:
            raise
