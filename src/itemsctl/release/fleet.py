"""The aliases of the five functions, moved as one: all or none, each write guarded by its RevisionId. Knows no release.

It runs in Lambda too (cloud.py): standard library and botocore's errors only, the boto3 client is passed in.
https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

PROD, CANARY = "prod", "canary"
ATTEMPTS, PAUSE = 5, 1.0  # of putting an alias back, and seconds between


@dataclass(frozen=True)
class Position:
    """Where an alias points: `version`, and `weight` (0 to 1) of its requests to version `other`."""

    version: str
    other: str = ""
    weight: float = 0.0

    def __str__(self) -> str:
        return f"{self.version}, and {self.other} with {self.weight:.0%}" if self.other else self.version


class NotMoved(Exception):
    """The aliases were not moved. `stuck` names those that could not even be put back."""

    def __init__(self, reason: str, stuck: list[str]) -> None:
        super().__init__(reason)
        self.stuck = stuck


class Fleet:
    """The aliases of several functions.

    Args:
        client: boto3's of Lambda.
        functions: function name by operation.
        tell: is told of every write, after it.
    """

    def __init__(self, client: Any, functions: Mapping[str, str], tell: Callable[[str], None] = lambda _: None) -> None:
        self._client = client
        self._functions = dict(functions)
        self._tell = tell

    def positions(self, alias: str) -> dict[str, Position]:
        """Where an alias of each function points now, by operation."""
        return {operation: self._read(operation, alias)[0] for operation in self._functions}

    def move(self, alias: str, wanted: Mapping[str, Position], known: Callable[[str, Position], bool]) -> None:
        """Moves an alias of every function, or of none.

        Args:
            wanted: by operation.
            known: whether a function's alias may be where it is; if any is elsewhere, somebody else moves it too.

        Raises NotMoved; then those already moved were put back.
        """
        try:
            found = {operation: self._read(operation, alias) for operation in wanted}
        except (ClientError, BotoCoreError) as error:
            raise NotMoved(_words(error), []) from error
        for operation, (position, _) in found.items():
            if position != wanted[operation] and not known(operation, position):
                raise NotMoved(f"alias {alias} of {operation} is at {position}: somebody else moves it", [])
        begun: list[str] = []
        try:
            for operation, (position, revision) in found.items():
                if position != wanted[operation]:
                    begun.append(operation)
                    self._write(operation, alias, wanted[operation], revision)
        except (ClientError, BotoCoreError) as error:
            back = {operation: found[operation][0] for operation in begun}
            stuck = self.put_back(alias, back, lambda operation, at: at == wanted[operation], attempts=2)
            raise NotMoved(f"alias {alias} of {begun[-1]}: {_words(error)}", stuck) from error

    def put_back(
        self,
        alias: str,
        wanted: Mapping[str, Position],
        ours: Callable[[str, Position], bool],
        attempts: int = ATTEMPTS,
    ) -> list[str]:
        """Puts an alias of every function back, as many as it can; those that `ours` does not know are left alone.

        Returns the operations whose alias could not be put back.
        """
        left = list(wanted)
        for attempt in range(attempts):
            if attempt:
                time.sleep(PAUSE * attempt)
            left = [
                operation for operation in left if not self._put_one_back(alias, operation, wanted[operation], ours)
            ]
            if not left:
                break
        return left

    def _put_one_back(
        self, alias: str, operation: str, wanted: Position, ours: Callable[[str, Position], bool]
    ) -> bool:
        try:
            position, revision = self._read(operation, alias)
            if position != wanted and ours(operation, position):
                self._write(operation, alias, wanted, revision)
        except (ClientError, BotoCoreError):
            return False
        return True

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
                RevisionId=revision,
            )
        except (ClientError, BotoCoreError):
            if self._read(operation, alias)[0] != position:  # else only the answer was lost
                raise
        self._tell(f"{alias} of {operation}: {position}")


def _words(error: Exception) -> str:
    if isinstance(error, ClientError):
        return f"{error.response['Error']['Code']}: {error.response['Error'].get('Message', '')}"
    return str(error)
