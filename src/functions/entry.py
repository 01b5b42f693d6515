"""A resource as the table has it: its attributes, its states and the conditions on them. Knows neither requests nor HTTP.

    live      its content and the service's attributes; `owner` is whose it is, and puts it into the owner's list
    trashed   the same with `deleted_at` and `expires_at`; `owner` is `<owner>#trash`, which puts it into another list
    memory    `id`, `deleted_at`, `expires_at` and `receipt` only: the id was used, and is not used again

What has expired is nothing but a memory either: DynamoDB removes it within days, and until then nobody sees it.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ttl-expired-items.html
"""

from __future__ import annotations

from . import resource
from .resource import Resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Protocol

    class Precondition(Protocol):
        """The versions that a resource must have, None for any, and those that it must not have."""

        @property
        def match(self) -> Sequence[int] | None: ...
        @property
        def none_match(self) -> Sequence[int]: ...


LIVE, TRASHED = "live", "trashed"
STATES = {
    (LIVE,): "attribute_exists(#version) AND attribute_not_exists(#deleted)",
    (TRASHED,): "attribute_exists(#version) AND #expires>:time",
    (LIVE, TRASHED): "attribute_exists(#version) AND (attribute_not_exists(#deleted) OR #expires>:time)",
}
NAMES = {
    "#owner": "owner",
    "#version": "version",
    "#updated": "updated_at",
    "#deleted": "deleted_at",
    "#expires": "expires_at",
    "#receipt": "receipt",
}
MEMORY_DAYS = 30  # far longer than any client repeats a create


class Exactly:
    """The precondition that a resource has one version."""

    def __init__(self, version: int) -> None:
        self.match: Sequence[int] = (version,)
        self.none_match: Sequence[int] = ()


def condition(states: tuple[str, ...], precondition: Precondition, now: str, sent: str) -> tuple[str, dict[str, Any]]:
    """Return the condition of a write and the values in it.

    Args:
        states: those that the resource may be in, a key of STATES.
        now: RFC 3339, UTC.
        sent: what the receipt of the same write begins with, so that no write is applied twice.
    """
    text = f"{STATES[states]} AND NOT begins_with(#receipt,:sent)"
    values: dict[str, Any] = {":sent": sent}
    if precondition.match is not None:
        matched = {f":m{number}": version for number, version in enumerate(precondition.match or (0,))}  # none has 0
        text, values = f"{text} AND #version IN ({','.join(matched)})", values | matched
    if precondition.none_match:
        excluded = {f":n{number}": version for number, version in enumerate(precondition.none_match)}
        text, values = f"{text} AND NOT #version IN ({','.join(excluded)})", values | excluded
    if ":time" in text:
        values[":time"] = resource.seconds(now)
    return text, values


def names_in(expressions: str) -> dict[str, str]:
    """Return the attributes that expressions name, other than fields, by their names there."""
    return {name: attribute for name, attribute in NAMES.items() if name in expressions}


def key(owner: str, resource_id: str) -> str:
    """Return the partition key: a caller can address only its own."""
    return f"{owner}#{resource_id}"


def partition(owner: str, deleted: bool) -> str:
    """Return under which owner the index lists live or deleted resources. No caller's name has a `#`."""
    return f"{owner}#trash" if deleted else owner


def attributes(new: Resource, owner: str, receipt: str) -> dict[str, Any]:
    """Return the attributes of a new resource."""
    return {
        **new.content,
        "id": key(owner, new.id),
        "owner": owner,
        "version": new.version,
        "created_at": new.created_at,
        "updated_at": new.updated_at,
        "fingerprint": new.fingerprint,
        "receipt": receipt,
    }


def memory(owner: str, resource_id: str, now: str, receipt: str) -> dict[str, Any]:
    """Return the attributes of the memory of what is deleted for good at `now`. The index has no entry without an owner."""
    expires_at = resource.expiry(now, MEMORY_DAYS)
    return {"id": key(owner, resource_id), "deleted_at": now, "expires_at": expires_at, "receipt": receipt}


def state(stored: Mapping[str, Any], now: str) -> str | None:
    """Return LIVE or TRASHED; None for a memory and for what has expired."""
    if "version" not in stored:
        return None
    if "deleted_at" not in stored:
        return LIVE
    return TRASHED if stored["expires_at"] > resource.seconds(now) else None


def resource_of(stored: Mapping[str, Any], replayed: bool = False) -> Resource:
    """Return the resource that these are the attributes of; not for a memory."""
    return Resource(
        id=stored["id"].rpartition("#")[2],
        version=stored["version"],
        created_at=stored["created_at"],
        updated_at=stored["updated_at"],
        content={field: stored[field] for field in resource.FIELDS if field in stored},
        fingerprint=stored.get("fingerprint", ""),
        deleted_at=stored.get("deleted_at"),
        expires_at=stored.get("expires_at"),
        replayed=replayed,
    )
