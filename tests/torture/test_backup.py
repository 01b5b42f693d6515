"""A large table is backed up while it is in use, and restored to where it was lost and to a stack with other users."""

from __future__ import annotations

import itertools
import os
import random
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crudctl.backup import archive, attributes, entries
from crudctl.backup.attributes import Entry
from functions.aws.attributes import marshal
from functions.entry import memory
from tests.snapshot import cloned
from tests.stack import Stack, free_port
from tests.torture import figures

COUNT = int(os.environ.get("BACKUP_ENTRIES", "10000"))
TRASH, MEMORIES = 10, 10  # one of so many entries
CLIENTS = 4


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose demo users own many entries: live, in the trash and remembered."""
    with cloned(tmp_path_factory.mktemp("full") / "items") as stack:
        stack.crudctl("up")
        fill(stack)
        yield stack


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that was made from nothing, so that the same people have other ids in its pool."""
    stack = Stack(tmp_path_factory.mktemp("fresh") / "items")
    try:
        stack.crudctl("up", "--port", str(free_port()), "--web-port", str(free_port()))
        yield stack
    finally:
        stack.crudctl("clean", "--yes")


def owners(stack: Stack) -> list[str]:
    """The ids of the demo users, in order."""
    listed = stack.aws("cognito-idp").list_users(UserPoolId=stack.outputs["user_pool_id"])["Users"]
    by_address = {}
    for user in listed:
        found = {one["Name"]: one["Value"] for one in user["Attributes"]}
        by_address[found["email"]] = found["sub"]
    return [by_address[user["username"]] for user in stack.outputs["demo_users"]]


def fill(stack: Stack) -> None:
    """Write COUNT entries as the functions would have."""
    chance, people, soon = random.Random(13), owners(stack), int(time.time()) + 1_000_000
    made: list[Entry] = []
    for number in range(COUNT):
        owner, name = people[number % 2], f"{number:08}-0000-4000-8000-000000000000"
        moment = f"2026-11-{1 + number % 25:02}T10:00:00.{number % 1000:03}000Z"
        if number % MEMORIES == 1:
            made.append(marshal(memory(owner, name, "2026-11-25T10:00:00Z", f"r{number}")))
            continue
        system = {"id": f"{owner}#{name}", "owner": owner, "version": 1 + number % 7, "fingerprint": "f"}
        content = {
            "name": f"Thing {number} \u2028 \U0001f600",
            "quantity": chance.randrange(1000),
            "attributes": {f"key{n}": chance.choice(["x" * chance.randrange(300), "é"]) for n in range(3)},
        }
        entry = system | {"created_at": moment, "updated_at": moment, "receipt": f"r{number}"} | content
        if number % TRASH == 2:
            entry |= {"owner": f"{owner}#trash", "deleted_at": moment, "expires_at": soon}
        made.append(marshal(entry))
    write(stack, made)


def write(stack: Stack, made: list[Entry]) -> None:
    table, client = stack.outputs["table_name"], stack.aws("dynamodb")
    for start in range(0, len(made), 25):
        client.batch_write_item(
            RequestItems={table: [{"PutRequest": {"Item": entry}} for entry in made[start : start + 25]]}
        )


def remove(stack: Stack, lost: list[Entry]) -> None:
    table, client = stack.outputs["table_name"], stack.aws("dynamodb")
    for start in range(0, len(lost), 25):
        requests = [{"DeleteRequest": {"Key": {"id": entry["id"]}}} for entry in lost[start : start + 25]]
        client.batch_write_item(RequestItems={table: requests})


def content(stack: Stack) -> dict[str, Entry]:
    """The table by key."""
    return {attributes.key(one): one for one in entries.scan(stack.aws("dynamodb"), stack.outputs["table_name"])}


class Clients:
    """Users who create, change and delete while something else happens, and remember every response."""

    def __init__(self, stack: Stack) -> None:
        self.last: dict[str, dict[str, Any] | None] = {}  # by id, None once it is deleted
        self.requests = 0
        self._stack = stack
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(CLIENTS)]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        chance, own = random.Random(number), list[str]()
        with self._stack.api(number % 2) as api:
            for step in itertools.count():
                if self._stop.is_set():
                    return
                self.requests += 1
                if len(own) < 5 or chance.random() < 0.3:
                    created = api.post("items", json={"name": f"client {number} step {step}"})
                    assert created.status_code == 201, created.text
                    own.append(created.json()["id"])
                    self.last[own[-1]] = created.json()
                    continue
                chosen = chance.choice(own)
                if chance.random() < 0.2:
                    own.remove(chosen)
                    assert api.delete(f"items/{chosen}").status_code == 204
                    self.last[chosen] = None
                    continue
                changed = api.put(f"items/{chosen}", json={"name": f"client {number} step {step}"})
                assert changed.status_code == 200, changed.text
                self.last[chosen] = changed.json()

    def check(self) -> None:
        """Assert that the service has what the last response of each resource said."""
        with self._stack.api(0) as first, self._stack.api(1) as second:
            for one, known in self.last.items():
                responses = [api.get(f"items/{one}") for api in (first, second)]
                found = [response.json() for response in responses if response.status_code == 200]
                assert found == ([known] if known else [])


