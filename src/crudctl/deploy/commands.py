"""The commands for environments on AWS: their arguments, output and exit codes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from crudctl import project, users
from crudctl.console import Failed, confirm, err, out, step
from crudctl.deploy import shown
from crudctl.deploy import steps as deploy_steps
from crudctl.deploy.choices import STEPS, Options
from crudctl.deploy.steps import Deploy
from crudctl.infra import outputs, state
from crudctl.infra.terraform import Terraform
from crudctl.options import environment_option
from crudctl.project import Environment
from crudctl.release.commands import pace_of

FOLDER = click.Path(file_okay=False, path_type=Path)
# https://docs.github.com/en/actions/reference/security/oidc#immutable-subject-claims
SUBJECTS = (
    "If a workflow may not assume its role, compare what the role is for with what GitHub puts into its tokens:\n"
    "  gh api repos/OWNER/NAME/actions/oidc/customization/sub\n"
    'Write what follows "repo:" in sub_claim_prefix into infra/ci/envs, as `repository`, and run this again.'
)


@click.command()
@environment_option(*project.ON_AWS)
def bootstrap(environment: Environment) -> None:
    """Create what an environment needs before its first deploy, with an administrator's credentials. Run it again to repair it.

    This is the bucket of Terraform's state, the permissions boundary of all roles that a deploy may create, and, if
    infra/ci/envs names a GitHub repository, the roles with which its workflows plan and deploy. GitHub names a repository
    OWNER/NAME in its tokens or, if it was created, renamed or transferred since July 2026, OWNER@ID/NAME@ID. Which of them,
    `gh api repos/OWNER/NAME/actions/oidc/customization/sub` prints in sub_claim_prefix, after "repo:".

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
    for name, role in created["roles"].items():
        out.print(f"role to {name:7} {role['arn']}\n  is for        {role['subject']}")
    if created["roles"]:
        out.print(SUBJECTS)


@click.command()
@environment_option(*project.ON_AWS)
@click.option("--plan", is_flag=True, help="Build, print what would change, and stop.")
@click.option(
    "--write", type=FOLDER, help="With --plan: write plan.md, for a comment, the digest and cost.json to this folder."
)
@click.option("--yes", is_flag=True, help="Apply changes without asking for confirmation.")
@click.option(
    "--only", multiple=True, type=click.Choice(STEPS), help="Run only this step. Repeat it for several.  [default: all]"
)
@click.option(
    "--steps", default="10,50,100", show_default=True, help="Shares of the traffic for the new version, in %."
)
@click.option("--bake", default="10m", show_default=True, help="Minimum duration of each share: 10m, 1h.")
@click.option("--accept-differences", is_flag=True, help="Note where the answers of both versions differ, and go on.")
@click.option(
    "--delete",
    multiple=True,
    metavar="ADDRESS",
    help="Let the plan delete this table or user pool, with everything in it.",
)
@click.option(
    "--approved", metavar="DIGEST", help="Apply the plan with this digest, which --plan prints, and no other."
)
@click.option("--checksums", metavar="SHA256", help="Ship only what the build/SHA256SUMS with this SHA-256 lists.")
@click.option("--older", is_flag=True, help="Deploy even if a newer commit is deployed.")
@click.option("--no-doctor", is_flag=True, help="Deploy even if `crudctl doctor` finds something wrong.")
def deploy(environment: Environment, only: tuple[str, ...], steps: str, bake: str, **given: Any) -> None:
    """Build, apply to AWS, release by canary and upload the web app, at once or step by step.

    What it ships is copied first, so that nothing that is built meanwhile is deployed. A first deploy takes traffic at once,
    as there is no version to compare it with. At the end every operation is called once, and if one fails, so does the command.
    Exit codes: 0 success, 1 failure, 2 the new version was rolled back. After a failure or a rollback, the web app stays.
    During a freeze (`crudctl release freeze`) nothing is changed.

    Example: crudctl deploy --env test --plan
    """
    options = Options(tuple(only or STEPS), pace_of(environment, steps, bake), **given)
    options.check()
    if options.plan:
        _show_plan(environment, options)
        return
    with environment.alone():
        if options.ships:
            deploy_steps.refuse_frozen(environment)
            if not options.no_doctor:
                deploy_steps.ask_doctor(environment, options.only)
            if not options.older:
                deploy_steps.refuse_older(environment)
        with deploy_steps.prepared(environment, options.only, options.checksums) as run:
            if options.ships:
                _ship(run, options)


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


