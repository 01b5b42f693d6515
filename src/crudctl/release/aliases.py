"""The aliases of the functions, moved as one: all or none, each write guarded by its RevisionId. Knows nothing of releases.

Every writer reads an alias, then asks the fence whether it may still write, and writes guarded by the RevisionId it read.
A writer that takes over writes all aliases, also those that are already right: each then has another RevisionId, so a writer
that was suspended between asking and writing, for however long, can no longer write.
docs/decisions/0013-one-writer.md explains why.

Runs in Lambda too (rollback_function.py): standard library and botocore's errors only, the boto3 client is passed in.
https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

PROD, CANARY = ALIASES = ("prod", "canary")
ATTEMPTS, PAUSE = 5, 1.0  # to put an alias back; seconds before the second attempt, twice that before the third, ...
ROUNDED = (
    0.005  # by this much Lambda may change a weight: AWS documents a number from 0 to 1, and not how precise it is
)
Fence = Callable[[], object]  # raises when the caller may no longer move the aliases


@dataclass(frozen=True, eq=False)
class Position:
    """Where an alias points: to `version`, and for a share `weight` (0 to 1) of its requests to version `other`.

    Two are equal when their weights differ by no more than Lambda may have rounded one of them; so a position has no hash.
    """

    version: str
    other: str = ""
    weight: float = 0.0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Position):
            return NotImplemented
        same = (self.version, self.other) == (other.version, other.other)
        return same and abs(self.weight - other.weight) <= ROUNDED + 1e-9

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"{self.version}, {self.weight * 100:g}% to {self.other}" if self.other else self.version


Known = Callable[[str, Position], bool]  # given an operation and the position of its alias


class NotRestored(NamedTuple):
    """The aliases that were not put back.

    Attributes:
        stuck: operations whose alias could not be read or written.
        elsewhere: positions of the aliases that something else moved, by operation.
    """

    stuck: list[str]
    elsewhere: dict[str, Position]


class _Alias(NamedTuple):
    position: Position
    revision: str
    description: str


class NotMoved(Exception):
    """The aliases were not moved; the message says why."""


class Aliases:
    """The aliases of several functions.

    Args:
        client: boto3's of Lambda.
        functions: function name by operation.
        holder: token of the writer. It is part of an alias's description, so that a write that moves nothing is a change too.
        log: called with a line after every write.
        sleep: waits for a number of seconds.
    """

    def __init__(
        self,
        client: Any,
        functions: Mapping[str, str],
        holder: str,
        log: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._functions = dict(functions)
        self._holder = holder
        self._log = log
        self._sleep = sleep

    def positions(self, alias: str) -> dict[str, Position]:
        """Return where an alias of each function points now, by operation."""
        return {operation: self._read(operation, alias).position for operation in self._functions}

    def move(self, alias: str, wanted: Mapping[str, Position], known: Known, fence: Fence) -> None:
        """Move an alias of every function, or of none.

        Args:
            alias: its name.
            wanted: positions by operation. Functions that no longer exist are left out: they have no alias.
            known: whether a function's alias may be where it is now; if not, something else moves it too.
            fence: called once, after all aliases were read. What it raises is passed on, and nothing was moved.

        Raises:
            NotMoved: an alias could not be moved; those already moved were put back.
        """
        try:
            current = {operation: self._read(operation, alias) for operation in wanted if operation in self._functions}
        except (ClientError, BotoCoreError) as error:
            raise NotMoved(words(error)) from error
        for operation, at in current.items():
            if at.position != wanted[operation] and not known(operation, at.position):
                raise NotMoved(f"alias {alias} of {operation} is at {at.position}: something else moves it")
        fence()
        begun: list[str] = []
        try:
            for operation, at in current.items():
                begun.append(operation)
                self._write(operation, alias, wanted[operation], at.revision)
        except (ClientError, BotoCoreError) as error:
            before = {operation: current[operation].position for operation in begun}
            self.put_back(alias, before, lambda operation, at: at == wanted[operation], fence, attempts=2)
            raise NotMoved(f"alias {alias} of {begun[-1]}: {words(error)}") from error

    def put_back(
        self, alias: str, wanted: Mapping[str, Position], ours: Known, fence: Fence, attempts: int = ATTEMPTS
    ) -> NotRestored:
        """Put an alias of every function back, as many as possible, and return which were not.

        Args:
            alias: its name.
            wanted: positions by operation. Functions that no longer exist are left out.
            ours: whether an alias that is elsewhere was moved there by the caller; otherwise it is left alone.
            fence: called before each write. What it raises is passed on.
            attempts: for each alias.
        """
        stuck, elsewhere = [operation for operation in wanted if operation in self._functions], {}
        for attempt in range(attempts):
            if attempt:
                self._sleep(PAUSE * attempt)
            left, stuck = stuck, []
            for operation in left:
                try:
                    at = self._read(operation, alias)
                    if at.position != wanted[operation] and not ours(operation, at.position):
                        elsewhere[operation] = at.position
                        continue
                    fence()
                    self._write(operation, alias, wanted[operation], at.revision)
                except (ClientError, BotoCoreError):
                    stuck.append(operation)
            if not stuck:
                break
        return NotRestored(stuck, elsewhere)

    def _read(self, operation: str, alias: str) -> _Alias:
        response = self._client.get_alias(FunctionName=self._functions[operation], Name=alias)
        weights = response.get("RoutingConfig", {}).get("AdditionalVersionWeights") or {}
        other, weight = next(iter(weights.items()), ("", 0.0))
        position = Position(response["FunctionVersion"], other, float(weight))
        return _Alias(position, response["RevisionId"], response.get("Description", ""))

    def _write(self, operation: str, alias: str, position: Position, revision: str) -> None:
        weights = {position.other: position.weight} if position.other else {}
        description = f"Moved by crudctl release ({self._holder})"
        try:
            self._client.update_alias(
                FunctionName=self._functions[operation],
                Name=alias,
                FunctionVersion=position.version,
                RoutingConfig={"AdditionalVersionWeights": weights},
                Description=description,
                RevisionId=revision,
            )
        except (ClientError, BotoCoreError):
            now = self._read(operation, alias)
            if (now.position, now.description) != (position, description):  # otherwise only the response was lost
                raise
        self._log(f"{alias} of {operation}: {position}")


def words(error: ClientError | BotoCoreError) -> str:
    """Return the error code and message of AWS, or the message of a connection error."""
    if isinstance(error, ClientError):
        return f"{error.response['Error']['Code']}: {error.response['Error'].get('Message', '')}"
    return str(error)
