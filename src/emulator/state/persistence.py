"""Saves the emulator's state while it runs, and loads it; knows services only by name.

MiniStack writes its state at shutdown only, so an emulator that is killed or crashes would lose
everything. Here items of DynamoDB are written before the request is responded to, so that no answered
write is lost and nobody has read what is; all other changes are written every two seconds in one
transaction: a kill loses at most the last seconds of them, and never leaves half a write.

A change stays in `Persistence._unwritten` until it is committed. What marks it as saved (see `chunks`)
only says that it was put there.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, cast

from ministack import app as ministack_app
from ministack.core import persistence as ministack_persistence
from ministack.core import responses
from ministack.services import (
    apigateway_v1,
    budgets,
    cloudwatch,
    cloudwatch_logs,
    cognito,
    dynamodb,
    iam,
    kms,
    lambda_svc,
    s3,
    sns,
    sts,
    waf,
)

from emulator.patches import Difference, patch, register, uses
from emulator.state.chunks import Chunk, LogGroups, Metrics, Tables, WholeState, chunks_of
from emulator.state.store import StateStore

logger = logging.getLogger("emulator.persistence")

INTERVAL = 2.0
LONGEST_SLICE = 0.002
LEAST_REST = 20  # a service whose save costs a second is saved every 20 seconds
MOST_ATTEMPTS = 10
SETTLE = 10.0  # a service is saved again after this, with what a request started in the background

SAVED_WHILE_RUNNING = register(
    Difference(
        name="saved-while-running",
        service="Emulator",
        aws="a write that was responded to is durable",
        source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Introduction.html",
        ministack="state is written at shutdown only, so a crash loses everything",
        here="items are written before the response, which survives a kill of the process but not always a power failure; "
        f"all else every {INTERVAL:.0f} seconds, in one transaction",
        upstream="save the services that were written to every few seconds, and items at once; chunks in one SQLite file are "
        "our own choice",
    )
)
SESSIONS_SAVED = register(
    Difference(
        name="sessions-saved",
        service="STS",
        aws="temporary credentials are valid until they expire",
        source="https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html",
        ministack="temporary credentials are lost at every restart",
        here="they are part of the saved state",
        upstream="return the sessions from `sts.get_state`, and load them",
    )
)
uses(
    SAVED_WHILE_RUNNING,
    ministack_app,
    "_state_map",
    "_get_module(name)",
    "SERVICE_REGISTRY",
    "SERVICE_HANDLERS",
)
uses(SAVED_WHILE_RUNNING, ministack_persistence, "_json_default(obj)", "_json_object_hook(obj)")
uses(SAVED_WHILE_RUNNING, responses, "AccountRegionScopedDict")
uses(
    SAVED_WHILE_RUNNING, dynamodb, "_tables", "_update_counts(table)", *(f"_{store}" for store in Tables.stores.split())
)
uses(SAVED_WHILE_RUNNING, cloudwatch_logs, "_log_groups", *(f"_{store}" for store in LogGroups.stores.split()))
uses(
    SAVED_WHILE_RUNNING,
    cloudwatch,
    "_metrics._data",
    "_metrics._scoped(key)",
    *(f"_{store}" for store in Metrics.stores.split()),
)
STATE = ("get_state()", "load_persisted_state(data)")
uses(SAVED_WHILE_RUNNING, apigateway_v1, *STATE)
uses(SAVED_WHILE_RUNNING, budgets, *STATE)
uses(SAVED_WHILE_RUNNING, cloudwatch, *STATE)
uses(SAVED_WHILE_RUNNING, cloudwatch_logs, *STATE)
uses(SAVED_WHILE_RUNNING, cognito, *STATE)
uses(SAVED_WHILE_RUNNING, dynamodb, *STATE)
uses(SAVED_WHILE_RUNNING, iam, *STATE)
uses(SAVED_WHILE_RUNNING, kms, *STATE)
uses(SAVED_WHILE_RUNNING, lambda_svc, *STATE)
uses(SAVED_WHILE_RUNNING, s3, *STATE)
uses(SAVED_WHILE_RUNNING, sns, *STATE)
uses(SAVED_WHILE_RUNNING, sts, *STATE)
uses(SAVED_WHILE_RUNNING, waf, *STATE)
uses(SESSIONS_SAVED, sts, "_sessions")

_READING_ACTION = re.compile(rb"(?:^|&)Action=(Get|List|Describe|Head)")
_READING_TARGET = re.compile(r"\.(Get|List|Describe|Query|Scan|BatchGet|Filter|AdminGet)\w*$")

Handler = Callable[..., Awaitable[Any]]


class NotSaved(RuntimeError):
    """The state could not be written to the disk."""


class Persistence:
    """Keeps track of the services that a request may have changed, and saves those."""

    def __init__(self, store: StateStore) -> None:
        self.store = store
        self._chunks: dict[str, WholeState] = {}
        self._due: dict[str, float] = {}
        self._settling: dict[str, float] = {}
        self._rest_until: dict[str, float] = {}
        self._unwritten: dict[tuple[str, str], bytes | None] = {}  # (service, chunk name) -> value
        self._writing = threading.Lock()
        self._code_in_use: set[str] | None = None
        self._remove_unused_code: Callable[[set[str]], None]

    def install(self) -> None:
        """Take over MiniStack's loading and saving."""
        patch(ministack_app, "load_state", self.load, SAVED_WHILE_RUNNING)
        patch(ministack_app, "save_all", leave_to_server, SAVED_WHILE_RUNNING)
        patch(lambda_svc, "_prune_orphan_code_blobs", self.note_code_in_use, SAVED_WHILE_RUNNING)
        patch(dynamodb, "_set_item", self.set_item, SAVED_WHILE_RUNNING)
        patch(dynamodb, "_remove_item", self.remove_item, SAVED_WHILE_RUNNING)
        patch(cloudwatch, "_metric_bucket", self.metric_bucket, SAVED_WHILE_RUNNING)
        patch(sts, "get_state", sessions, SESSIONS_SAVED)
        patch(sts, "load_persisted_state", load_sessions, SESSIONS_SAVED)
        for service in ministack_app.SERVICE_HANDLERS:
            patch(ministack_app, f"SERVICE_HANDLERS[{service}]", self._watching(service), SAVED_WHILE_RUNNING)

    def mark(self, *services: str) -> None:
        """Note that the state of these services may have changed."""
        now = time.monotonic()
        for service in services:
            self._due[service] = now
            self._settling.setdefault(service, now + SETTLE)

    def load(self, service: str) -> Any:
        """Return the saved state of one service, for its `load_persisted_state`, or None."""
        stored = self.store.read(service)
        return self._chunks_of(service).restored(stored) if stored else None

    async def run(self) -> None:
        """Save what is due every two seconds, forever."""
        while True:
            await asyncio.sleep(INTERVAL)
            now = time.monotonic()
            for service in [s for s, since in self._settling.items() if since <= now]:
                del self._settling[service]
                self._due[service] = now
            for service in [s for s in self._due if self._rest_until.get(s, 0) <= now]:
                await self._collect(service)
            await asyncio.to_thread(self._write)

    async def _collect(self, service: str) -> None:
        """Add the changes of a service to those that are written next, with pauses in which requests are served."""
        del self._due[service]
        cost, slice_start = 0.0, time.perf_counter()
        try:
            for chunk in self._chunks_of(service).changed():
                self._add(service, chunk)
                elapsed = time.perf_counter() - slice_start
                if elapsed > LONGEST_SLICE:
                    cost += elapsed
                    await asyncio.sleep(0)
                    slice_start = time.perf_counter()
        except RuntimeError as changed_meanwhile:
            logger.info("%s: %s; saved again later", service, changed_meanwhile)
            self.mark(service)
        cost += time.perf_counter() - slice_start
        self._rest_until[service] = time.monotonic() + LEAST_REST * cost

    def save(self) -> None:
        """Save every service that has been used, and close the file.

        Nothing is lost if `run` was cancelled just before: what it collected and did not write is written here. A service whose
        state cannot be saved takes no other one with it.

        Raises:
            NotSaved: The disk is full, for example.
        """
        modules = ((service, f"ministack.services.{name}") for service, name in ministack_app._state_map.items())
        used = [service for service, module in modules if sys.modules.get(module) is not None]
        failed = [service for service in used if not self._collect_at_once(service)]
        self._write()
        unsaved = len(self._unwritten)
        self.store.close()
        if failed:
            raise NotSaved(f"changes of {', '.join(failed)} could not be saved, for the reason above")
        if unsaved:
            raise NotSaved(f"{unsaved} changes could not be saved, for the reason above")

    def _collect_at_once(self, service: str) -> bool:
        """Add all changes of a service to those that are written next. Return whether that was possible."""
        for _ in range(MOST_ATTEMPTS):
            try:
                for chunk in self._chunks_of(service).changed():
                    self._add(service, chunk)
            except RuntimeError as changed_meanwhile:  # by a thread of MiniStack
                logger.info("%s: %s; saved again", service, changed_meanwhile)
            except Exception:
                logger.exception("%s: the last changes could not be saved", service)
                return False
            else:
                return True
        logger.error("%s: the last changes could not be saved, because its state never stopped changing", service)
        return False

    def commit_items(self) -> None:
        """Save the items that were written since this was called last. They are saved with the next changes if that fails.

        The event loop waits meanwhile, so that nobody reads an item that might still be lost.

        Raises:
            NotSaved: The disk is full, for example. The write must not be responded to as if it had succeeded.
        """
        tables = cast("Tables", self._chunks_of("dynamodb"))
        if not tables.touched:
            return
        with self._writing:
            written = {("dynamodb", name): value for name, value in tables.written()}
            self._unwritten |= written
            try:
                self.store.write((*key, value) for key, value in written.items())
            except (sqlite3.Error, OSError) as failure:
                raise NotSaved(f"the items could not be saved: {failure}") from failure
            for key in written:
                del self._unwritten[key]

    def _add(self, service: str, chunk: Chunk) -> None:
        if chunk is not None:
            with self._writing:
                self._unwritten[service, chunk[0]] = chunk[1]

    def _write(self) -> None:
        with self._writing:
            if not self._unwritten:
                return
            try:
                self.store.write((*key, value) for key, value in self._unwritten.items())
            except Exception:
                logger.exception("the state could not be saved; trying again with the next changes")
                return
            self._unwritten.clear()
        if self._code_in_use is not None:
            self._remove_unused_code(self._code_in_use)
            self._code_in_use = None

    def _chunks_of(self, service: str) -> WholeState:
        if service not in self._chunks:
            module = ministack_app._get_module(ministack_app._state_map[service])
            self._chunks[service] = chunks_of(service, module)
        return self._chunks[service]

    def note_code_in_use(self, original: Callable[[set[str]], None], referenced: set[str]) -> None:
        """Note the code that functions refer to. Other code is removed once the state without that reference is saved."""
        self._code_in_use, self._remove_unused_code = referenced, original

    def set_item(
        self, original: Callable[..., Any], table: dict[str, Any], pk_val: str, sk_val: str, item: dict[str, Any]
    ) -> Any:
        """Put an item into a table, and note that it was."""
        replaced = original(table, pk_val, sk_val, item)
        self._touch(table, pk_val, sk_val)
        return replaced

    def remove_item(self, original: Callable[..., Any], table: dict[str, Any], pk_val: str, sk_val: str) -> Any:
        """Remove an item from a table, and note that it was."""
        removed = original(table, pk_val, sk_val)
        self._touch(table, pk_val, sk_val)
        return removed

    def _touch(self, table: dict[str, Any], partition: str, sort_key: str) -> None:
        _, _, _, region, account, name = table["TableArn"].split(":")
        scope = (account, region, name.removeprefix("table/"))
        cast("Tables", self._chunks_of("dynamodb")).touched.add((scope, (partition, sort_key)))

    def metric_bucket(self, original: Callable[[Any], list[Any]], key: tuple[str, str, str]) -> list[Any]:
        """Return the data points of a metric of the current account and region, to which one is about to be added."""
        cast("Metrics", self._chunks_of("cloudwatch")).touched.add(cloudwatch._metrics._scoped(key))
        return original(key)

    def _watching(self, service: str) -> Handler:
        config = ministack_app.SERVICE_REGISTRY[service]
        written = [config.get("state_key", config["module"]), *config.get("sub_modules", ())]
        if service == "lambda":
            written += ["cloudwatch_logs", "cloudwatch"]
        written = [name for name in written if name in ministack_app._state_map]

        async def handle(
            original: Handler,
            method: str,
            path: str,
            headers: dict[str, str],
            body: bytes,
            query_params: dict[str, Any],
        ) -> Any:
            response = await original(method, path, headers, body, query_params)
            if service == "dynamodb":
                self.commit_items()
            if not _reads_only(method, headers, body):
                self.mark(*written)
            return response

        return handle


def leave_to_server(services: Any) -> None:
    """Do not save when MiniStack shuts down: the server does so when the last request has ended."""


def sessions() -> Any:
    """Return the state of STS: the sessions of roles."""
    return {"sessions": sts._sessions}


def load_sessions(data: Any) -> None:
    """Restore the state of STS, but not the sessions without end: they were those of functions that ended with the emulator."""
    sts._sessions.update({key: session for key, session in data["sessions"].items() if session.get("Expiration")})


def _reads_only(method: str, headers: dict[str, str], body: bytes) -> bool:
    if method in ("GET", "HEAD"):
        return True
    target = headers.get("x-amz-target", "")
    if target:
        return _READING_TARGET.search(target) is not None
    return _READING_ACTION.search(body[:4096]) is not None
