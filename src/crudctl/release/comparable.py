"""What a version has answered, so that it can be compared: by path, with names in place of ids, times and cursors. Pure.

The answers of two runs differ in ids and times even if both are right. What matters is whether an id is that of the resource that
was asked for, and a time that of the same change: so each is replaced by which one it is, in the order in which a run met them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

UNSTEADY = {"date", "content-length", "server-timing"}  # headers that no caller compares
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")
TRACE = re.compile(r"(00-[0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})")
DAY = 86_400  # seconds


@dataclass(frozen=True)
class Answer:
    """What a version has answered.

    Attributes:
        status: of the response; 0 if the function crashed or returned no response.
        values: what was in it, by path: `/body/...` by JSON Pointer, `/headers/...` in lower case.
    """

    status: int
    values: Mapping[str, Any] = field(default_factory=dict)


class Reader:
    """Reads the answers of one chain of requests, which have to come in order."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._times: dict[str, str] = {}
        self._cursors: dict[str, str] = {}
        self._sent = ""

    def made(self, resource: str) -> None:
        """Note the id of a resource that was created."""
        self._ids.setdefault(resource, f"<id {len(self._ids) + 1}, version {resource[14:15]}>")

    def sent(self, text: str) -> None:
        """Note what was sent: a value in it is content, and is compared as it is."""
        self._sent += text

    def read(self, response: Mapping[str, Any]) -> Answer:
        """Return an answer as it is compared."""
        answer = read(response)
        cursor = answer.values.get("/body/next_cursor")
        if isinstance(cursor, str):
            self._cursors.setdefault(cursor, f"cursor {len(self._cursors) + 1}")
        return Answer(answer.status, {path: self._named(path, value) for path, value in answer.values.items()})

    def _named(self, path: str, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        for cursor, name in self._cursors.items():
            value = value.replace(cursor, f"<{name}>")
        if path == "/headers/traceparent":
            return TRACE.sub(r"\1-<another>-\2", value)
        return TIME.sub(self._time, ID.sub(self._id, value))

    def _id(self, found: re.Match[str]) -> str:
        text = found[0]
        return text if text in self._sent else self._ids.get(text, f"<another id, version {found[1]}>")

    def _time(self, found: re.Match[str]) -> str:
        """Return which time it is. Whole seconds are too coarse for that; of those only the day is compared."""
        text, fraction = found[0], found[1] or ""
        if text in self._sent:
            return text
        try:
            days = round((datetime.fromisoformat(text) - datetime.now(UTC)).total_seconds() / DAY)
        except ValueError:  # it only looks like a time, such as the 30th of February
            return text
        form = f"{len(fraction)} digits, {found[2]}, in {days} days"
        return self._times.setdefault(text, f"<time {len(self._times) + 1}: {form}>") if fraction else f"<time: {form}>"


def read(response: Mapping[str, Any]) -> Answer:
    """Return an answer with its values as they are."""
    status = response.get("statusCode")
    if not isinstance(status, int):
        return Answer(0)
    given = response.get("headers") or {}, response.get("multiValueHeaders") or {}
    if not all(isinstance(each, dict) for each in given):
        return Answer(0)  # to API Gateway too, which responds with 502
    headers = {f"/headers/{name.lower()}": value for each in given for name, value in each.items()}
    if response.get("isBase64Encoded"):
        headers["/body encoding"] = "base64"
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
