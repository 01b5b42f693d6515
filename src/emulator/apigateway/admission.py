"""How many requests are in functions at once, and how many wait for a place: a burst must not start a process for each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from emulator.patches import Difference, register

RUNNING = 16  # more would only share the processors of this machine
WAITING = 64  # about a second of work

CONCURRENCY = register(
    Difference(
        name="concurrency",
        service="API Gateway",
        aws="Lambda refuses what exceeds the concurrent executions of the account, 1,000 or in some new accounts 10: a 500 "
        "through DEFAULT_5XX, like every invocation that Lambda refuses, counted in Throttles. Nothing waits",
        source="https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway-errors.html",
        ministack="starts another process for every request that finds all others busy, until nothing is answered any more",
        here=f"{RUNNING} requests are in functions at once and {WAITING} wait; the next is refused as on AWS",
        upstream="give `lambda_runtime.acquire_worker` a bounded queue in front, and let API Gateway refuse what does not fit",
    )
)


class Full(Exception):
    """Too many requests wait already."""


class Places:
    """A number of places, and a queue in front of them that ends somewhere.

    Args:
        running: how many places there are.
        waiting: how many may wait for one.
    """

    def __init__(self, running: int = RUNNING, waiting: int = WAITING) -> None:
        self._free = asyncio.Semaphore(running)
        self._waiting, self._most = 0, waiting

    async def take(self) -> Callable[[], None]:
        """Wait for a place, and return what gives it back. Raise Full instead of waiting behind too many others."""
        if self._free.locked() and self._waiting >= self._most:
            raise Full
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        return self._free.release
