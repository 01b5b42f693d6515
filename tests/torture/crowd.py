"""Several users of a local stack who call all its operations at once, and look at each response that they get."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import ExitStack
from typing import Any

from crudctl.build import service
from crudctl.build.round_trip import Call
from crudctl.build.service import CREATE, LIST
from crudctl.local.demo_load import Load
from tests.release.rig import Rig

USERS = 4
EACH = 2  # connections of a user


class User:
    """One user, whose resources all have the same properties.

    Args:
        page: the property of a list that has its entries.

    Attributes:
        listed: entries of lists so far.
        lacking: properties that this user's resources have, and that an entry of a list did not have.
    """

    def __init__(self, page: str) -> None:
        self._page, self._properties = page, set[str]()
        self._lock, self._responses = threading.Lock(), Counter[tuple[str, int]]()
        self.listed, self.lacking = 0, set[str]()

    @property
    def responses(self) -> Counter[tuple[str, int]]:
        """The number of responses so far by kind of operation and status; 0 counts requests without a response."""
        with self._lock:
            return self._responses.copy()

    def look(self, call: Call, status: int, document: dict[str, Any]) -> None:
        """Look at a response."""
        with self._lock:
            self._responses[call.kind, status] += 1
        if (call.kind, status) == (CREATE, 201):
            self._properties |= document.keys()
        if (call.kind, status) == (LIST, 200):
            self.listed += len(document[self._page])
            self.lacking.update(*(self._properties - entry.keys() for entry in document[self._page]))


class Crowd:
    """A context manager: users who come, send requests at a steady rate, and go.

    Args:
        rig: the stack.
        rate: requests a second, of all users together.
    """

    def __init__(self, rig: Rig, rate: float) -> None:
        self._rig, self._rate = rig, rate
        self._users: list[User] = []
        self._here = ExitStack()

    def __enter__(self) -> Crowd:
        url, trip = self._rig.outputs["api_url"], self._rig.cloud.round_trip()
        page = service.load(self._rig.stack.home).page
        with ExitStack() as coming:
            tokens = [coming.enter_context(self._rig.stack.newcomer()) for _ in range(USERS)]
            for token in tokens:
                self._users.append(User(page))
                coming.enter_context(
                    Load(url, token, self._rate / USERS, trip, clients=EACH, look=self._users[-1].look)
                )
            self._here = coming.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._here.close()

    @property
    def responses(self) -> Counter[tuple[str, int]]:
        """The number of responses so far, as that of a user."""
        return sum((user.responses for user in self._users), Counter[tuple[str, int]]())

    @property
    def requests(self) -> int:
        """The number of requests so far."""
        return self.responses.total()

    @property
    def failed(self) -> int:
        """The number of requests so far with a 5xx response or without a response."""
        return sum(count for (_, status), count in self.responses.items() if status >= 500 or not status)

    @property
    def listed(self) -> int:
        """The number of entries of lists so far."""
        return sum(user.listed for user in self._users)

    @property
    def lacking(self) -> set[str]:
        """The properties that an entry of a list did not have, and that its owner's resources have."""
        return set().union(*(user.lacking for user in self._users))
