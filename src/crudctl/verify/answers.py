"""The part `requests`: sends what expectations.py lists, and compares the responses with it."""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from crudctl.console import Failed
from crudctl.verify.exchange import Answer
from crudctl.verify.expectations import (
    ALLOWED,
    BURST,
    HEAD,
    IDENTITY,
    NOBODY,
    OTHER,
    PADDED,
    PROMISES,
    READER,
    ROWS,
    TAMPERED,
    UNSIGNED,
    Promise,
)
from crudctl.verify.rows import Part, Result, right, unseen
from crudctl.verify.subject import NAMES, Subject

AT_ONCE = 20
OF_ONE_REQUEST = (
    "date",
    "x-correlation-id",
    "x-amz",
    "traceparent",
    "via",
    "connection",
    "keep-alive",
    "server-timing",
)


def ask(subject: Subject, progress: Callable[[str], None]) -> Iterator[Result]:
    """Yield what is seen of each promise."""
    made = subject.created()
    places = _places(subject)
    for number, promise in enumerate(PROMISES, 1):
        progress(f"{number} of {len(ROWS)}, {promise.row.name}")
        try:
            token = _token(subject, promise.caller)
        except Failed as failure:
            yield right(promise.row, failure.message, is_right=False)
            continue
        if token is None:
            why = (
                "one scope lets a token read and write"
                if promise.caller == READER
                else "nobody signs in by password alone"
            )
            yield unseen(promise.row, why, excused=True)
            continue
        answer = _send(subject, promise, token, places)
        subject.remember(promise.row.name, answer)
        yield _compared(promise, answer, places)
    yield _head(subject, f"/{places['{c}']}/{made}")
    yield _burst(subject, f"/{places['{c}']}/{made}")


PART = Part("requests", "Ask what clients rely on", 300, ROWS, ask)


def _token(subject: Subject, caller: str) -> str | None:
    """Return the token of a kind of caller; empty for none. None: this environment cannot have one."""
    if caller == NOBODY:
        return ""
    if caller == READER:
        return subject.reader if subject.reads_only else None
    tokens = subject.tokens[NAMES[0]]
    if caller == IDENTITY:
        return tokens.get("id")
    forge = FORGERIES.get(caller)
    return forge(tokens["access"]) if forge else tokens["access"]


def _places(subject: Subject) -> dict[str, str]:
    """Return what stands for the placeholders of expectations.py."""
    collection = f"/{subject.described.collection}"
    methods = {one.method for one in subject.described.operations.values() if one.path == collection}
    allowed = sorted(methods | ({"HEAD"} if "GET" in methods else set()))
    other = next(name for name in ("PUT", "PATCH", "DELETE", "TRACE") if name not in methods)
    return {
        "{c}": subject.described.collection,
        "{none}": str(uuid.uuid4()),
        OTHER: other,
        ALLOWED: ", ".join([*allowed, "OPTIONS"]),
    }


def _filled(text: str, places: Mapping[str, str]) -> str:
    for name, value in places.items():
        text = text.replace(name, value)
    return text


def _send(subject: Subject, promise: Promise, token: str, places: Mapping[str, str]) -> Answer:
    headers = promise.headers | ({"Authorization": f"Bearer {token}"} if token else {})
    body = b'"' + b"x" * (promise.body - 2) + b'"' if isinstance(promise.body, int) else promise.body
    return subject.sender.send(_filled(promise.method, places), _filled(promise.path, places), headers, body)


def _compared(promise: Promise, answer: Answer, places: Mapping[str, str]) -> Result:
    """Return what was seen of a promise, with everything that is not as promised."""
    if answer.status == 0:
        return right(promise.row, f"no response: {answer.text}", is_right=False)
    seen = f"{answer.status} {answer.document.get('type', '').rpartition(':')[2]}".strip()
    faults = list(_faults(promise, answer, places))
    return right(promise.row, "; ".join([seen, *faults]), not faults)


def _faults(promise: Promise, answer: Answer, places: Mapping[str, str]) -> Iterator[str]:
    if answer.status not in promise.status:
        yield f"expected {' or '.join(map(str, promise.status))}"
        if answer.status >= 400:
            yield f"the body begins with {answer.text[:120]!r}"
        return
    if promise.problem and not str(answer.document.get("type", "")).endswith(f":problem:{promise.problem}"):
        yield f"the problem type is {answer.document.get('type')!r}"
    if promise.problem and promise.method != "HEAD":
        yield from _ids(answer)
    for names, pattern in promise.response.items():
        values = [answer.headers[name] for name in names.split("|") if name in answer.headers]
        if not any(re.fullmatch(_filled(pattern, places), value, re.DOTALL) for value in values):
            yield f"{names} is {values[0]!r}" if values else f"{names} is missing"


def _ids(answer: Answer) -> Iterator[str]:
    """Yield what is wrong with the ids by which a failed request can be found in the logs."""
    ids = {
        "x-amzn-requestid": answer.headers.get("x-amzn-requestid"),
        "x-correlation-id": answer.headers.get("x-correlation-id"),
        "request_id": answer.document.get("request_id"),
    }
    if len({str(value).lower() for value in ids.values()}) != 1:
        yield "the ids differ: " + ", ".join(f"{name} {value}" for name, value in ids.items())


def _head(subject: Subject, path: str) -> Result:
    get, head = (subject.call(method, path) for method in ("GET", "HEAD"))
    differing = sorted(
        name for name in get.headers.keys() | head.headers.keys()
        if not name.startswith(OF_ONE_REQUEST) and get.headers.get(name) != head.headers.get(name)
    )  # fmt: skip
    seen = f"GET {get.status}, HEAD {head.status} with {len(head.body)} bytes"
    if differing:
        seen += f"; different {', '.join(differing)}"
    return right(HEAD, seen, (get.status, head.status, head.body, differing) == (200, 200, b"", []))


def _burst(subject: Subject, path: str) -> Result:
    """A new account has 10 concurrent executions: what is over them must be told to try again."""
    _ = subject.tokens, subject.sender  # before threads need them
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: subject.call("GET", path), range(AT_ONCE)))
    statuses = Counter(answer.status for answer in answers)
    bad = [answer for answer in answers if answer.status != 200 and "retry-after" not in answer.headers]
    seen = ", ".join(f"{count} of {status}" for status, count in sorted(statuses.items()))
    return right(BURST, seen + (f"; {len(bad)} without Retry-After" if bad else ""), not bad)


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _tampered(token: str) -> str:
    head, claims, signature = token.split(".")
    changed = json.loads(_decoded(claims)) | {"sub": str(uuid.UUID(int=0))}
    return ".".join([head, _encoded(changed), signature])


def _unsigned(token: str) -> str:
    return f"{_encoded({'alg': 'none', 'typ': 'JWT'})}.{token.split('.')[1]}."


def _padded(token: str) -> str:
    return token + "=" * (-len(token.split(".")[2]) % 4 or 4)


FORGERIES: dict[str, Callable[[str], str]] = {TAMPERED: _tampered, UNSIGNED: _unsigned, PADDED: _padded}