def _show_plan(environment: Environment, options: Options) -> None:
    with deploy_steps.prepared(environment, {"apply"} | ({"build"} & set(options.only)), options.checksums) as begun:
        run, prepared = deploy_steps.with_gateway(begun)
        planned = deploy_steps.plan(run, lock=False)
        out.print(planned.text)
        for line in prepared.lines:
            out.print(line, markup=False, highlight=False)
        err.print(f"Digest of this plan: {planned.digest}")
        freeze = deploy_steps.freeze_of(environment)
        if freeze:
            err.print(freeze, markup=False)
        if options.write:
            shown.write(options.write, planned, environment.name, freeze, prepared.lines)


def _ship(run: Deploy, options: Options) -> None:
    yes, applies = options.yes, "apply" in options.only
    if applies:
        yes = _apply(run, options) or yes
    values = outputs.read(run.environment)
    functions: dict[str, str] = values["functions"]
    if not applies and "release" not in options.only:
        deploy_steps.upload_web(run, values)
        return
    behind = deploy_steps.behind(run, functions, applied=applies)
    if behind and not applies:
        raise Failed(
            "\n".join(f"{each.name} has {each.differs}: it was changed, and not published." for each in behind),
            "Without it, the release would be of something else. Run the step apply first, which publishes it.",
        )
    if behind:
        for each in behind:
            err.print(f"{each.name} has {each.differs}, although Terraform has nothing to change.")
        if not yes:
            click.confirm("Publish what was deployed?", abort=True, err=True)
        deploy_steps.complete(run, behind)
    if "release" in options.only:
        _release(run, functions, options, yes)
        if applies:
            deploy_steps.narrow(run, functions)
    deploy_steps.call_every_operation(run, functions)
    if "web" in options.only:
        deploy_steps.upload_web(run, values)


def _apply(run: Deploy, options: Options) -> bool:
    """Plan, ask for confirmation and apply. Return whether there were changes to confirm."""
    environment = run.environment
    deploy_steps.refuse_while_releasing(environment)
    run, prepared = deploy_steps.with_gateway(run)
    planned = deploy_steps.plan(run)
    out.print(planned.text)
    for line in prepared.lines:
        out.print(line, markup=False, highlight=False)
    if options.approved and planned.applicable and planned.digest != options.approved:
        raise Failed(
            f"This plan has the digest {planned.digest}; {options.approved} was approved. Nothing was changed.",
            "Something has changed in between: have this plan approved, or deploy again from the start.",
        )
    missing = deploy_steps.not_imported(run, planned)
    if missing:
        err.print("The API does not have this contract: importing it has failed before.")
        if not options.yes:
            click.confirm("Import it now?", abort=True, err=True)
        planned = deploy_steps.import_again(run, missing)
        out.print(planned.text)
    if not planned.applicable:
        deploy_steps.record_revision(environment)
        deploy_steps.serve(run, prepared)
        return bool(missing)
    deploy_steps.refuse_losses(run.terraform, planned, options.delete)
    deploy_steps.refuse_out_of_order(run, planned)
    if not options.yes:
        click.confirm(f"Apply this to {environment.name}?", abort=True, err=True)
    deploy_steps.record_revision(environment)
    deploy_steps.apply(run, planned)
    deploy_steps.record_revision(environment)  # a first deploy has made the bucket for it
    deploy_steps.serve(run, prepared)
    return True


def _release(run: Deploy, functions: dict[str, str], options: Options, yes: bool) -> None:
    """Release the newest versions. Exit the program if they are not promoted."""
    environment = run.environment
    pending = deploy_steps.pending(run, functions)
    if not pending:
        err.print("Nothing to release: the alias prod of every function is at its newest version.")
        return
    err.print("Release: " + ", ".join(f"{name} {old} → {new}" for name, (old, new) in pending.items()))
    if environment.production and not yes:
        confirm(f"Release to {environment.name}?")
    try:
        released = {name: new for name, (_, new) in pending.items()}
        deploy_steps.start_release(run, functions, released, options.pace, accepted=options.accept_differences)
    except SystemExit as ended:
        if ended.code != 0:
            raise
