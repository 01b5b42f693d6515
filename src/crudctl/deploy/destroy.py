"""The command `destroy`, and `members`, which lists what there is to destroy of a family.

An environment is deleted in an order in which every step can be repeated: Terraform deletes what it made, then goes what it does
not know, then what `bootstrap` made, and its state last, without which Terraform could not continue after a failure.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import click

from crudctl import project
from crudctl.build import package
from crudctl.console import Failed, err, out, step
from crudctl.deploy import steps
from crudctl.deploy.inventory import Resource, Search, lines
from crudctl.durations import seconds
from crudctl.infra import state
from crudctl.infra.state import StateBucket
from crudctl.infra.terraform import Plan, Terraform
from crudctl.options import confirm_change, environment_option, refuse_unconfirmed
from crudctl.project import Environment

MARK = "destroy.json"  # the ids of APIs whose log groups may be left, if a deletion was interrupted
SETTLED = 60  # seconds in which AWS's lists forget what was deleted
KEPT_HERE = ("lock", "releases")  # of the environment's folder on this machine
PROVIDER = "aws_iam_openid_connect_provider.github[0]"  # its address in infra/ci
LOGGING = "aws_api_gateway_account"  # one for each account and region
ISSUER = "oidc-provider/token.actions.githubusercontent.com"


@click.command()
@environment_option(*project.ON_AWS)
@click.option("--confirm", "name", help="The name of what is deleted, instead of typing it: orders-test.")
@click.option(
    "--keep-state", is_flag=True, help="Keep the bucket of Terraform's state, with all versions of the state."
)
def destroy(environment: Environment, name: str | None, keep_state: bool) -> None:
    """Delete a whole environment on AWS: its data, users, logs and web app, and what `bootstrap` created for it.

    It shows what exists, and asks for the environment's name. If it fails halfway, run it again: it continues. What is protected
    from deletion is refused before anything is deleted. Backups on this machine stay. Of a family, such as pr-42, only this one
    is deleted; what `bootstrap` created goes with `--env pr`, when no other is left.

    Example: crudctl destroy --env test
    """
    refuse_unconfirmed(environment, None, name)
    with environment.alone():
        _Destruction(environment, keep_state).run(name)


@click.command()
@environment_option(*project.ON_AWS)
@click.option("--idle", metavar="DURATION", help="Only those that were not deployed to for that long: 3d.")
def members(environment: Environment, idle: str | None) -> None:
    """Print the names of the environments of a family that are deployed, one a line: pr-42. `crudctl destroy` deletes one.

    Example: crudctl members --env pr --idle 3d
    """
    least = timedelta(seconds=seconds(idle)) if idle else timedelta()
    now = datetime.now(UTC)
    for name, deployed in sorted(state.bucket(environment).members().items()):
        if now - deployed >= least:
            click.echo(name)


class _Destruction:
    """The deletion of one environment, step by step."""

    def __init__(self, environment: Environment, keep_state: bool) -> None:
        self._environment = environment
        self._keep_state = keep_state
        self._bucket: StateBucket = state.bucket(environment)
        self._whole_family = environment.family == environment

    def run(self, confirmed: str | None) -> None:
        """Show what exists, ask, and delete it. Raise Failed if something is left."""
        environment = self._environment
        self._refuse_while_members_exist()
        with step(f"Look for everything of {environment.prefix}"):
            found = self._search()
        _refuse_protected(environment, found)
        planned = self._plan()
        try:
            if not found and not any(plan.changes for _, plan in planned):
                if not self._keep_state:
                    self._delete_state()  # an empty one, which would make it a member of its family
                err.print(f"Nothing of {environment.prefix} exists in account {self._bucket.account}.")
                return
            self._show(found, planned)
            confirm_change(environment, f"Delete all this of {environment.prefix} for good?", None, confirmed)
            for terraform, plan in planned:
                with step(f"Delete what Terraform made of {environment.prefix}") as progress:
                    terraform.apply(progress, plan)
        finally:
            for _, plan in planned:
                plan.file.unlink(missing_ok=True)
        self._delete_the_rest()
        if self._whole_family and self._bucket.exists():
            self._delete_bootstrap()
        if not self._keep_state:
            self._delete_state()
        self._refuse_if_something_is_left()
        self._forget()
        self._report()

    def _report(self) -> None:
        name = self._environment.name
        again = f"`crudctl deploy --env {name}` makes it again, empty."
        if self._whole_family:
            again = f"`crudctl bootstrap --env {name}` and then {again}"
        but = f" but its state in {self._bucket.name}" if self._keep_state else ""
        err.print(f"Deleted: nothing of {self._environment.prefix} is left{but}. {again}")

    def _search(self) -> list[Resource]:
        """Return what exists. Remember the APIs: their execution logs can be found by their ids only."""
        before = json.loads(self._environment.read(MARK) or "[]")
        search = Search(self._environment, self._bucket.account, before)
        apis = sorted({*before, *search.apis()})
        if apis != before:
            self._environment.write(MARK, json.dumps(apis))
        return [each for each in search.resources() if not (self._keep_state and each.name == self._bucket.name)]

    def _refuse_while_members_exist(self) -> None:
        others = sorted(self._bucket.members()) if self._whole_family and self._bucket.exists() else []
        if others:
            raise Failed(
                f"{', '.join(others)} use what was bootstrapped for {self._environment.name}. Nothing was deleted.",
                f"Delete them first: `crudctl destroy --env {others[0]}`.",
            )

    def _plan(self) -> list[tuple[Terraform, Plan]]:
        """Return the plan of what Terraform deletes; empty if it has no state."""
        if not self._bucket.exists():
            return []
        if not (self._environment.root / "build" / "service.json").exists():
            with step("Package the functions, which infra/ reads"):
                package.build_or_fail(self._environment.root)
        terraform, plan = steps.plan_destruction(self._environment)
        return [(terraform, plan)] if plan.changes else []

    def _show(self, found: Collection[Resource], planned: Collection[tuple[Terraform, Plan]]) -> None:
        environment = self._environment
        out.print(f"{environment.prefix} in account {self._bucket.account}, {environment.region}:")
        out.print(
            f"  {'resources':14}{sum(plan.changes for _, plan in planned):4} in Terraform's state, these among them:"
        )
        for line in lines(found):
            out.print(line)
        out.print("Entries and users are as AWS last counted them, at most six hours ago.")
        if any(one["type"] == LOGGING for _, plan in planned for one in plan.changed):
            out.print(
                f"API Gateway loses the role with which it writes logs, for all of this account in {environment.region}. "
                "If another environment uses it, such as a preview, set gateway_logging_role = true there, and deploy that."
            )

    def _delete_the_rest(self) -> None:
        """Delete what Terraform does not know: log groups written to meanwhile, tables from a restore, what is in buckets, the
        functions of a `crudctl verify` that was killed, and the alarms of a release that was.
        """
        logs, tables = self._environment.client("logs"), self._environment.client("dynamodb")
        left = self._search()
        with step("Delete what Terraform does not know") as progress:
            for each in left:
                progress(each.name)
                if each.kind == "log groups":
                    logs.delete_log_group(logGroupName=each.name)
                elif each.kind == "functions":
                    self._environment.client("lambda").delete_function(FunctionName=each.name)
                elif each.kind == "alarms":
                    self._environment.client("cloudwatch").delete_alarms(AlarmNames=[each.name])
                elif each.kind == "tables":
                    tables.delete_table(TableName=each.name)
                    tables.get_waiter("table_not_exists").wait(TableName=each.name)
                elif each.kind == "buckets" and each.name != self._bucket.name:
                    state.delete_bucket(self._environment.client("s3"), each.name)

    def _delete_bootstrap(self) -> None:
        """Delete the boundary and the workflows' roles; the trust in GitHub only if no other role of the account needs it."""
        terraform = Terraform(self._environment, root="infra/ci")
        if (others := self._others_that_trust_github()) and terraform.forget(PROVIDER):
            err.print(f"The account goes on trusting GitHub: {', '.join(others)} need that.")
        plan = terraform.plan(destroy=True)
        if plan.changes:
            with step("Delete what bootstrap made") as progress:
                terraform.apply(progress, plan)

    def _others_that_trust_github(self) -> list[str]:
        own = f"{self._environment.service_name}-ci-{self._environment.name}-"
        pages = self._environment.client("iam").get_paginator("list_roles").paginate()
        trusting = (
            each for page in pages for each in page["Roles"] if ISSUER in json.dumps(each["AssumeRolePolicyDocument"])
        )
        return sorted(each["RoleName"] for each in trusting if not each["RoleName"].startswith(own))

    def _delete_state(self) -> None:
        """Delete the state with all its versions, and of a whole family the bucket."""
        if not self._bucket.exists():
            return
        with step("Delete Terraform's state"):
            if self._whole_family:
                state.delete_bucket(self._environment.client("s3"), self._bucket.name)
            else:
                self._bucket.forget(state.key(self._environment))

    def _refuse_if_something_is_left(self) -> None:
        deadline = time.monotonic() + SETTLED
        with step("Look for what is left"):
            while (left := self._search()) and time.monotonic() < deadline:
                time.sleep(5)
        if left:
            raise Failed(
                "This is left, and Terraform does not know it:\n"
                + "\n".join(f"  {each.kind}: {each.name}" for each in left),
                "Delete it in the AWS console, or run this again.",
            )

    def _forget(self) -> None:
        """Delete what this machine keeps about the environment, such as its users' passwords; not the reports of its releases."""
        for path in self._environment.home.iterdir():
            if path.name not in KEPT_HERE:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _refuse_protected(environment: Environment, found: Collection[Resource]) -> None:
    """Raise Failed if AWS would refuse to delete something that holds data."""
    if protected := [each.name for each in found if each.protected]:
        raise Failed(
            f"{', '.join(protected)}: protected from deletion. Nothing was deleted.",
            f"Write `deletion_protection = false` into the settings of {environment.name} in infra/envs and deploy that first.",
        )
