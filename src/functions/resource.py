"""The domain: what a resource is and how it changes. Pure: time and randomness are passed in. Knows neither HTTP nor storage."""

from __future__ import annotations

import hashlib
import time

from . import contract, merge
from .json_text import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Change = dict[str, Any]  # new value or REMOVED by field name; fields that are not named stay as they are

FIELDS: Mapping[str, Any] = contract.CONTENT["properties"]
HAS_TRASH = bool(contract.SERVICE["trash"])  # whether what was deleted can be restored
DAY = 86_400  # seconds
CLOSED = {field for field, schema in FIELDS.items() if merge.is_closed(schema)}


class Resource:
    """One resource. It does not name its owner: `Store.of` decides whose resources are read and written.

    Attributes:
        id: the resource's own id, unique for its owner.
        version: 1 when created, one more after each change.
        created_at, updated_at: RFC 3339, UTC.
        content: JSON values by field name, as stored: with what this version does not know inside a field.
        fingerprint: identifies the content that the resource was created with.
        deleted_at: when it was moved to the trash, RFC 3339, UTC; None outside of it.
        expires_at: when the trash forgets it, in seconds since the epoch; None outside of it.
        replayed: whether it was not this request that left it so, but an earlier one with the same `Idempotency-Key`.
    """

    __slots__ = (
        "content",
        "created_at",
        "deleted_at",
        "expires_at",
        "fingerprint",
        "id",
        "replayed",
        "updated_at",
        "version",
    )

    def __init__(
        self,
        id: str,
        version: int,
        created_at: str,
        updated_at: str,
        content: Mapping[str, Any],
        fingerprint: str,
        deleted_at: str | None = None,
        expires_at: int | None = None,
        replayed: bool = False,
    ) -> None:
        self.id = id
        self.version = version
        self.created_at = created_at
        self.updated_at = updated_at
        self.content = content
        self.fingerprint = fingerprint
        self.deleted_at = deleted_at
        self.expires_at = expires_at
        self.replayed = replayed

    @property
    def position(self) -> tuple[str, str]:
        """Where it is in a list: (created_at, id)."""
        return self.created_at, self.id

    def representation(self) -> dict[str, Any]:
        """Return the resource as clients see it: one flat object, its fields in the contract's order."""
        system: dict[str, Any] = {
            "id": self.id,
            "version": self.version,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }
        if self.deleted_at is not None and self.expires_at is not None:
            expires_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.expires_at))
            system |= {"deleted_at": self.deleted_at, "expires_at": expires_at}
        content = self.content
        for field in FIELDS:
            if field in content:
                system[field] = merge.known(content[field], FIELDS[field]) if field in CLOSED else content[field]
        return system


def created(resource_id: str, content: Mapping[str, Any], now: str) -> Resource:
    """Return a new resource, at version 1, created at `now` (RFC 3339, UTC)."""
    return Resource(resource_id, 1, now, now, content, fingerprint(content))


def fingerprint(content: Mapping[str, Any]) -> str:
    """Return 32 hexadecimal digits that are the same for the same JSON value, however it was written."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()[:32]


def random_id(entropy: bytes) -> str:
    """Return an id from 16 random bytes: a UUID of version 4, https://www.rfc-editor.org/rfc/rfc9562#section-5.4"""
    return _uuid(entropy, 4)


def id_for_key(owner: str, idempotency_key: str) -> str:
    """Return the id that belongs to (owner, key), so that a create that is sent twice finds its own resource.

    A UUID of version 8, https://www.rfc-editor.org/rfc/rfc9562#section-5.8
    """
    return _uuid(hashlib.sha256(f"{owner}\0{idempotency_key}".encode()).digest(), 8)


def _uuid(octets: bytes, version: int) -> str:
    number = int.from_bytes(octets[:16], "big")
    number = number & ~(0xF << 76) | version << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def seconds(timestamp: str) -> int:
    """Return whole seconds since the epoch of a time in RFC 3339."""
    from datetime import datetime  # most requests never need it

    return int(datetime.fromisoformat(timestamp).timestamp())


def expiry(now: str, days: int) -> int:
    """Return when DynamoDB may remove what was deleted at `now`, in seconds since the epoch."""
    return seconds(now) + days * DAY


class Removed:
    """Stands in a change for the value of a field that is to be removed."""


REMOVED = Removed()


def replacement(content: Mapping[str, Any], current: Mapping[str, Any]) -> Change:
    """Return what a PUT of valid `content` changes in the content `current`: every field of the contract.

    What this version does not know stays: attributes, since they are not named, and properties of closed objects.
    """
    return {
        field: merge.keeping(content[field], current.get(field), schema) if field in content else REMOVED
        for field, schema in FIELDS.items()
    }


def replacement_needs_current(content: Mapping[str, Any]) -> bool:
    """Whether a replacement depends on the stored content: only if it contains a closed object, for what that may hide."""
    return any(merge.may_drop(content[field], FIELDS[field]) for field in CLOSED & content.keys())


def patched(patch: Mapping[str, Any], current: Mapping[str, Any]) -> Change:
    """Return what a valid merge patch changes in the content `current`: each field it names."""
    return {name: REMOVED if value is None else merge.merged(current.get(name), value) for name, value in patch.items()}


def patch_needs_current(patch: Mapping[str, Any]) -> bool:
    """Whether the result of a merge patch depends on the stored content: only if it changes properties of an object."""
    return any(isinstance(value, dict) for value in patch.values())
