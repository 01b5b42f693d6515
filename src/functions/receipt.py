"""Recognises a write that is sent again. Pure; knows neither HTTP nor storage.

Each write leaves a receipt in what it wrote. It names the request, so that a resend after a lost response is recognised; with an
`Idempotency-Key` also the key and what was asked for, so that a later request with the same key is. The next write leaves its own
receipt, so a write is recognised for as long as no other one came after it. The draft of the key:
https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header-07
"""

from __future__ import annotations

import hashlib

from . import contract, errors
from .json_text import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Request(Protocol):
        """What a receipt is made from."""

        id: str
        invocation: str
        caller: str
        operation: str
        parameters: dict[str, Any]
        body: Any
        idempotency_key: str | None


class Receipt:
    """The receipt of one request.

    Attributes:
        text: `key:<hash of caller and key>:<hash of what was asked for>:<hash of the request>`, or the last of these without
            a key. Of the request there are API Gateway's id and Lambda's: a caller can choose the former, and use it again.
        prefix: what every receipt begins with that the same caller leaves with the same key; without a key, the text.
    """

    __slots__ = ("_asked", "prefix", "text")

    def __init__(self, request: Request) -> None:
        sent = _hash([request.id, request.invocation])
        self.text = self.prefix = self._asked = sent
        if request.idempotency_key is not None:
            self.prefix = f"key:{_hash([request.caller, request.idempotency_key])}:"
            self._asked = f"{self.prefix}{_hash(_asked(request))}:"
            self.text = self._asked + sent

    def replays(self, stored: object) -> bool | None:
        """Whether the write that left `stored` was an earlier request's. None if it was another write.

        Raises:
            errors.IdempotencyKeyReused: It had the same key, and asked for something else.
        """
        if not isinstance(stored, str) or not stored.startswith(self.prefix):
            return None
        if not stored.startswith(self._asked):
            raise errors.IdempotencyKeyReused
        return stored != self.text


def _asked(request: Request) -> list[Any]:
    """Return what a request asks for: operation, parameters in path and query, and body. Not its preconditions: a client that has
    read the resource since may repeat its request with the new entity tag."""
    places = {one["name"]: one["in"] for one in contract.OPERATIONS[request.operation]["parameters"]}
    sent = {name: value for name, value in request.parameters.items() if places[name] != "header" and value is not None}
    return [request.operation, sent, request.body]


def _hash(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:32]
