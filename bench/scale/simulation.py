"""Simulates requests through gateway, functions, table and index, second by second. Time and chance are the simulation's own.

The DynamoDB client's attempts and pauses are those of `functions.aws.dynamodb`, the callers' those of the web app.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from math import inf

from bench.scale.capacity import Bucket, Keyspace
from bench.scale.lambda_ import Environment, Functions
from functions.aws.dynamodb import ATTEMPT_TIMEOUT, ATTEMPTS, BASE, CAP, RETRIES

# Units of DynamoDB for a resource of 1 KB of content: 1.3 KB stored (`crudctl cost` counts the same), a list of 25.
TABLE_WRITES = {"create": 2, "update": 2, "delete": 2}
INDEX_WRITES = {"create": 2, "update": 2, "delete": 4}  # into the trash, an entry moves
READS = {"get": 1.0, "list": 4.5}
OPERATIONS = ("get", "list", "create", "update", "delete")
BUDGET = 9.5  # seconds that a request may take: the functions' timeout less half a second


@dataclass(frozen=True)
class Stream:
    """Requests of one operation, `rate` a second from `begins` on.

    Args:
        owner, place: where the hash of their owner and of their resource is; None for another one in each request.
    """

    operation: str
    rate: float
    owner: float | None = None
    place: float | None = None
    begins: float = 0.0
    who: str = "everybody"


def everyday(rate: float, begins: float = 0.0) -> list[Stream]:
    """Return the mix that `crudctl cost` assumes: 80 % reads, a quarter of them lists; a tenth of the writes delete."""
    shares = {"get": 0.6, "list": 0.2, "create": 0.1, "update": 0.08, "delete": 0.02}
    return [Stream(operation, rate * share, begins=begins) for operation, share in shares.items()]


@dataclass(frozen=True)
class Design:
    """What is decided or set. The defaults are those of the project and of an account."""

    method_rate: float = 100  # `throttling` in infra/variables.tf
    method_burst: float = 200
    gateway_rate: float = 10_000
    gateway_burst: float = 5_000
    concurrency: float = 1_000
    reserved: float | None = None
    partitions: int = 4  # a new table on demand: 4,000 write units, 12,000 read units
    shards: int = 1  # of an owner in the index
    consistent: bool = True  # reads of one resource
    attempts: int = ATTEMPTS
    retries: float = RETRIES  # the most that an environment saves up; it gets one a second
    tries: int = 5  # of a caller, as the web app
    duration: float = 0.015  # seconds of a warm request, as `crudctl cost` assumes
    cold: float = 0.3  # seconds of a cold start, assumed: nothing here ran on AWS
    outage: tuple[float, float] = (inf, inf)  # when DynamoDB does not respond


OPEN = Design(method_rate=1e9, method_burst=1e9)  # the stage's throttling out of the way


@dataclass
class Outcome:
    """What happened to the requests of one stream or several."""

    sent: float = 0
    first: float = 0  # succeeded at the first try
    succeeded: float = 0
    ended: float = 0  # succeeded, or given up
    refused: dict[str, float] = field(default_factory=dict)  # by the reason, each try
    waits: list[float] = field(default_factory=list)  # seconds of those that succeeded

    @property
    def failed(self) -> float:
        """The share that failed after all tries."""
        return 1 - self.succeeded / self.sent if self.sent else 0.0

    @property
    def disturbed(self) -> float:
        """The share that did not succeed at the first try."""
        return 1 - self.first / self.sent if self.sent else 0.0

    def percentile(self, share: float) -> float:
        """Return a percentile of the seconds of those that succeeded; 0 without any."""
        return sorted(self.waits)[int(share * (len(self.waits) - 1))] if self.waits else 0.0


@dataclass
class Request:
    """One request of a caller, over all its tries."""

    stream: Stream
    began: float
    place: float
    owner: float
    tries: int = 0


class Simulation:
    """One account, one table. `run` plays the streams and returns what happened, by `who`.

    Args:
        weight: how many real requests a simulated one stands for.
    """

    def __init__(self, design: Design, chance: random.Random, weight: float = 1) -> None:
        self.design = design
        self.table, self.index = Keyspace(design.partitions), Keyspace(design.partitions)
        self.functions = Functions(design.concurrency, design.reserved, weight, design.retries)
        self.most_busy = 0.0
        self.outcomes: dict[str, Outcome] = {}
        self.attempted = 0.0  # calls to DynamoDB
        self._chance = chance
        self._weight = weight
        self._account = Bucket(design.gateway_rate, design.gateway_burst)
        self._methods = {name: Bucket(design.method_rate, design.method_burst) for name in OPERATIONS}
        self._events: list[tuple[float, int, Callable[..., None], tuple[object, ...]]] = []
        self._number = count()
        self._now = 0.0

    def run(self, streams: list[Stream], seconds: float) -> dict[str, Outcome]:
        """Play streams for some seconds, then until every request has ended."""
        self.begin(streams, seconds)
        self.play(inf)
        return self.outcomes

    def begin(self, streams: list[Stream], seconds: float) -> None:
        """Let the first request of each stream arrive; none arrives after `seconds`."""
        for stream in streams:
            self._at(stream.begins, self._arrive, stream, seconds)

    def play(self, until: float) -> None:
        """Play what happens before a time."""
        while self._events and self._events[0][0] < until:
            self._now, _, action, arguments = heapq.heappop(self._events)
            action(*arguments)

    def _at(self, time: float, action: Callable[..., None], *arguments: object) -> None:
        heapq.heappush(self._events, (time, next(self._number), action, arguments))

    def _arrive(self, stream: Stream, end: float) -> None:
        if self._now >= end or not stream.rate:
            return
        owner = self._chance.random() if stream.owner is None else stream.owner
        place = self._chance.random() if stream.place is None else stream.place
        request = Request(stream, self._now, place, owner)
        self._outcome(request).sent += self._weight
        self._send(request)
        self._at(self._now + self._chance.expovariate(stream.rate / self._weight), self._arrive, stream, end)

    def _send(self, request: Request) -> None:
        request.tries += 1
        operation = request.stream.operation
        if not self._methods[operation].take(self._weight, self._now):
            self._refuse(request, "429 of the method")
        elif not self._account.take(self._weight, self._now):
            self._refuse(request, "429 of the account")
        elif (got := self.functions.acquire(operation, self._now)) is None:
            self._refuse(request, "500: no concurrency")
        else:
            environment, new = got
            self.most_busy = max(self.most_busy, self.functions.busy)
            start = self._now + (self.design.cold if new else 0.0)
            self._at(start, self._attempt, request, environment, 1, start + BUDGET)

    def _refuse(self, request: Request, reason: str) -> None:
        """Count it, and let the caller try again after the second that Retry-After asks for, and a little more."""
        refused = self._outcome(request).refused
        refused[reason] = refused.get(reason, 0.0) + self._weight
        if request.tries == self.design.tries:
            self._outcome(request).ended += self._weight
        else:
            self._at(self._now + 1 + self._chance.random() / 4, self._send, request)

    def _attempt(self, request: Request, environment: Environment, attempt: int, deadline: float) -> None:
        self.attempted += self._weight
        begin, end = self.design.outage
        if begin <= self._now < end:
            wait, done = min(ATTEMPT_TIMEOUT, deadline - self._now), False
        else:
            wait, done = 0.0, self._served(request)
        if done:
            self._at(self._now + self.design.duration, self._end, request, environment, True)
            return
        pause = self._chance.random() * min(CAP, BASE * 2**attempt)
        again = attempt < self.design.attempts and self._now + wait + pause < deadline
        if not (again and environment.retries.take(1, self._now)):
            self._at(self._now + wait + self.design.duration, self._end, request, environment, False)
            return
        self._at(self._now + wait + pause, self._attempt, request, environment, attempt + 1, deadline)

    def _served(self, request: Request) -> bool:
        """Whether table and index have the units of a call."""
        operation, owner = request.stream.operation, request.owner
        if self.design.shards > 1:
            owner = (owner + self._chance.randrange(self.design.shards) / self.design.shards) % 1
        if operation == "list":  # a page asks every shard for a page of its own
            return self.index.read(owner, READS[operation] * self.design.shards * self._weight, self._now)
        if operation == "get":
            units = READS[operation] * (1 if self.design.consistent else 0.5)
            return self.table.read(request.place, units * self._weight, self._now)
        followed = self.index.follow(owner, INDEX_WRITES[operation] * self._weight, self._now)
        return followed and self.table.write(request.place, TABLE_WRITES[operation] * self._weight, self._now)

    def _end(self, request: Request, environment: Environment, done: bool) -> None:
        self.functions.release(request.stream.operation, environment)
        if not done:
            self._refuse(request, "503: DynamoDB")
            return
        outcome = self._outcome(request)
        outcome.ended += self._weight
        outcome.succeeded += self._weight
        outcome.first += self._weight if request.tries == 1 else 0
        outcome.waits.append(self._now - request.began)

    def _outcome(self, request: Request) -> Outcome:
        return self.outcomes.setdefault(request.stream.who, Outcome())
