"""`crudctl demo`: a release under load on the local stack, to watch. The newest versions are the stack's own code afterwards."""

from __future__ import annotations

import time

import click

from crudctl import users
from crudctl.build import service
from crudctl.console import Failed, err, step
from crudctl.durations import seconds
from crudctl.infra import outputs
from crudctl.local import demo_versions, stack
from crudctl.local.demo_load import Load
from crudctl.options import environment_option
from crudctl.project import Environment
from crudctl.release.cloud import cloud_of
from crudctl.release.ending import end, failures
from crudctl.release.guard import Policy
from crudctl.release.record import PROMOTED, ROLLED_BACK, Refused, Release
from crudctl.release.releaser import Releaser
from crudctl.release.view import View

RATE = click.option("--load", type=click.IntRange(1, 1000), default=40, show_default=True, help="Requests a second.")
BAKE = click.option("--bake", default="20s", show_default=True, help="Minimum duration of each step.")
WARM_UP = 15.0  # seconds of load before the release, which show the old version's latency
COMPARED = (None, "field", "refused")  # what shows in no metric of faults; the others are left for users to meet


@click.group()
def demo() -> None:
    """Watch a release under load, on the running local stack."""


@demo.command(name="rollback")
@environment_option("local")
@click.option(
    "--fault",
    type=click.Choice(list(demo_versions.FAULTS)),
    default="exceptions",
    show_default=True,
    help="What is wrong with the version.",
)
@click.option("--function", help="The function that has the fault.  [default: the one that reads]")
@click.option(
    "--rate", type=click.IntRange(1, 100), default=20, show_default=True, help="Share of its calls that fail, in %."
)
@RATE
@BAKE
def demo_rollback(
    environment: Environment, *, fault: str, function: str | None, rate: int, load: int, bake: str
) -> None:
    """Release a version with a regression in one function, and watch all functions being rolled back.

    Only with `field` and `refused` are the answers of both versions compared: a comparison would find the others before a user.

    Example: crudctl demo rollback --fault latency
    """
    share = 1.0 if fault == "latency" else rate / 100
    ended = _show(environment, (fault, function or _reader(environment), share), load, seconds(bake))
    end(environment, ended, wanted=(ROLLED_BACK,))


@demo.command(name="release")
@environment_option("local")
@RATE
@BAKE
def demo_release(environment: Environment, load: int, bake: str) -> None:
    """Release a healthy version, and watch it reach all users.

    Example: crudctl demo release --load 80
    """
    ended = _show(environment, (None, _reader(environment), 0.0), load, seconds(bake))
    end(environment, ended, wanted=(PROMOTED,))


def _reader(environment: Environment) -> str:
    return service.load(environment.root).operation(service.GET).function


def _show(environment: Environment, made: tuple[str | None, str, float], rate: int, bake: float) -> Release:
    """Release a version under load and return the release as it ended.

    Args:
        environment: the local one.
        made: fault, function and share of calls, as demo_versions.build takes them.
        rate: requests a second.
        bake: minimum duration of each step in seconds.
    """
    values = outputs.read(environment)
    if not stack.status(environment)["running"]:
        raise Failed("The local stack is not running.", "Start it with `crudctl up`.")
    if made[1] not in values["functions"]:
        raise Failed(f"Unknown function '{made[1]}'.", f"Use one of {', '.join(values['functions'])}.")
    user = values["demo_users"][0]
    token = users.token(environment, values["user_pool_id"], user["username"], user["password"])
    policy = Policy()
    cloud = cloud_of(environment, values["functions"])
    with failures(environment):
        current = cloud.records().current()
        if current and current.running:
            raise Refused(current)
        versions = _publish(environment, values["functions"], made)
        with Load(values["api_url"], token, rate, cloud.round_trip()) as load:
            with step(f"Load: {rate} requests a second on all functions"):
                time.sleep(WARM_UP)
            before = load.requests, load.failed
            with View(err, policy) as view:
                ended = Releaser(cloud, view, policy).start([0.1, 0.5], bake, versions, compared=made[0] in COMPARED)
        # After the load has ended, so that requests still running at the end of the release count too.
        requests, failed = load.requests - before[0], load.failed - before[1]
        err.print(
            f"Users sent {requests:,} requests during the release; {failed} failed ({failed / max(requests, 1):.2%})."
        )
        return ended


def _publish(
    environment: Environment, functions: dict[str, str], made: tuple[str | None, str, float]
) -> dict[str, str]:
    """Publish the version to release, then the stack's own code, even when interrupted. Return the versions to release."""
    client = environment.client("lambda")
    own = (environment.root / "build" / "functions.zip").read_bytes()
    with step("Build and publish the version"):
        code = demo_versions.build(environment.root, *made)
        try:
            return demo_versions.publish(client, functions, code)
        finally:
            demo_versions.publish(client, functions, own)