def timed(stack: Stack, *arguments: str) -> tuple[float, str, str]:
    """Seconds, standard output and standard error of a command, which must succeed."""
    started = time.monotonic()
    result = stack.run(*arguments)
    assert result.returncode == 0, result.stderr
    return time.monotonic() - started, result.stdout.strip(), result.stderr


def test_a_large_table_is_backed_up_in_use_lost_and_restored(full: Stack, fresh: Stack, tmp_path: Path) -> None:
    before = content(full)
    rows = []
    with Clients(full) as during_backup:
        seconds, file, _ = timed(full, "backup", "--to", str(tmp_path))
    during_backup.check()
    backup = {attributes.key(one): one for one in archive.entries(Path(file))}
    assert [key for key, one in before.items() if not attributes.same(one, backup[key])] == []
    size = Path(file).stat().st_size
    note = f"{during_backup.requests:,} requests served meanwhile; the file has {size / 1e6:.1f} MB"
    rows.append(["back up, in use", f"{len(backup):,}", f"{seconds:.0f} s", note])

    lost = [one for number, one in enumerate(before.values()) if number % 3]
    remove(full, lost)
    with Clients(full) as during_restore:
        seconds, _, printed = timed(full, "restore", file, "--if-different", "keep", "--yes")
    during_restore.check()
    during_backup.check()
    now = content(full)
    assert [key for key, one in before.items() if not attributes.same(one, now[key])] == []
    note = f"{during_restore.requests:,} requests served meanwhile, no answered write lost"
    rows.append(["restore two thirds, in use", f"{len(lost):,}", f"{seconds:.0f} s", note])

    refused = fresh.run("restore", file, "--yes")
    assert (refused.returncode, "Pass --users" in refused.stderr) == (1, True)
    # Somebody whom the fresh pool does not have yet.
    full.aws("cognito-idp").admin_create_user(
        UserPoolId=full.outputs["user_pool_id"],
        Username="new@example.com",
        UserAttributes=[{"Name": "email", "Value": "new@example.com"}],
    )
    seconds, file, _ = timed(full, "backup", "--to", str(tmp_path / "second.gz"))
    seconds, _, printed = timed(fresh, "restore", file, "--users", "--yes")
    assert re.search(r" 1  users to create", printed)
    people = dict(zip(owners(full), owners(fresh), strict=True))
    assert len({*people, *people.values()}) == 4
    source, copy = content(full), content(fresh)
    assert len(source) == len(copy)
    for key, one in source.items():
        owner, _, own = key.rpartition("#")
        assert (
            copy[f"{people[owner]}#{own}"].items() >= {k: v for k, v in one.items() if k not in ("id", "owner")}.items()
        )
    compared = sum(same_lists(full, fresh, user) for user in (0, 1))
    note = f"{compared:,} resources, live and in the trash, equal in both APIs"
    rows.append(["restore to a fresh stack with other users", f"{len(copy):,}", f"{seconds:.0f} s", note])
    figures.write("reliability.md", "backup", figures.table(["what", "entries", "took", "and"], rows))


def same_lists(one: Stack, other: Stack, user: int) -> int:
    """Assert that a user sees the same in two stacks, page by page. Return how many resources."""
    seen = 0
    with one.api(user) as here, other.api(user) as there:
        for deleted in ("false", "true"):
            cursors: list[dict[str, str]] = [{}, {}]
            while True:
                pages = [
                    api.get("items", params={"limit": "100", "deleted": deleted} | cursor).json()
                    for api, cursor in zip((here, there), cursors, strict=True)
                ]
                assert pages[0]["items"] == pages[1]["items"]
                seen += len(pages[0]["items"])
                cursors = [{"cursor": page["next_cursor"]} for page in pages]
                if not pages[0]["next_cursor"]:
                    break
    return seen
