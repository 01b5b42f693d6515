"""Histories of many clients on a whole local stack that is killed, restarted, released to and rolled back under them.

`HISTORY_OPERATIONS=1000000 make torture` sends a million operations, which takes hours.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import httpx
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from emulator import process
from tests.history import faults
from tests.history.checker import Violation
from tests.history.clients import Workload
from tests.history.test_history import MUTATIONS, found_after, workload
from tests.release.rig import Rig, eventually
from tests.servers import lossy
from tests.snapshot import cloned
from tests.stack import Stack
from tests.torture import figures

OPERATIONS = int(os.environ.get("HISTORY_OPERATIONS", "20000"))
BETWEEN = 1800  # requests between two troubles
SAVES_AT_ONCE = "                self.commit_items()\n"  # a line of the emulator
SEEDS = 5  # for each mutation


class Troubles:
    """Kills, restarts and releases to a stack while clients use it, one after the other.

    Attributes:
        happened: how often.
    """

    def __init__(self, stack: Stack, clients: Workload) -> None:
        self.happened = Counter[str]()
        self._stack, self._clients, self._rig = stack, clients, Rig(stack)
        self._over = threading.Event()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Make trouble for as long as the block runs. Raises what failed in it."""
        failed: list[BaseException] = []

        def run() -> None:
            try:
                self._run()
            except BaseException as failure:  # noqa: BLE001  # raised below
                failed.append(failure)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()
        for failure in failed:
            raise failure

    def _run(self) -> None:
        due = BETWEEN
        while True:
            for trouble in (self._kill, self._release, self._kill, self._roll_back, self._stop):
                while self._clients.requests < due:
                    if self._over.wait(0.1):
                        return
                what = trouble()
                self.happened[what] += 1
                print(f"{what} after {self._clients.requests:,} requests", flush=True)
                due = self._clients.requests + BETWEEN

    def _kill(self) -> str:
        """Kill the emulator and its functions, and start it again: a machine that lost its power, but not what it had written."""
        pid = self._stack.environment.record["pid"]
        os.killpg(pid, signal.SIGKILL)
        assert eventually(lambda: not process.is_emulator(pid), 10)
        self._stack.crudctl("up")
        return "killed"

    def _stop(self) -> str:
        self._stack.crudctl("down")
        self._stack.crudctl("up")
        return "stopped"

    def _release(self) -> str:
        self._rig.publish(None)
        code, output = self._stack.crudctl_exit("release", "start", "--steps", "20,100", "--bake", "8s", "--yes")
        assert code == 0, output
        return "released"

    def _roll_back(self) -> str:
        code, output = self._stack.crudctl_exit("release", "rollback")
        assert code == 0, output
        return "rolled back"


class SignedIn(httpx.Auth):
    """Adds an access token of a demo user, which is renewed before it expires."""

    def __init__(self, stack: Stack) -> None:
        self._stack, self._lock = stack, threading.Lock()
        self._renew()

    def _renew(self) -> None:
        self._token, self._until = (
            self._stack.token(self._stack.outputs["demo_users"][0]["username"]),
            time.monotonic() + 300,
        )

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token. While the stack is down, the last one is used."""
        with self._lock:
            if time.monotonic() > self._until:
                with contextlib.suppress(BotoCoreError, ClientError):
                    self._renew()
            request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def connected(stack: Stack, through: str) -> Callable[[int], httpx.Client]:
    """Return what connects a client: every other one through the proxy `through`, which loses responses."""
    signed_in = SignedIn(stack)

    def connect(number: int) -> httpx.Client:
        url = through if number % 2 else stack.outputs["api_url"]
        return httpx.Client(base_url=f"{url}/", auth=signed_in, timeout=60)

    return connect


def test_histories_of_a_stack_that_is_killed_and_released_to(tmp_path: Path) -> None:
    with cloned(tmp_path / "items") as stack:
        stack.crudctl("up")
        with lossy.before(stack.outputs["api_url"]) as (url, _):
            clients = Workload(connected(stack, url), OPERATIONS, clients=10)
            troubles, began = Troubles(stack, clients), time.monotonic()
            with troubles.running():
                clients.run()
    happened = troubles.happened
    if OPERATIONS >= 10_000:
        assert {"killed", "stopped", "released", "rolled back"} <= happened.keys()
    assert clients.requests >= OPERATIONS
    report("histories", clients, time.monotonic() - began, happened)


def test_a_stack_that_forgets_in_a_kill_what_it_responded_to_is_found_out(tmp_path: Path) -> None:
    with cloned(tmp_path / "items") as stack:
        persistence = stack.home / "src" / "emulator" / "state" / "persistence.py"
        source = persistence.read_text(encoding="utf-8")
        assert source.count(SAVES_AT_ONCE) == 1
        persistence.write_text(source.replace(SAVES_AT_ONCE, "                pass\n"), encoding="utf-8")
        stack.crudctl("up")
        with lossy.before(stack.outputs["api_url"]) as (url, _):
            clients = Workload(connected(stack, url), 2 * BETWEEN, clients=10)
            with pytest.raises(Violation), Troubles(stack, clients).running():
                clients.run()
    print(f"found after {clients.requests:,} requests")


def test_histories_of_a_table_that_throttles_and_loses_responses(table: dict[str, str]) -> None:
    began = time.monotonic()
    clients, happened = workload(table, OPERATIONS, faults.whole)
    report("histories-table", clients, time.monotonic() - began, happened)


def report(name: str, clients: Workload, seconds: float, happened: Counter[str]) -> None:
    """Write what a history consisted of into docs/reliability.md."""
    statuses = Counter[str]()
    for (_, status), count in clients.counted.items():
        statuses[status] += count
    rows = [
        ("requests", f"{clients.requests:,}"),
        ("by operation", listed(Counter(kind for kind, _ in clients.counted.elements()))),
        ("by status", listed(statuses)),
        ("histories of one item, all linearizable", f"{len(clients.finished):,}"),
        ("what happened meanwhile", listed(happened)),
        ("seconds", f"{seconds:.0f}"),
    ]
    figures.write("reliability.md", name, figures.table(("", ""), rows))


def listed(counted: Counter[str]) -> str:
    """Return counts as text, the largest first."""
    return ", ".join(f"{name} {count:,}" for name, count in counted.most_common())


def test_every_removed_protection_is_found(table: dict[str, str]) -> None:
    rows = []
    for removed, mutation in MUTATIONS.items():
        found = sorted(found_after(table, mutation, seed) for seed in range(1, SEEDS + 1))
        rows.append((removed, *(f"{found[place]:,}" for place in (0, SEEDS // 2, -1))))
    head = ("removed", "found after requests, at best", "median", "at worst")
    figures.write("reliability.md", "removed", figures.table(head, rows))
