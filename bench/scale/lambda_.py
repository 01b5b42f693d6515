"""The execution environments of functions in one account: concurrency, requests a second, how fast both may grow."""

from __future__ import annotations

from bench.scale.capacity import Bucket

# https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html and scaling-behavior.html
REQUESTS_EACH = 10  # requests a second for each unit of concurrency, in the account and in a reservation
SCALING, SCALING_BURST = 100.0, 1000.0  # new environments of one function: 1,000 in ten seconds, refilled all the time


class Environment:
    """One execution environment. Attributes: retries, the retry budget of its DynamoDB client."""

    __slots__ = ("retries",)

    def __init__(self, retries: float) -> None:
        self.retries = Bucket(1, retries)


class Functions:
    """The functions of one account.

    Args:
        concurrency: of the account.
        reserved: of each function, None for no reservation.
        weight: how many real environments a simulated one stands for.
        retries: the retry budget of a new environment.
    """

    def __init__(self, concurrency: float, reserved: float | None, weight: float, retries: float) -> None:
        self.concurrency = concurrency
        self.busy = 0.0
        self._reserved = reserved
        self._weight = weight
        self._retries = retries
        self._requests = Bucket(concurrency * REQUESTS_EACH)
        self._idle: dict[str, list[Environment]] = {}
        self._busy: dict[str, float] = {}
        self._scaling: dict[str, Bucket] = {}

    def acquire(self, name: str, now: float) -> tuple[Environment, bool] | None:
        """Return an environment of a function and whether it is new, or None: the invocation is throttled."""
        busy = self._busy.get(name, 0.0)
        most = self.concurrency if self._reserved is None else self._reserved
        if busy + self._weight > most or self.busy + self._weight > self.concurrency:
            return None
        if not self._requests.take(self._weight, now):
            return None
        idle = self._idle.setdefault(name, [])
        if not idle and not self._scaling.setdefault(name, Bucket(SCALING, SCALING_BURST)).take(self._weight, now):
            return None
        self._busy[name] = busy + self._weight
        self.busy += self._weight
        return (idle.pop(), False) if idle else (Environment(self._retries), True)

    def release(self, name: str, environment: Environment) -> None:
        """Return an environment after its request."""
        self._idle[name].append(environment)
        self._busy[name] -= self._weight
        self.busy -= self._weight
