"""The sections about releases: one is begun as `release start` begins it, and goes wrong as the page says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crudctl.local import demo_versions
from tests.operate.faults import without_permission
from tests.runbook.recipes.traffic import PATIENCE, lines, load, reader, request_id, until_firing
from tests.runbook.steps import Recipe, Steps


def publish(steps: Steps, fault: str | None = None, begins: Path | None = None) -> None:
    """Publish a version of every function; with a fault, reading fails in each call, once the file `begins` exists."""
    code = demo_versions.build(steps.stack.home, fault, reader(steps), rate=1.0, begins=begins)
    demo_versions.publish(steps.stack.aws("lambda"), steps.stack.outputs["functions"], code)


def change(steps: Steps) -> None:
    """Change the source of the functions, so that `up` has something to publish."""
    handlers = steps.stack.home / "src" / "functions" / "handlers.py"
    text = f"{handlers.read_text(encoding='utf-8')}\nCHANGED = {time.time_ns()}\n"
    handlers.write_text(text, encoding="utf-8")


def history(steps: Steps) -> list[dict[str, Any]]:
    """Return the releases, newest first."""
    found: list[dict[str, Any]] = json.loads(steps.stack.crudctl("release", "history", "--json"))
    return found


def shared(steps: Steps) -> bool:
    """Return whether two versions share the traffic of the function that reads."""
    name = steps.stack.outputs["functions"][reader(steps)]
    alias = steps.stack.aws("lambda").get_alias(FunctionName=name, Name="prod")
    return bool(alias.get("RoutingConfig", {}).get("AdditionalVersionWeights"))


def until(steps: Steps, wanted: bool) -> None:
    """Wait until two versions share the traffic, or no more."""
    deadline = time.monotonic() + PATIENCE
    while shared(steps) is not wanted:
        assert time.monotonic() < deadline, f"two versions share the traffic: {not wanted}"
        time.sleep(0.2)


@contextmanager
def begun(steps: Steps, bake: str = "20s") -> Iterator[subprocess.Popen[str]]:
    """Begin to release the newest versions, from another terminal. Yields its process once both versions serve."""
    command = [sys.executable, "-m", "crudctl.cli", "release", "start", "--yes", "--steps", "50,100", "--bake", bake]
    environ = os.environ | {"PYTHONPATH": str(steps.stack.home / "src")}
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=steps.stack.home, env=environ, text=True, **quiet) as releaser:
        try:
            until(steps, True)
            yield releaser
        finally:
            releaser.kill()


def fault_of(steps: Steps) -> Path:
    """Return the file whose creation begins a fault: once users have the version, so that round trips find none."""
    return steps.stack.home / f"fault-{time.time_ns()}"


def abandoned(steps: Steps, fault: str | None = None) -> None:
    """Publish and begin a release, and kill its releaser. A fault begins when users have the version."""
    publish(steps, fault, begins := fault_of(steps))
    with begun(steps):
        begins.touch()


def promoted(steps: Steps) -> None:
    """Publish a healthy version and release it at once."""
    abandoned(steps)
    steps.stack.crudctl("release", "promote", "--yes")


def release_a_change(steps: Steps) -> None:
    """The steps of a deploy are for AWS; the history is everywhere."""
    for _ in range(3):
        steps.only_on_aws("crudctl deploy")
    promoted(steps)
    number = str(history(steps)[0]["number"])
    assert number in steps.next("crudctl release history")
    assert f"Release {number} of" in steps.next("crudctl release history", NUMBER=number)


def rolled_back(steps: Steps) -> None:
    """A version whose reads crash: first one that does so when users have it, then one in which the round trip finds it."""
    publish(steps, "exceptions", begins := fault_of(steps))
    with load(steps), begun(steps, bake="5m") as releaser:
        begins.touch()
        assert releaser.wait(PATIENCE) == 2
    assert "rolled back" in steps.next("crudctl release history")
    failed = steps.next("crudctl logs")
    assert "RuntimeError" in steps.next("crudctl trace", REQUEST_ID=request_id(failed))
    publish(steps, "exceptions")
    code, printed = steps.stack.crudctl_exit("release", "start", "--yes", "--steps", "50,100", "--bake", "30s")
    assert code == 2, printed
    assert "RuntimeError" in steps.next("crudctl logs")


def three_ways(steps: Steps) -> None:
    """A release that nobody watches is continued; the next is promoted, and the one after it aborted."""
    assert "under way" in steps.next("crudctl release status")
    steps.next("crudctl release resume")
    abandoned(steps)
    steps.next("crudctl release promote", answer="y")
    abandoned(steps)
    steps.next("crudctl release abort")
    assert [release["state"] for release in history(steps)[:3]] == ["rolled back", "promoted", "promoted"]


def releaser_died(steps: Steps) -> None:
    """The releaser is killed."""
    with load(steps):
        abandoned(steps)
        three_ways(steps)


def release_stuck(steps: Steps) -> None:
    """The releaser is killed, and the alarm notices, which it has made."""
    with load(steps):
        abandoned(steps)
        until_firing(steps, "release-stuck")
        three_ways(steps)


def stop_now(steps: Steps) -> None:
    """The releaser is at work."""
    publish(steps)
    with load(steps), begun(steps, bake="5m") as releaser:
        steps.next("crudctl release abort")
        assert not shared(steps)
        assert releaser.wait(PATIENCE) == 2


def bad_after_all(steps: Steps) -> None:
    """Back to the versions before, and forth to those again."""
    promoted(steps)
    number = str(history(steps)[0]["number"])
    before = steps.stack.functions()
    steps.next("crudctl release rollback", answer="y")
    assert steps.stack.functions() != before
    steps.next("crudctl release rollback", answer="y", NUMBER=number)
    after = steps.stack.functions()
    assert {name: each["prod"][0] for name, each in after.items()} == {
        name: each["prod"][0] for name, each in before.items()
    }


def before_every_alarm(steps: Steps) -> None:
    """Something was released just now."""
    promoted(steps)
    assert "promoted" in steps.next("crudctl release status")
    steps.next("crudctl release rollback", answer="y")


def frozen(steps: Steps) -> None:
    """Nobody has announced anything yet."""
    steps.next("crudctl release freeze", UNTIL="2099-01-04T08:00Z")
    assert "until 2099-01-04 08:00:00 UTC: holidays" in steps.next("crudctl release frozen", code=1)
    steps.next("crudctl release unfreeze")


def who_hears(steps: Steps) -> None:
    """The topic is there, and its webhook is a secret."""
    assert "Version" in steps.next("aws ssm put-parameter", ADDRESS="https://hooks.example.com/secret")
    assert not steps.next("crudctl release announce").strip()


def moved_by_hand(steps: Steps) -> None:
    """An alias is where nobody's release has put it."""
    lambda_, name = steps.stack.aws("lambda"), steps.stack.outputs["functions"][reader(steps)]
    version = lambda_.get_alias(FunctionName=name, Name="prod")["FunctionVersion"]
    lambda_.update_alias(FunctionName=name, Name="prod", FunctionVersion="1")
    moved = json.loads(steps.next("aws lambda update-alias", VERSION=version))
    assert moved["FunctionVersion"] == version
    assert not shared(steps)


