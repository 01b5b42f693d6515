"""Sends the same requests to two versions and returns where their answers differ, by path, never with content.

The old version answers twice: where its two answers differ (ids, times), only the kind of value is compared, as
https://github.com/opendiffy/diffy does. What the contract has changed on purpose is no difference. A difference counts only if it
is there again when everything is sent once more.

Requests go to the functions directly, by version, and are those of the owner that no token can have (probe.py). What they create
is deleted for good at the end; what a releaser that died left behind, by the next one.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from crudctl.build import exchanges
from crudctl.build.contract import Schema
from crudctl.build.exchanges import CURSOR, MADE, TAG, TWIN, UNKNOWN, Exchange
from crudctl.build.service import CREATE, DELETE, LIST

Versions = Mapping[str, str]  # by function
SHOWN = 5  # differences that are named
UNSTEADY = {
    "x-correlation-id",
    "traceparent",
    "date",
    "content-length",
    "server-timing",
}  # headers that no caller compares
KINDS = (
    ("an id", re.compile(r'"?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"?')),
    ("a time", re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9:]+)")),
)


@dataclass(frozen=True)
class Answer:
    """What a version has answered.

    Attributes:
        status: of the response; 0 if the function crashed or returned no response.
        values: what was in it, by path: `/body/...` by JSON Pointer, `/headers/...` in lower case.
    """

    status: int
    values: Mapping[str, Any] = field(default_factory=dict)


class Caller(Protocol):
    """Sends requests to the functions."""

    def __call__(self, version: str, exchange: Exchange, resource: str) -> Mapping[str, Any]:
        """Return the proxy response of a function's version, empty if it crashed.

        Args:
            version: of the function.
            exchange: with the values that its placeholders stand for.
            resource: the id in the path.
        """


def differences(
    call: Caller, script: Sequence[Exchange], old: Versions, new: Versions, intended: Intended
) -> list[str]:
    """Return where answers differ, one line for each; empty if they agree.

    Args:
        call: sends a request.
        script: the requests.
        old, new: versions by function; a function that only `new` has is not compared.
        intended: what the contract has changed.
    """
    asked = [one for one in script if one.function in old and one.function in new]
    found: list[str] | None = None
    for _ in range(2):
        before, again, after = (answers(call, asked, versions) for versions in (old, old, new))
        lines = compare(asked, before, again, after, intended)
        found = lines if found is None else [line for line in lines if line in found]
        if not found:
            break
    return found or []


def answers(call: Caller, script: Sequence[Exchange], versions: Versions) -> dict[str, Answer]:
    """Send all requests to the given versions, delete what they made, and return the answers by name."""
    run = _Run(call, versions)
    try:
        return {one.name: run.send(one) for one in script}
    finally:
        run.clean(next((one for one in script if one.kind == DELETE), None))


def compare(
    script: Sequence[Exchange],
    before: Mapping[str, Answer],
    again: Mapping[str, Answer],
    after: Mapping[str, Answer],
    intended: Intended,
) -> list[str]:
    """Return where the answers of the new version differ from both of the old one, one line for each."""
    return [
        line
        for one in script
        if not intended.judges_otherwise(one)
        for line in _differences(one, before[one.name], again[one.name], after[one.name], intended)
    ]


@dataclass(frozen=True)
class Intended:
    """What the contract has changed on purpose.

    Attributes:
        added: names of fields that the new version's contract has and the old one's has not.
        removed: the other way round.
        before, now: what decides whether content is valid, by each contract; both None if the old one is not known.
    """

    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    before: Schema | None = None
    now: Schema | None = None

    def judges_otherwise(self, exchange: Exchange) -> bool:
        """Whether content is valid by one contract only."""
        if exchange.content is None or self.before is None or self.now is None:
            return False
        return exchanges.valid(exchange.content, self.before) != exchanges.valid(exchange.content, self.now)

    def covers(self, path: str, *, missing: bool) -> bool:
        """Whether a field that is new, or `missing`, is so by the contract."""
        names = self.removed if missing else self.added
        return any(part in names for part in path.split("/")[2:])


class _Run:
    def __init__(self, call: Caller, versions: Versions) -> None:
        self._call = call
        self._versions = versions
        self._made, self._tag, self._cursor = str(uuid.uuid4()), "*", "none"
        self._twin = str(uuid.uuid4())
        self._all: list[str] = []

    def send(self, exchange: Exchange) -> Answer:
        resource = {MADE: self._made, UNKNOWN: str(uuid.uuid4())}.get(exchange.target, "")
        response = self._call(self._versions[exchange.function], self._filled(exchange), resource)
        answer = _answer(response)
        if exchange.kind == CREATE and answer.status == 201:
            self._made = str(answer.values.get("/body/id", self._made))
            self._all.append(self._made)
        if exchange.target == MADE or exchange.kind == CREATE:
            self._tag = str(answer.values.get("/headers/etag", self._tag))
        if exchange.kind == LIST:
            self._cursor = str(answer.values.get("/body/next_cursor") or "none")
        return answer

    def _filled(self, exchange: Exchange) -> Exchange:
        values = {TAG: self._tag, TWIN: self._twin, CURSOR: self._cursor}
        headers = {name: values.get(value, value) for name, value in exchange.headers.items()}
        query = {name: values.get(value, value) for name, value in exchange.query.items()}
        return Exchange(**{**vars(exchange), "headers": headers, "query": query})

    def clean(self, delete: Exchange | None) -> None:
        """Delete for good what was created."""
        if delete is None:
            return
        one = Exchange(
            "", DELETE, delete.function, delete.method, delete.path, MADE, {"If-Match": "*"}, {"purge": "true"}
        )
        for resource in dict.fromkeys(self._all):
            self._call(self._versions[one.function], one, resource)


def _answer(response: Mapping[str, Any]) -> Answer:
    status = response.get("statusCode")
    if not isinstance(status, int):
        return Answer(0)
    headers = {f"/headers/{name.lower()}": value for name, value in (response.get("headers") or {}).items()}
    kept = {path: value for path, value in headers.items() if path.rpartition("/")[2] not in UNSTEADY}
    return Answer(status, {**kept, **dict(_leaves(_parsed(response.get("body")), "/body"))})


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text or "null")
    except (TypeError, ValueError):
        return str(text)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the path and value of everything that has no parts."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not parts:
        yield path, value
    for name, part in parts:
        yield from _leaves(part, f"{path}/{str(name).replace('~', '~0').replace('/', '~1')}")


def _differences(exchange: Exchange, one: Answer, other: Answer, new: Answer, intended: Intended) -> Iterator[str]:
    if one.status != other.status:
        return  # not even the old version agrees with itself
    if new.status != one.status:
        yield f"{exchange.name}: {_status(one)} -> {_status(new)}"
        return
    for path in dict.fromkeys([*one.values, *new.values]):
        if path not in new.values and not intended.covers(path, missing=True):
            if path in other.values:
                yield f"{exchange.name}: {path} is missing"
        elif path not in one.values and not intended.covers(path, missing=False):
            if path not in other.values:
                yield f"{exchange.name}: {path} is new"
        elif (
            path in one.values
            and path in new.values
            and not _alike(one.values[path], other.values.get(path), new.values[path])
        ):
            yield f"{exchange.name}: {path} is another value"


def _status(answer: Answer) -> str:
    return str(answer.status) if answer.status else "a crash"


def _alike(one: Any, other: Any, new: Any) -> bool:
    if one == other and type(one) is type(other):
        return type(one) is type(new) and bool(one == new)
    return _kind(new) in (_kind(one), _kind(other))


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return next((kind for kind, pattern in KINDS if pattern.fullmatch(value)), "a text")
    return type(value).__name__
