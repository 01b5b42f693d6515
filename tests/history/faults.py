"""The service in this process, with a table that has bad days, or with a part of its protection removed."""

from __future__ import annotations

import collections
import copy
import itertools
import os
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import httpx

from functions import handlers
from functions.aws import dynamodb
from functions.store import Store
from tests.api.in_process import InProcess

Json = dict[str, Any]
Call = Callable[[str, str, Json, Callable[[], float]], Json]
Mutation = Callable[[Call], Call]

LAG = 0.05  # seconds that a replica is behind
BAD = THROTTLED, LOST, TWICE = "throttled", "response lost", "sent twice"
WRITES = ("PutItem", "UpdateItem", "DeleteItem")


class BadTable:
    """Throttles a call now and then, loses the response to a write, or is sent a write twice because it did not respond.

    Args:
        every: how many calls are served between two such.

    Attributes:
        happened: how often.
    """

    def __init__(self, every: int = 12) -> None:
        self.happened: collections.Counter[str] = collections.Counter()
        self._every, self._calls, self._kinds = every, itertools.count(1), itertools.cycle(BAD)
        self._of_thread = threading.local()

    def repeated(self) -> bool:
        """Return whether a write of this thread was sent twice since this was asked last."""
        repeated, self._of_thread.repeated = getattr(self._of_thread, "repeated", False), False
        return bool(repeated)

    def __call__(self, call: Call) -> Call:
        def faulty(owner: str, action: str, payload: Json, remaining: Callable[[], float]) -> Json:
            if next(self._calls) % self._every:
                return call(owner, action, payload, remaining)
            kind = next(self._kinds) if action in WRITES else THROTTLED
            self.happened[kind] += 1
            if kind == THROTTLED:
                raise dynamodb.Throttled("a bad day")
            call(owner, action, payload, remaining)
            if kind == LOST:
                raise dynamodb.Unavailable("a bad day")
            self._of_thread.repeated = True
            return call(owner, action, payload, remaining)

        return faulty


class Replica:
    """Serves reads without ConsistentRead from a copy of the table that is `LAG` seconds behind, as DynamoDB may."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._versions: dict[str, list[tuple[float, Json]]] = {}

    def __call__(self, call: Call) -> Call:
        def behind(owner: str, action: str, payload: Json, remaining: Callable[[], float]) -> Json:
            if action == "GetItem" and not payload.get("ConsistentRead"):
                return self._read(payload["Key"]["id"]["S"], lambda: call(owner, action, payload, remaining))
            response = call(owner, action, payload, remaining)
            if action in WRITES:
                key = (payload.get("Key") or {"id": payload["Item"]["id"]})["id"]["S"]
                about = {"TableName": payload["TableName"], "Key": {"id": {"S": key}}, "ConsistentRead": True}
                current = call(owner, "GetItem", about, remaining)
                with self._lock:
                    self._versions.setdefault(key, []).append((time.monotonic(), current))
            return response

        return behind

    def _read(self, key: str, read: Callable[[], Json]) -> Json:
        with self._lock:
            old = [item for since, item in self._versions.get(key, []) if since < time.monotonic() - LAG]
        return copy.deepcopy(old[-1]) if old else read()


def whole(call: Call) -> Call:
    """Remove nothing."""
    return call


def without_condition(call: Call) -> Call:
    """Let the table write whatever version there is."""

    def changed(owner: str, action: str, payload: Json, remaining: Callable[[], float]) -> Json:
        return call(owner, action, _without(payload, r" AND #version IN \([^)]*\)"), remaining)

    return changed


def without_state(call: Call) -> Call:
    """Let the table change what is in the trash as if it were live."""

    def changed(owner: str, action: str, payload: Json, remaining: Callable[[], float]) -> Json:
        return call(owner, action, _without(payload, r" AND attribute_not_exists\(#deleted\)"), remaining)

    return changed


def without_receipt(call: Call) -> Call:
    """Let writes leave no receipt that would be recognised."""

    def changed(owner: str, action: str, payload: Json, remaining: Callable[[], float]) -> Json:
        payload = copy.deepcopy(payload)
        if "Item" in payload:
            payload["Item"]["receipt"] = {"S": str(uuid.uuid4())}
        if ":receipt" in payload.get("ExpressionAttributeValues", {}):
            payload["ExpressionAttributeValues"][":receipt"] = {"S": str(uuid.uuid4())}
        return call(owner, action, payload, remaining)

    return changed


def without_consistent_read(call: Call) -> Call:
    """Read from whichever copy of the table responds first."""

    def changed(owner: str, action: str, payload: Json, remaining: Callable[[], float]) -> Json:
        return call(owner, action, {name: payload[name] for name in payload if name != "ConsistentRead"}, remaining)

    return changed


def without_memory(call: Call) -> Call:
    """Remove for good what is purged, instead of remembering its id."""

    def changed(owner: str, action: str, payload: Json, remaining: Callable[[], float]) -> Json:
        if action == "PutItem" and "deleted_at" in payload["Item"]:
            action, payload = "DeleteItem", payload | {"Key": {"id": payload["Item"]["id"]}}
            del payload["Item"]
        return call(owner, action, payload, remaining)

    return changed


def _without(payload: Json, condition: str) -> Json:
    """Return a payload without a part of its condition, and without the names and values that only this part used."""
    text = payload.get("ConditionExpression", "")
    kept = re.sub(condition, "", text)
    if kept == text:
        return payload
    used = {*re.findall(r"[:#]\w+", kept + payload.get("UpdateExpression", ""))}
    still = {
        part: {name: value for name, value in payload[part].items() if name in used}
        for part in ("ExpressionAttributeNames", "ExpressionAttributeValues")
    }
    return payload | still | {"ConditionExpression": kept}


class Served(InProcess):
    """The functions in this process, over a table changed by `around`."""

    def __init__(self, environ: dict[str, str], around: Mutation) -> None:
        self._around = around
        super().__init__(environ)

    def store(self) -> Store:
        """Return the store of this thread."""
        if not hasattr(self._environments, "store"):
            real = Store.from_environment(os.environ)
            self._environments.store = Store(self._around(real._call), real._table, real._index, real._trash_days)
        store: Store = self._environments.store
        return store


@contextmanager
def serving(table: dict[str, str], owner: str, *around: Mutation) -> Iterator[Callable[[int], httpx.Client]]:
    """Serve from a table, with each of `around` between the functions and what follows it. Yields what connects a client.

    What the functions log is dropped.
    """

    def all_of(call: Call) -> Call:
        for one in reversed(around):
            call = one(call)
        return call

    before = handlers.store, dict(os.environ)
    transport = Served(table, all_of)
    bearer = {"Authorization": f"Bearer {owner}"}
    try:
        with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
            yield lambda _: httpx.Client(base_url="http://in-process/", headers=bearer, transport=transport)
    finally:
        handlers.store = before[0]
        os.environ.clear()
        os.environ.update(before[1])
