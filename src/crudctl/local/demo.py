"""`crudctl demo`: a release under load on the local stack, to be watched. Leaves the stack's code as it was."""

from __future__ import annotations

import time

import click

from crudctl import users
from crudctl.console import Failed, err, step
from crudctl.durations import seconds
from crudctl.infra import outputs
from crudctl.local import demo_versions, stack
from crudctl.local.demo_load import Load
from crudctl.options import environment_option
from crudctl.project import Environment
from crudctl.release.cloud import cloud_of
from crudctl.release.commands import end, told
from crudctl.release.guard import Policy
from crudctl.release.record import PROMOTED, ROLLED_BACK, Refused, Release
from crudctl.release.releaser import Releaser
from crudctl.release.view import View

RATE = click.option("--load", type=click.IntRange(1, 1000), default=40, show_default=True, help="Requests a second.")
BAKE = click.option("--bake", default="20s", show_default=True, help="How long each step lasts at least.")
BEFORE = 15.0  # seconds of load before the release, from which the old version's latency is known


@click.group()
def demo() -> None:
    """Watch a release under load, on the running local stack."""


@demo.command(name="rollback")
@environment_option("local")
@click.option("--fault", type=click.Choice(list(demo_versions.FAULTS)), default="exceptions", show_default=True)
@click.option("--function", default="get_item", show_default=True, help="Which of the functions has it.")
@click.option(
    "--rate", type=click.IntRange(1, 100), default=20, show_default=True, help="In how many of its calls, in %."
)
@RATE
@BAKE
def demo_rollback(environment: Environment, *, fault: str, function: str, rate: int, load: int, bake: str) -> None:
    """Release a version with a real regression in one function, and see all five taken back."""
    share = 1.0 if fault == "latency" else rate / 100
    ended = _show(environment, (fault, function, share), load, seconds(bake))
    end(environment, ended, wanted=(ROLLED_BACK,))


@demo.command(name="release")
@environment_option("local")
@RATE
@BAKE
def demo_release(environment: Environment, load: int, bake: str) -> None:
    """Release a healthy version, and see it reach all users."""
    ended = _show(environment, (None, "get_item", 0.0), load, seconds(bake))
    end(environment, ended, wanted=(PROMOTED,))


def _show(environment: Environment, made: tuple[str | None, str, float], rate: int, bake: float) -> Release:
    found = outputs.read(environment)
    if not stack.status(environment)["running"]:
        raise Failed("The local stack is not running.", "Start it with `crudctl up`.")
    if made[1] not in found["functions"]:
        raise Failed(f"There is no function {made[1]}.", f"There are {', '.join(found['functions'])}.")
    user = found["demo_users"][0]
    token = users.token(environment, found["user_pool_id"], user["username"], user["password"])
    policy = Policy()
    with told(environment):
        under_way = cloud_of(environment).records().current()
        if under_way and under_way.running:
            raise Refused(under_way)
        versions = _publish(environment, found["functions"], made)
        with Load(found["api_url"], token, rate) as load:
            with step(f"Load: {rate} requests a second on all five functions"):
                time.sleep(BEFORE)
            before = load.requests, load.failed
            with View(err, policy) as view:
                ended = Releaser(cloud_of(environment), view, policy).start([0.1, 0.5], bake, versions)
        requests, failed = load.requests - before[0], load.failed - before[1]  # also those that were still waited for
        err.print(
            f"Users sent {requests:,} requests during the release; {failed} failed ({failed / max(requests, 1):.2%})."
        )
        return ended


def _publish(
    environment: Environment, functions: dict[str, str], made: tuple[str | None, str, float]
) -> dict[str, str]:
    """The versions to show. The newest ones are then those of the stack's own code again, also when interrupted."""
    client = environment.client("lambda")
    own = (environment.root / "build" / "functions.zip").read_bytes()
    with step("Build and publish the version"):
        code = demo_versions.build(environment.root, *made)
        try:
            return demo_versions.publish(client, functions, code)
        finally:
            demo_versions.publish(client, functions, own)
