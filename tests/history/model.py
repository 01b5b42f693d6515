"""What one resource does when its requests come one after the other: the sequential specification. Knows no HTTP and no time.

It is written from the contract, not from the code: versions without gaps, preconditions, the trash, the memory of what was
deleted, and which repeats of a write are recognised.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

ABSENT, LIVE, TRASHED, FORGOTTEN = "absent", "live", "trashed", "forgotten"
CHANGES = ("replace", "patch", "restore")  # each raises the version
NEEDS = {
    "replace": (LIVE,),
    "patch": (LIVE,),
    "delete": (LIVE,),
    "restore": (TRASHED,),
    "purge": (LIVE, TRASHED),
}


@dataclass(frozen=True, slots=True)
class State:
    """A resource.

    Attributes:
        phase: ABSENT, LIVE, TRASHED or FORGOTTEN.
        version, content: of what is live or in the trash; the content as JSON with sorted keys.
        first: the content that it was created with.
        writer: the write that was last.
    """

    phase: str = ABSENT
    version: int = 0
    content: str = ""
    first: str = ""
    writer: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """What a client asks for.

    Attributes:
        kind: create, get, replace, patch, delete, purge or restore.
        write: what makes it the same write as another: its `Idempotency-Key`, or a name of its own.
        match: the version in `If-Match`.
        content: the body of a create, replace or patch, as JSON.
    """

    kind: str
    write: str = ""
    match: int | None = None
    content: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a client received: the status, and the version and content that the response shows."""

    status: int
    version: int | None = None
    content: str | None = None


def text(content: Mapping[str, Any]) -> str:
    """Return content as JSON that is the same for the same content."""
    return json.dumps(content, sort_keys=True)


def step(state: State, operation: Operation) -> tuple[Outcome, State]:
    """Return the only right outcome of an operation on a resource, and the resource afterwards."""
    if operation.kind == "get":
        return (shown(200, state) if state.phase == LIVE else Outcome(404)), state
    if operation.kind == "create":
        return _created(state, operation)
    if state.writer == operation.write:  # a repeat: not applied again, and responded to as before
        return (Outcome(204) if operation.kind in ("delete", "purge") else shown(200, state)), state
    if state.phase not in NEEDS[operation.kind]:
        return Outcome(404), state
    if operation.match not in (None, state.version):
        return Outcome(412, state.version), state
    return _written(state, operation)


def shown(status: int, state: State) -> Outcome:
    """Return the outcome that shows a resource."""
    return Outcome(status, state.version, state.content)


def _created(state: State, operation: Operation) -> tuple[Outcome, State]:
    if state.phase == ABSENT:
        state = State(LIVE, 1, operation.content, operation.content, operation.write)
    elif state.phase != LIVE:
        return Outcome(409), state
    elif state.first != operation.content:
        return Outcome(422), state
    return shown(201, state), state


def _written(state: State, operation: Operation) -> tuple[Outcome, State]:
    after = replace(state, writer=operation.write)
    if operation.kind == "purge":
        return Outcome(204), State(FORGOTTEN, first=state.first, writer=operation.write)
    if operation.kind == "delete":
        return Outcome(204), replace(after, phase=TRASHED)
    after = replace(after, phase=LIVE, version=state.version + 1)
    if operation.kind == "replace":
        after = replace(after, content=operation.content)
    elif operation.kind == "patch":
        after = replace(after, content=text(merged(json.loads(state.content), json.loads(operation.content))))
    return shown(200, after), after


def merged(target: Any, patch: Any) -> Any:
    """Return the result of a merge patch: https://www.rfc-editor.org/rfc/rfc7396#section-2"""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result
