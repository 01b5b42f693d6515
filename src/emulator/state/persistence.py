"""Saves the emulator's state while it runs, and loads it; knows services only by name.

MiniStack writes its state at shutdown only, so a killed or crashed emulator would forget
everything. Here what has changed is written every two seconds in one transaction: a kill loses
at most the last seconds, and never leaves half a write.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

from ministack import app as ministack_app
from ministack.services import cloudwatch, lambda_svc, sts

from emulator.differences import Difference, register
from emulator.state.chunks import Metrics, WholeState, chunks_of
from emulator.state.store import Row, StateStore

logger = logging.getLogger("crudctl.persistence")

INTERVAL = 2.0
LONGEST_SLICE = 0.002
LEAST_REST = 20  # a service whose save costs a second is saved every 20 seconds
SETTLE = 10.0  # what a request started in the background is saved after this

SAVED_WHILE_RUNNING = register(
    Difference(
        name="saved-while-running",
        service="Emulator",
        aws="an answered write is durable",
        source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Introduction.html",
        ministack="state is written at shutdown only, so a crash forgets everything",
        here=f"what changed is written every {INTERVAL:.0f} seconds, in one transaction",
    )
)
SESSIONS_SAVED = register(
    Difference(
        name="sessions-saved",
        service="STS",
        aws="temporary credentials are valid until they expire",
        source="https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html",
        ministack="temporary credentials are forgotten at every restart",
        here="they are part of the saved state",
    )
)

_READING_ACTION = re.compile(rb"(?:^|&)Action=(Get|List|Describe|Head)")
_READING_TARGET = re.compile(r"\.(Get|List|Describe|Query|Scan|BatchGet|Filter|AdminGet)\w*$")


class Persistence:
    """Notes which services a request may have changed, and saves those."""

    def __init__(self, store: StateStore) -> None:
        self.store = store
        self._chunks: dict[str, WholeState] = {}
        self._due: dict[str, float] = {}
        self._settling: dict[str, float] = {}
        self._rest_until: dict[str, float] = {}
        self._code_in_use: set[str] | None = None

    def mark(self, *services: str) -> None:
        """Note that the state of these services may have changed."""
        now = time.monotonic()
        for service in services:
            self._due[service] = now
            self._settling.setdefault(service, now + SETTLE)

    def load(self, service: str) -> Any:
        """The saved state of one service, for its `load_persisted_state`, or None."""
        stored = self.store.read(service)
        return self._chunks_of(service).restored(stored) if stored else None

    async def run(self) -> None:
        """Save what is due every two seconds, for ever."""
        while True:
            await asyncio.sleep(INTERVAL)
            now = time.monotonic()
            for service in [s for s, since in self._settling.items() if since <= now]:
                del self._settling[service]
                self._due[service] = now
            due = [s for s in self._due if self._rest_until.get(s, 0) <= now]
            if due:
                await self._save(due)

    async def _save(self, services: list[str]) -> None:
        rows: list[Row] = []
        for service in services:
            del self._due[service]
            cost, slice_start = 0.0, time.perf_counter()
            try:
                for chunk in self._chunks_of(service).changed():
                    if chunk is not None:
                        rows.append((service, *chunk))
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
        await asyncio.to_thread(self._write, rows)

    def save_all(self) -> None:
        """Save every service that has been used, at once."""
        rows: list[Row] = []
        for service, module_name in ministack_app._state_map.items():
            module = sys.modules.get(f"ministack.services.{module_name}")
            if module is not None and hasattr(module, "get_state"):
                changed = self._chunks_of(service).changed()
                rows += [(service, *chunk) for chunk in changed if chunk is not None]
        self._write(rows)

    def _write(self, rows: list[Row]) -> None:
        try:
            self.store.write(rows)
        except Exception:
            logger.exception("the state could not be saved; trying again")
            for service in {service for service, _, _ in rows}:
                self._chunks_of(service).forget()
                self.mark(service)
            return
        if self._code_in_use is not None:
            _remove_unused_code(self._code_in_use)
            self._code_in_use = None

    def _chunks_of(self, service: str) -> WholeState:
        if service not in self._chunks:
            module = ministack_app._get_module(ministack_app._state_map[service])
            self._chunks[service] = chunks_of(service, module)
        return self._chunks[service]

    def note_code_in_use(self, referenced: set[str]) -> None:
        """Remember which code a function may need until the state that says so is written."""
        self._code_in_use = referenced

    def note_metric(self, key: tuple[str, str, str]) -> None:
        """Note that points were added to a metric of the current account and region."""
        cast("Metrics", self._chunks_of("cloudwatch")).touched.add(cloudwatch._metrics._scoped(key))


_remove_unused_code: Callable[[set[str]], None] = lambda_svc._prune_orphan_code_blobs


def install(path: Path) -> Persistence:
    """Take over MiniStack's loading and saving, with the state in the file `path`."""
    persistence = Persistence(StateStore(path))
    ministack_app.load_state = persistence.load
    ministack_app.save_all = lambda _services: persistence.save_all()
    lambda_svc._prune_orphan_code_blobs = persistence.note_code_in_use
    _save_sessions()
    _watch_metrics(persistence)
    for service, handler in list(ministack_app.SERVICE_HANDLERS.items()):
        ministack_app.SERVICE_HANDLERS[service] = _watched(service, handler, persistence)
    return persistence


def _save_sessions() -> None:
    sts.get_state = lambda: {"sessions": sts._sessions}
    sts.load_persisted_state = lambda data: sts._sessions.update(data["sessions"])


def _watch_metrics(persistence: Persistence) -> None:
    original = cloudwatch._metric_bucket

    def metric_bucket(key: tuple[str, str, str]) -> list[Any]:
        persistence.note_metric(key)
        bucket: list[Any] = original(key)
        return bucket

    cloudwatch._metric_bucket = metric_bucket


Handler = Callable[..., Awaitable[Any]]


def _watched(service: str, handler: Handler, persistence: Persistence) -> Handler:
    config = ministack_app.SERVICE_REGISTRY[service]
    written = [config.get("state_key", config["module"]), *config.get("sub_modules", ())]
    if service == "lambda":
        written += ["cloudwatch_logs", "cloudwatch"]
    written = [name for name in written if name in ministack_app._state_map]

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Any:
        answer = await handler(method, path, headers, body, query)
        if not _reads_only(method, headers, body):
            persistence.mark(*written)
        return answer

    return handle


def _reads_only(method: str, headers: dict[str, str], body: bytes) -> bool:
    if method in ("GET", "HEAD"):
        return True
    target = headers.get("x-amz-target", "")
    if target:
        return _READING_TARGET.search(target) is not None
    return _READING_ACTION.search(body[:4096]) is not None
