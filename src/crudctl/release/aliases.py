"""The aliases of the five functions, moved as one: all or none, each write guarded by its RevisionId. Knows no release.

Whoever writes reads first, then asks the fence whether the aliases are still theirs, and writes guarded by what was read. Whoever
takes over writes all of them, also those that are right already: each then has another RevisionId, and a writer that was
cut off between asking and writing, for however long, can write no more.

It runs in Lambda too (cloud.py): standard library and botocore's errors only, the boto3 client is passed in.
https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

PROD, CANARY = ALIASES = ("prod", "canary")
ATTEMPTS, PAUSE = 5, 1.0  # of putting an alias back, and seconds between
Fence = Callable[[], object]  # raises when the aliases are no longer the caller's to move


@dataclass(frozen=True)
class Position:
    """Where an alias points: `version`, and `weight` (0 to 1) of its requests to version `other`."""

    version: str
    other: str = ""
    weight: float = 0.0

    def __str__(self) -> str:
        return f"{self.version}, and {self.other} with {self.weight * 100:g}%" if self.other else self.version


Known = Callable[[str, Position], bool]  # of an operation and where its alias is


class Back(NamedTuple):
    """What is not back: operations whose alias could not be written, and where those are that somebody else moved."""

    stuck: list[str]
    elsewhere: dict[str, Position]


class NotMoved(Exception):
    """The aliases were not moved; the message says why."""


class Aliases:
    """The aliases of several functions.

    Args:
        client: boto3's of Lambda.
        functions: function name by operation.
        holder: who writes; it is in the description of an alias, so that also a write that moves nothing changes it.
        tell: is told of every write, after it.
        sleep: waits for a number of seconds.
    """

    def __init__(
        self,
        client: Any,
        functions: Mapping[str, str],
        holder: str,
        tell: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._functions = dict(functions)
        self._holder = holder
        self._tell = tell
        self._sleep = sleep

    def positions(self, alias: str) -> dict[str, Position]:
        """Where an alias of each function points now, by operation."""
        return {operation: self._read(operation, alias)[0] for operation in self._functions}

    def move(self, alias: str, wanted: Mapping[str, Position], known: Known, fence: Fence) -> None:
        """Moves an alias of every function, or of none.

        Args:
            alias: its name.
            wanted: by operation.
            known: whether a function's alias may be where it is; if any is elsewhere, somebody else moves it too.
            fence: is asked once all are read.

        Raises NotMoved; then those already moved were put back. And whatever `fence` raises; then nothing was moved.
        """
        try:
            found = {operation: self._read(operation, alias) for operation in wanted}
        except (ClientError, BotoCoreError) as error:
            raise NotMoved(words(error)) from error
        for operation, (position, _) in found.items():
            if position != wanted[operation] and not known(operation, position):
                raise NotMoved(f"alias {alias} of {operation} is at {position}: somebody else moves it")
        fence()
        begun: list[str] = []
        try:
            for operation, (_, revision) in found.items():
                begun.append(operation)
                self._write(operation, alias, wanted[operation], revision)
        except (ClientError, BotoCoreError) as error:
            back = {operation: found[operation][0] for operation in begun}
            self.put_back(alias, back, lambda operation, at: at == wanted[operation], fence, attempts=2)
            raise NotMoved(f"alias {alias} of {begun[-1]}: {words(error)}") from error

    def put_back(
        self, alias: str, wanted: Mapping[str, Position], ours: Known, fence: Fence, attempts: int = ATTEMPTS
    ) -> Back:
        """Puts an alias of every function back, as many as it can; those that `ours` does not know are left alone.

        Raises whatever `fence` raises, which is asked before each write.
        """
        stuck, elsewhere = list(wanted), {}
        for attempt in range(attempts):
            if attempt:
                self._sleep(PAUSE * attempt)
            left, stuck = stuck, []
            for operation in left:
                try:
                    position, revision = self._read(operation, alias)
                    if position != wanted[operation] and not ours(operation, position):
                        elsewhere[operation] = position
                        continue
                    fence()
                    self._write(operation, alias, wanted[operation], revision)
                except (ClientError, BotoCoreError):
                    stuck.append(operation)
            if not stuck:
                break
        return Back(stuck, elsewhere)

    def _read(self, operation: str, alias: str) -> tuple[Position, str]:
        answer = self._client.get_alias(FunctionName=self._functions[operation], Name=alias)
        weights = answer.get("RoutingConfig", {}).get("AdditionalVersionWeights") or {}
        other, weight = next(iter(weights.items()), ("", 0.0))
        return Position(answer["FunctionVersion"], other, float(weight)), answer["RevisionId"]

    def _write(self, operation: str, alias: str, position: Position, revision: str) -> None:
        weights = {position.other: position.weight} if position.other else {}
        try:
            self._client.update_alias(
                FunctionName=self._functions[operation],
                Name=alias,
                FunctionVersion=position.version,
                RoutingConfig={"AdditionalVersionWeights": weights},
                Description=f"Moved by crudctl release ({self._holder})",
                RevisionId=revision,
            )
        except (ClientError, BotoCoreError):
            if self._read(operation, alias)[0] != position:  # else only the answer was lost
                raise
        self._tell(f"{alias} of {operation}: {position}")


def words(error: ClientError | BotoCoreError) -> str:
    """What AWS said."""
    if isinstance(error, ClientError):
        return f"{error.response['Error']['Code']}: {error.response['Error'].get('Message', '')}"
    return str(error)