def rollback_failed(steps: Steps) -> None:
    """The function that rolls releases back has lost a permission when an alarm calls it."""
    stack = steps.stack
    with load(steps):
        abandoned(steps)
        with without_permission(stack, "rollback"):
            called = {
                "FunctionName": f"{stack.environment.prefix}-rollback",
                "Payload": json.dumps({"alarmData": {"state": {"value": "ALARM"}}}),
            }
            until_firing(steps, "rollback-failed", lambda: stack.aws("lambda").invoke(**called))
            assert "under way" in steps.next("crudctl release status")
            assert "AccessDenied" in steps.next("crudctl logs")
    steps.next("crudctl release abort")
    assert not shared(steps)


def rolled_back_by_alarm(steps: Steps) -> None:
    """The version is bad, and no releaser runs: an alarm calls the function."""
    with load(steps):
        abandoned(steps, "exceptions")
        until(steps, False)
    assert "rolled back" in steps.next("crudctl release history")
    assert lines(steps.next("crudctl logs"))


def see_all_this(steps: Steps) -> None:
    """What a newcomer tries: two versions to watch, and a change of their own."""
    home = steps.stack.home
    for stamp in (".made", ".ready"):  # of `make`: what it would install is there
        (home / ".venv" / stamp).touch()
        os.utime(home / ".venv" / stamp, (time.time() + 3600,) * 2)
    steps.next("make demo-release")
    change(steps)
    steps.next("crudctl up --hold")
    with load(steps):
        steps.next("crudctl release start", answer="y")
    steps.next("make demo-rollback")
    steps.next("make demo-rollback FAULT=latency")


RECIPES: dict[str, Recipe] = {
    "Release a change": release_a_change,
    "A release was rolled back": rolled_back,
    "The releaser died, or its terminal was closed": releaser_died,
    "A release must stop now": stop_now,
    "Nothing is to be released for a while": frozen,
    "Who hears of a release": who_hears,
    "A promoted version turns out to be bad": bad_after_all,
    '"... except aliases that something else moved meanwhile"': moved_by_hand,
    "See all this": see_all_this,
    "Alarms": before_every_alarm,
    "Release stuck": release_stuck,
    "Rollback failed": rollback_failed,
    "Release rolled back": rolled_back_by_alarm,
}
