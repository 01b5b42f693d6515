"""One request to both versions of a release, and what stands in it for what only the answers before it tell. A leaf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

JSON, MERGE = "application/json", "application/merge-patch+json"
# Targets: the resource of the last create, one that does not exist, and an invalid id.
MADE, UNKNOWN, NO_ID = "made", "unknown", "no-id"
# They stand in headers and parameters for the target's entity tag, the cursor of the list before, and a key of one's own.
TAG, CURSOR, KEY = "@tag", "@cursor", "@key"
STALE = '"0"'  # an entity tag that nothing ever has
# Callers: the reserved owner, another one, and the owner by a token of another app client, without a scope, and of a password.
OWNER, ANOTHER, STRANGER, UNSCOPED, BY_PASSWORD = "owner", "another", "stranger", "unscoped", "password"


@dataclass(frozen=True)
class Exchange:
    """One request, whose answers by two versions are compared.

    Attributes:
        name: says what is sent, such as `create_item with /quantity at its least`. Unique within a script.
        operation, kind, function, method, path: as crudctl.build.service has them.
        target: MADE, UNKNOWN or NO_ID; empty where the path has no `{id}`.
        headers, query: by name, with one value each, or several.
        text: the body; None for none.
        content: the whole content that the body stands for, which a contract judges; None where it does not.
        caller: OWNER, ANOTHER, STRANGER, UNSCOPED or BY_PASSWORD.
        base64: whether the text is the body in Base64, as API Gateway passes on a binary body.
        scopes: of a token that may call every operation of both contracts.
    """

    name: str
    operation: str
    kind: str
    function: str
    method: str
    path: str
    target: str = ""
    headers: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    query: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    text: str | None = None
    content: Any = None
    caller: str = OWNER
    base64: bool = False
    scopes: tuple[str, ...] = ()


Chain = tuple[Exchange, ...]


@dataclass(frozen=True)
class Script:
    """The exchanges of a contract.

    Attributes:
        apart: chains that need nothing of each other. Those within one are sent in order.
        story: sent in order after these, and alone: it lists what there is.
        listing: lists what there is.
        purge: deletes a resource for good.
    """

    apart: tuple[Chain, ...]
    story: Chain
    listing: Exchange
    purge: Exchange

    @property
    def chains(self) -> tuple[Chain, ...]:
        """All chains, the story last."""
        return (*self.apart, self.story)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All exchanges, in the order of the chains."""
        return tuple(one for chain in self.chains for one in chain)


def values(given: str | Sequence[str]) -> list[str]:
    """Return the values of a header or a parameter."""
    return [given] if isinstance(given, str) else list(given)
