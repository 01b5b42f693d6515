"""One resource that clients use: what is sent to it next, and what was sent and received. Sends nothing itself."""

from __future__ import annotations

import random
from typing import Any

from tests.history.checker import Call
from tests.history.model import Operation, Outcome, text

KINDS = {
    "create": 5,
    "get": 26,
    "replace": 13,
    "patch": 12,
    "patch a property": 14,
    "delete": 6,
    "restore": 17,
    "purge": 2,
}
NAMES = "abcde"  # of the properties that are patched alone


class Subject:
    """A resource while it is used.

    Attributes:
        key: what it is created with.
        left, under_way: how often it is still to be used, and how many uses are not over.
        first: the content that it is created with.
        id: None until a response has named it.
        latest: the highest version that anybody has seen.
        calls: everything that was sent, as far as it may have had an effect.
        listed: the entries of lists: when they were received, and what they show.
        repeatable: the writes with a key, which may be sent again later.
    """

    def __init__(self, key: str, length: int) -> None:
        self.key, self.left, self.under_way = key, length, 0
        self._length = length
        self.first = text({"name": key, "attributes": {}})
        self.id: str | None = None
        self.latest = 1
        self.calls: list[Call] = []
        self.listed: list[tuple[float, Outcome]] = []
        self.repeatable: list[Operation] = []

    def history(self) -> list[Call]:
        """Return the calls, and a read for each entry of a list that no response explains.

        A list may be behind, so it is a read that may have happened at any time before it was received.
        """
        writes = [call for call in reversed(self.calls) if call.operation.kind != "get"]
        shown = {(call.outcome.version, call.outcome.content): call.sent for call in writes if call.outcome}
        stale = [
            Call(Operation("get"), 0.0, received, entry, "a list")
            for received, entry in self.listed
            if shown.get((entry.version, entry.content), received + 1) > received
        ]
        return self.calls + stale

    def chosen(self, chooses: random.Random, write: str) -> tuple[Operation, bool]:
        """Return what is sent next, and whether with an `Idempotency-Key`.

        Args:
            write: a name that no other write has.
        """
        kind = "create" if self.id is None else chooses.choices([*KINDS], [*KINDS.values()])[0]
        if kind == "create":
            return Operation(kind, self.key, content=self.first), True
        if kind == "get" or (kind == "purge" and self.left > self._length // 3):
            return Operation("get"), False
        contents: dict[str, dict[str, Any]] = {
            "replace": {"name": write, "attributes": {chooses.choice(NAMES): write}},
            "patch": {"quantity": chooses.randrange(1000)},
            "patch a property": {"attributes": {chooses.choice(NAMES): chooses.choice((write, write, write, None))}},
        }
        content = text(contents[kind]) if kind in contents else ""
        match = self.latest - chooses.choice((0, 0, 0, 1)) if chooses.random() < 0.5 else None
        return Operation(kind.partition(" ")[0], write, match, content), chooses.random() < 0.6
