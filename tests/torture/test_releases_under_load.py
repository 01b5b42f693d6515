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
from crudctl.release.wording import decided
from tests.release.conftest import before, rig
from tests.release.rig import Places, Rig, eventually
from tests.torture import figures
from tests.torture.crowd import Crowd

__all__ = ["before", "rig"]  # fixtures

RATE = 40.0  # requests a second, of all users together; a busy machine serves fewer
WARM = 600  # requests before a release, which show how long the old version takes
USUAL = 1200  # requests that a step is to see
ENOUGH = 6000  # those in which a doubling shows: one in six reads one, and half of these meet the new version
ONLY_USERS = "--skip-comparison"  # their requests are all that may show the fault
GOOD = {200, 201, 204}
READS = "@endpoint\ndef get(request: Request) -> Response:\n"  # lines of handlers.py
DOUBLES = """def doubled(answer):
    import time

    def wrapper(event, context):
        response = answer(event, context)
        began = event["requestContext"].get("requestTimeEpoch")  # at the gateway: a round trip has not passed it
        time.sleep(max(0.0, time.time() - began / 1000) if began else 0.0)
        return response

    return wrapper


@doubled
"""
PATCHES = "    return patch(request, request.body)\n"  # another
REFUSES = """    if request.owner != "release-probe":
        raise errors.InvalidRequest([{"pointer": "", "detail": "must be something else"}])
"""
RELEASES = 8  # in this file
HEAD = ("the new version", "ended", "decided by", "requests of users", "of these 4xx", "5xx", "why")


class Releases:
    """Releases newest versions to users, and keeps what each led to."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self.rows: list[tuple[object, ...]] = []

    def release(
        self,
        what: str,
        publish: Callable[[], object],
        *options: str,
        steps: str = "10,50,100",
        requests: int = USUAL,
    ) -> tuple[Release, Crowd]:
        """Publish and release versions. Return the release as it ended, and the users with what they saw.

        Args:
            what: the new version does, for the table.
            publish: publishes it, once users have called the old one for a while.
            steps, options: of `crudctl release start`.
            requests: that a step is to see. How long it takes follows from how fast users were served before.
        """
        with Crowd(self._rig, RATE) as crowd:
            began = time.monotonic()
            assert eventually(lambda: crowd.requests >= WARM, 600)
            bake = f"{math.ceil(requests / WARM * (time.monotonic() - began))}s"
            publish()
            code, output = self._rig.release("start", "--steps", steps, "--bake", bake, "--yes", *options)
        ended = self._rig.records.past()[0]
        refused = sum(count for (_, status), count in crowd.responses.items() if 400 <= status < 500)
        row = what, ended.outcome, decided(ended.by), f"{crowd.requests:,}", refused, crowd.failed, ended.why
        print(*row, sep=" | ", flush=True)
        self.rows.append(row)
        assert code == {PROMOTED: 0, ROLLED_BACK: 2}[ended.state], output
        return ended, crowd


@pytest.fixture(scope="module")
def releases(rig: Rig) -> Iterator[Releases]:
    """Releases on the stack of this file; if all of them were made, docs/reliability.md shows what they led to."""
    made = Releases(rig)
    yield made
    if len(made.rows) == RELEASES:
        figures.write("reliability.md", "releases", figures.table(HEAD, made.rows))


@pytest.mark.parametrize("run", [1, 2, 3])
def test_a_version_that_takes_twice_as_long_to_read_one_is_rolled_back(
    rig: Rig, before: Places, releases: Releases, run: int
) -> None:
    ended, crowd = releases.release(
        f"takes twice as long to read one (run {run})",
        lambda: publish(rig, READS, DOUBLES + READS),
        ONLY_USERS,
        steps="50,100",
        requests=ENOUGH,
    )
    assert (ended.state, ended.by) == (ROLLED_BACK, "verdict")
    assert ended.why.startswith("get_item: ")
    assert rig.places() == before
    assert crowd.failed == 0


def test_a_version_that_drops_a_field_from_lists_never_reaches_a_user(
    rig: Rig, before: Places, releases: Releases
) -> None:
    ended, crowd = releases.release("drops a field from lists", lambda: rig.publish("field", "list_items"))
    assert (ended.state, ended.by, ended.stages) == (ROLLED_BACK, "comparison", [])
    assert "/body/items/0/updated_at is missing" in ended.why
    assert rig.places() == before
    assert crowd.listed > 0
    assert crowd.lacking == set()


def test_a_version_that_refuses_valid_patches_never_reaches_a_user(
    rig: Rig, before: Places, releases: Releases
) -> None:
    ended, crowd = releases.release("refuses valid PATCHes", lambda: rig.publish("refused", "update_item"))
    assert (ended.state, ended.stages) == (ROLLED_BACK, [])
    assert rig.places() == before
    assert {status for _, status in crowd.responses} <= GOOD


def test_a_version_that_refuses_valid_patches_of_users_only_is_rolled_back(
    rig: Rig, before: Places, releases: Releases
) -> None:
    ended, crowd = releases.release(
        "refuses valid PATCHes, of users only", lambda: publish(rig, PATCHES, REFUSES + PATCHES), ONLY_USERS
    )
    assert (ended.state, ended.by) == (ROLLED_BACK, "verdict")
    assert "update_item" in ended.why
    assert rig.places() == before
    assert crowd.responses["patch", 400] > 0
    assert crowd.failed == 0


def test_a_fault_that_shows_only_at_100_percent_is_rolled_back(
    rig: Rig, before: Places, releases: Releases, tmp_path: Path
) -> None:
    begins = tmp_path / "begins"
    with once_promoted(rig, begins.touch):
        ended, crowd = releases.release(
            "fails to read one, once it has all traffic",
            lambda: rig.publish("5xx", "get_item", 0.5, begins),
            ONLY_USERS,
        )
    assert (ended.state, ended.restarts) == (ROLLED_BACK, 1)
    assert ended.by in {"verdict", "alarm"}  # whichever compares both versions first when it is back at 10 %
    assert rig.places() == before
    assert crowd.responses["get", 500] > 0


def test_a_healthy_version_is_promoted_with_no_failed_request(rig: Rig, before: Places, releases: Releases) -> None:
    ended, crowd = releases.release("is healthy", lambda: rig.publish(None))
    assert ended.state == PROMOTED
    assert rig.places() == rig.at(ended.new)
    assert {status for _, status in crowd.responses} <= GOOD
    assert crowd.lacking == set()


@contextmanager
def once_promoted(rig: Rig, act: Callable[[], None]) -> Iterator[None]:
    """Call `act` when a release that is begun in the block has sent all traffic to its versions."""
    last, over = rig.records.current(), threading.Event()

    def promoted() -> bool:
        now = rig.records.current()
        return bool(now and now.doing == "watch" and (last is None or now.number > last.number))

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


def publish(rig: Rig, line: str, others: str) -> None:
    """Publish versions whose handlers have other lines in the place of one."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("contract", "src/functions"):
            shutil.copytree(rig.stack.home / name, Path(folder) / name)
        handlers = Path(folder) / "src" / "functions" / "handlers.py"
        source = handlers.read_text(encoding="utf-8")
        assert source.count(line) == 1
        handlers.write_text(source.replace(line, others), encoding="utf-8")
        demo_versions.publish(rig.client, rig.functions, package.build(Path(folder)).zip.read_bytes())
