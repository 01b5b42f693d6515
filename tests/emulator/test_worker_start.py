"""A burst waits for processes that are free soon, and not for a process for each of its requests."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from emulator.lambda_ import worker_start
from emulator.lambda_.worker_start import Starts

from .stack import Stack, eventually

IMPORTED = """
import sys
def handler(event, context):
    return "botocore.handlers" in sys.modules
"""
COUNTED = """
import botocore.session
def handler(event, context):
    import botocore.handlers
    return [getattr(function, "__name__", "") for _, function, *_ in botocore.handlers.BUILTIN_HANDLERS][-1]
"""


class Pool:
    """Workers, named by numbers; a new one if none is free."""

    def __init__(self) -> None:
        self.free: list[str] = []
        self._names = map(str, itertools.count())

    def acquire(self) -> tuple[str, str]:
        return (self.free.pop(), "reused") if self.free else (next(self._names), "spawn")

    def is_free(self) -> bool:
        return bool(self.free)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Pool:
    """A pool without workers, for whose start nobody loses patience."""
    monkeypatch.setattr(worker_start, "PATIENCE", 600)
    return Pool()


def test_request_takes_a_worker_that_becomes_free_while_others_start(pool: Pool) -> None:
    starts = Starts(at_once=2)
    for name in "01":
        assert starts.acquire(pool.acquire, pool.is_free) == (name, "spawn")
    with ThreadPoolExecutor(1) as threads:
        third = threads.submit(starts.acquire, pool.acquire, pool.is_free)
        assert eventually(lambda: starts.waiting, 60)
        pool.free.append("another")
        starts.ended("another")
        assert third.result(60) == ("another", "reused")


def test_worker_is_started_when_another_has_been(pool: Pool) -> None:
    starts = Starts(at_once=1)
    assert starts.acquire(pool.acquire, pool.is_free) == ("0", "spawn")
    with ThreadPoolExecutor(1) as threads:
        second = threads.submit(starts.acquire, pool.acquire, pool.is_free)
        assert eventually(lambda: starts.waiting, 60)
        starts.ended("0")
        assert second.result(60) == ("1", "spawn")


def test_worker_that_hangs_while_it_starts_holds_up_nobody_for_long(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_start, "PATIENCE", 0.01)
    starts = Starts(at_once=1)
    assert [starts.acquire(pool.acquire, pool.is_free) for _ in range(2)] == [("0", "spawn"), ("1", "spawn")]


def test_every_request_of_a_burst_is_served(ours: Stack) -> None:
    name, barrier = ours.function("def handler(event, context):\n    return event"), threading.Barrier(12)

    def call(number: int) -> object:
        barrier.wait(60)
        return ours.invoke(name, {"number": number})

    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(call, range(12)))
    assert answers == [{"number": number} for number in range(12)]


@pytest.mark.adds(worker_start.WORKER_START)
def test_process_imports_botocore_only_where_the_function_does(ours: Stack) -> None:
    assert ours.invoke(ours.function(IMPORTED)) is False
    assert ours.invoke(ours.function(COUNTED)) == "_ms_add_invoke_depth"


@pytest.mark.lacks(worker_start.WORKER_START)
def test_ministack_imports_botocore_in_every_process(ministack: Stack) -> None:
    assert ministack.invoke(ministack.function(IMPORTED)) is True
