"""Releases as a team makes them, by `crudctl release start`, while several users call a whole local stack.

One version is healthy. Each of the others has one fault, which an engineer who compares both versions by hand would find.
"""

from __future__ import annotations

import math
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crudctl.build import package
from crudctl.local import demo_versions
from crudctl.release.record import PROMOTED, ROLLED_BACK, Release
from tests.release.conftest import before, rig
from tests.release.rig import Places, Rig, eventually
from tests.torture import figures
from tests.torture.crowd import Crowd

__all__ = ["before", "rig"]  # fixtures

RATE = 40.0  # requests a second, of all users together; a busy machine serves fewer
WARM = 600  # requests before a release, which show how long the old version takes
ENOUGH = 6000  # requests in which a doubling shows: one in six reads one, and half of these meet the new version
ONLY_USERS = "--accept-differences"  # their requests are all that may show the fault
GOOD = {200, 201, 204}
PATCHES = "    return patch(request, request.body)\n"  # a line of handlers.py
REFUSES = """    if request.owner != "release-probe":
        raise errors.InvalidRequest([{"pointer": "", "detail": "must be something else"}])
"""
HEAD = ("the new version", "ended", "by", "requests to it at most", "requests of users", "5xx", "4xx")


@pytest.fixture(scope="module", autouse=True)
def rows() -> Iterator[list[tuple[object, ...]]]:
    """What each release led to; docs/reliability.md shows it if all tests of this file have run."""
    found: list[tuple[object, ...]] = []
    yield found
    if len(found) == 8:
        figures.write("reliability.md", "releases", figures.table(HEAD, found))


def under_load(rig: Rig, *options: str, steps: str = "10,50,100", requests: int = 1200) -> tuple[Release, Crowd]:
    """Release the newest versions to users. Return the release as it ended, and the users with what they saw.

    Args:
        steps, options: of `crudctl release start`.
        requests: of all users that a step is to see. How long it takes follows from how fast users were served before.
    """
    with Crowd(rig, RATE) as crowd:
        began = time.monotonic()
        assert eventually(lambda: crowd.requests >= WARM, 600)
        bake = f"{math.ceil(requests / WARM * (time.monotonic() - began))}s"
        code, output = rig.release("start", "--steps", steps, "--bake", bake, "--yes", *options)
    ended = rig.records.past()[0]
    assert code == {PROMOTED: 0, ROLLED_BACK: 2}[ended.state], output
    print(ended.state, ended.by, ended.why, ended.stages, dict(crowd.responses), flush=True)
    return ended, crowd


@pytest.mark.parametrize("run", [1, 2, 3])
def test_a_version_that_takes_twice_as_long_to_read_one_is_rolled_back(rig: Rig, before: Places, run: int) -> None:
    rig.publish("doubled", "get_item")
    ended, crowd = under_load(rig, ONLY_USERS, steps="50,100", requests=ENOUGH)
    assert (ended.state, ended.by) == (ROLLED_BACK, "verdict")
    assert ended.why.startswith("get_item: ")
    assert rig.places() == before
    assert crowd.failed == 0


def test_a_version_that_drops_a_field_from_lists_never_reaches_a_user(rig: Rig, before: Places) -> None:
    rig.publish("field", "list_items")
    ended, crowd = under_load(rig)
    assert (ended.state, ended.by, ended.stages) == (ROLLED_BACK, "comparison", [])
    assert "/body/items/0/updated_at is missing" in ended.why
    assert rig.places() == before
    assert crowd.listed > 0
    assert crowd.lacking == set()


def test_a_version_that_refuses_valid_patches_never_reaches_a_user(rig: Rig, before: Places) -> None:
    rig.publish("refused", "update_item")
    ended, crowd = under_load(rig)
    assert (ended.state, ended.stages) == (ROLLED_BACK, [])
    assert rig.places() == before
    assert {status for _, status in crowd.responses} <= GOOD


def test_a_version_that_refuses_valid_patches_of_users_only_is_rolled_back(rig: Rig, before: Places) -> None:
    demo_versions.publish(rig.client, rig.functions, changed(rig, PATCHES, REFUSES + PATCHES))
    ended, crowd = under_load(rig, ONLY_USERS)
    assert (ended.state, ended.by) == (ROLLED_BACK, "verdict")
    assert "update_item" in ended.why
    assert rig.places() == before
    assert crowd.responses["patch", 400] > 0
    assert crowd.failed == 0


def test_a_fault_that_shows_only_at_100_percent_is_rolled_back(rig: Rig, before: Places, tmp_path: Path) -> None:
    begins = tmp_path / "begins"
    rig.publish("5xx", "get_item", 0.5, begins)
    with once_promoted(rig, begins.touch):
        ended, crowd = under_load(rig, ONLY_USERS)
    assert (ended.state, ended.restarts) == (ROLLED_BACK, 1)
    assert ended.by in {"verdict", "alarm"}  # whichever compares both versions first when it is back at 10 %
    assert "get_item: " in ended.why
    assert rig.places() == before
    assert crowd.responses["get", 500] > 0


def test_a_healthy_version_is_promoted_with_no_failed_request(rig: Rig, before: Places) -> None:
    new = rig.publish(None)
    ended, crowd = under_load(rig)
    assert ended.state == PROMOTED
    assert rig.places() == rig.at(new)
    assert {status for _, status in crowd.responses} <= GOOD
    assert crowd.lacking == set()


@contextmanager
def once_promoted(rig: Rig, act: Callable[[], None]) -> Iterator[None]:
    """Call `act` when a release that is begun in the block has sent all traffic to its versions."""
    before, over = rig.records.current(), threading.Event()

    def promoted() -> bool:
        now = rig.records.current()
        return bool(now and now.doing == "watch" and (before is None or now.number > before.number))

    def wait() -> None:
        while not over.wait(0.2):
            if promoted():
                act()
                break

    thread = threading.Thread(target=wait)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def changed(rig: Rig, line: str, others: str) -> bytes:
    """Build the zip of a version whose handlers have other lines in the place of one."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("contract", "src/functions"):
            shutil.copytree(rig.stack.home / name, Path(folder) / name)
        handlers = Path(folder) / "src" / "functions" / "handlers.py"
        source = handlers.read_text(encoding="utf-8")
        assert source.count(line) == 1
        handlers.write_text(source.replace(line, others), encoding="utf-8")
        return package.build(Path(folder)).zip.read_bytes()
