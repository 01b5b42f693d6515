"""Clients that send mixed operations to a few resources at a time, keep everything that was sent and received, and check it."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx

from tests.history.checker import Call, Violation, check
from tests.history.model import LIVE, Operation, Outcome, text
from tests.history.sending import COLLECTION, SYSTEM, NotSent, Unexpected, is_of_the_service, send
from tests.history.subject import Subject

ATTEMPTS = 8  # of a write with a key whose response was lost
PATIENCE = 240.0  # seconds in which the service may be down


class Workload:
    """Clients at work.

    Args:
        connect: returns the HTTP client of the n-th client; the last one reads what is left.
        operations: how many are sent in all, at least.
        clients, at_once, length: how many clients, how many resources they share, and how many operations each is used for.
        repeated: returns whether the service itself sent the last write of this thread to its table more often than once.
        seed: of everything that is chosen.

    Attributes:
        counted: requests by kind and status; `lost` for those without a response.
        finished: the resources that were used and checked, by id, and whether each is live.
    """

    def __init__(
        self,
        connect: Callable[[int], httpx.Client],
        operations: int,
        clients: int = 8,
        at_once: int = 4,
        length: int = 40,
        repeated: Callable[[], bool] = lambda: False,
        seed: int = 1,
    ) -> None:
        self._apis = [connect(number) for number in range(clients + 1)]
        self._operations, self._length, self._repeated, self._seed = operations, length, repeated, seed
        self._lock, self._retired = threading.Lock(), queue.Queue[Subject | BaseException | None]()
        self._begun = self._subjects = 0
        self._stopped = threading.Event()
        self._used = [self._new() for _ in range(at_once)]
        self.counted: Counter[tuple[str, str]] = Counter()
        self.finished: dict[str, bool] = {}

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self.counted.total()

    def run(self) -> None:
        """Send all operations, and check the history of every resource as soon as it is complete.

        Raises:
            Violation: A history is not linearizable.
            Unexpected: A response is wrong, whatever was done before.
        """
        threads = [threading.Thread(target=self._client, args=(number,)) for number in range(len(self._apis) - 1)]
        for thread in threads:
            thread.start()
        try:
            left = len(threads)
            while left:
                retired = self._retired.get()
                if isinstance(retired, BaseException):
                    raise retired
                if retired is None:
                    left -= 1
                else:
                    self._finish(retired)
            for subject in self._used:
                if subject.calls:
                    self._finish(subject)
        finally:
            self._stopped.set()
            for thread in threads:
                thread.join()
        self._check_lists()

    def _new(self) -> Subject:
        self._subjects += 1
        return Subject(f"{self._seed}-{self._subjects}-{time.time_ns():x}", self._length)

    def _client(self, number: int) -> None:
        chooses = random.Random(f"{self._seed}-{number}")
        try:
            while not self._stopped.is_set() and (subject := self._taken(chooses)):
                self._use(subject, number, chooses)
                with self._lock:
                    subject.under_way -= 1
                    if not subject.left and not subject.under_way:
                        self._retired.put(subject)
            self._retired.put(None)
        except BaseException as failure:  # noqa: BLE001  # raised by `run`
            self._retired.put(failure)

    def _taken(self, chooses: random.Random) -> Subject | None:
        """Return a resource to use once; None if everything is done."""
        with self._lock:
            if self._begun >= self._operations:
                return None
            self._begun += 1
            place = chooses.randrange(len(self._used))
            subject = self._used[place]
            subject.left -= 1
            subject.under_way += 1
            if not subject.left:
                self._used[place] = self._new()
            return subject

    def _use(self, subject: Subject, number: int, chooses: random.Random) -> None:
        if chooses.random() < 0.05:
            self._list(number)
        if subject.repeatable and chooses.random() < 0.06:  # a duplicate that comes late
            self._perform(subject, chooses.choice(subject.repeatable), number, keyed=True)
            return
        operation, keyed = subject.chosen(chooses, f"{number}-{chooses.getrandbits(64):x}")
        self._perform(subject, operation, number, keyed=keyed)
        if keyed and operation.kind != "create":
            subject.repeatable.append(operation)

    def _perform(self, subject: Subject, operation: Operation, number: int, *, keyed: bool) -> Outcome | None:
        """Send an operation, with a key until there is a response, and keep what was sent and received."""
        outcome, client = None, f"client {number}"
        for _ in range(ATTEMPTS if keyed or operation.kind == "get" else 1):
            sent, outcome, body = self._sent(self._apis[number], operation, subject.id or "", keyed)
            received = time.monotonic()
            again = operation.kind != "get" and self._repeated()
            with self._lock:
                self.counted[operation.kind, str(outcome.status) if outcome else "lost"] += 1
                if outcome is not None:
                    subject.calls.append(Call(operation, sent, received, outcome, client))
                if operation.kind != "get" and (outcome is None or again):
                    subject.calls.append(Call(operation, sent, client=client))
                subject.latest = max(subject.latest, (outcome.version if outcome else None) or 1)
                if "id" in body and subject.id not in (None, body["id"]):
                    raise Violation(f"The key {subject.key} created two resources: {subject.id} and {body['id']}.")
                subject.id = body.get("id", subject.id)
            if outcome is not None:
                break
        return outcome

    def _sent(
        self, api: httpx.Client, operation: Operation, resource_id: str, keyed: bool
    ) -> tuple[float, Outcome | None, dict[str, Any]]:
        until = time.monotonic() + PATIENCE
        while True:
            sent = time.monotonic()
            try:
                return sent, *send(api, operation, resource_id, keyed=keyed)
            except NotSent:
                if sent > until:
                    raise
                time.sleep(0.05)

    def _list(self, number: int) -> None:
        """List the newest resources, and keep what the list shows of those in use."""
        entries = self._page(self._apis[number], {"limit": "20", "order": "desc"})
        received = time.monotonic()
        with self._lock:
            used = {subject.id: subject for subject in self._used}
            for entry in entries["items"] if entries else []:
                if entry["id"] in used:
                    content = {name: value for name, value in entry.items() if name not in SYSTEM}
                    used[entry["id"]].listed.append((received, Outcome(200, entry["version"], text(content))))

    def _page(self, api: httpx.Client, parameters: dict[str, str]) -> dict[str, Any] | None:
        try:
            response = api.get(COLLECTION, params=parameters)
        except httpx.TransportError:
            return None
        with self._lock:
            self.counted["list", str(response.status_code)] += 1
        if response.status_code not in (200, 429) and response.status_code < 500 and is_of_the_service(response):
            raise Unexpected(f"list: {response.status_code} {response.text}")
        if response.status_code != 200:
            return None
        page: dict[str, Any] = response.json()
        return page

    def _finish(self, subject: Subject) -> None:
        """Find out what has become of a resource, and check its history."""
        last = len(self._apis) - 1
        if subject.id is None:
            self._perform(subject, Operation("create", subject.key, content=subject.first), last, keyed=True)
        for operation in (
            Operation("get"),
            Operation("restore", f"{subject.key}-last"),
            Operation("create", subject.key, content=subject.first),
            Operation("get"),
        ):
            self._perform(subject, operation, last, keyed=operation.kind != "get")
        state = check(subject.history())
        assert subject.id
        self.finished[subject.id] = state.phase == LIVE

    def _check_lists(self) -> None:
        """Check that all that is live is listed, and nothing else; that nothing of it is in the trash."""
        live = {resource_id for resource_id, is_live in self.finished.items() if is_live}
        listed, trashed = self._ids({}), self._ids({"deleted": "true"})
        if missing := live - listed:
            raise Violation(f"{len(missing)} live resources are in no list, such as {min(missing)}.")
        if returned := (listed | trashed) & (self.finished.keys() - live):
            raise Violation(f"{len(returned)} purged resources are in a list, such as {min(returned)}.")

    def _ids(self, parameters: dict[str, str]) -> set[str]:
        found, cursor, until = set[str](), None, time.monotonic() + PATIENCE
        while True:
            page = self._page(self._apis[-1], {"limit": "100", **parameters, **({"cursor": cursor} if cursor else {})})
            if page is None:
                assert time.monotonic() < until, "the list does not respond"
                time.sleep(0.1)
                continue
            found |= {entry["id"] for entry in page["items"]}
            if not (cursor := page["next_cursor"]):
                return found
