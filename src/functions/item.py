"""The domain: what an item is and how it changes. Pure: time and randomness are passed in. Knows neither HTTP nor storage."""

from __future__ import annotations

import hashlib
import json

from . import contract

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Change = dict[str, Any]  # new value or REMOVED by field name; fields that are not named stay as they are

FIELDS = tuple(contract.CONTENT["properties"])


class Item:
    """One item. It does not name its owner: `Store.of` decides whose items are read and written.

    Attributes:
        id: the item's own id, unique for its owner.
        version: 1 when created, one more after each change.
        created_at, updated_at: RFC 3339, UTC.
        content: JSON values by field name.
        fingerprint: identifies the content that the item was created with.
    """

    __slots__ = ("content", "created_at", "fingerprint", "id", "updated_at", "version")

    def __init__(
        self,
        id: str,
        version: int,
        created_at: str,
        updated_at: str,
        content: Mapping[str, Any],
        fingerprint: str,
    ) -> None:
        self.id = id
        self.version = version
        self.created_at = created_at
        self.updated_at = updated_at
        self.content = content
        self.fingerprint = fingerprint

    def representation(self) -> dict[str, Any]:
        """Return the item as clients see it: one flat object, its fields in the contract's order."""
        system = {
            "id": self.id,
            "version": self.version,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }
        return system | {field: self.content[field] for field in FIELDS if field in self.content}


def created(item_id: str, content: Mapping[str, Any], now: str) -> Item:
    """Return a new item, at version 1, created at `now` (RFC 3339, UTC)."""
    return Item(item_id, 1, now, now, content, fingerprint(content))


def fingerprint(content: Mapping[str, Any]) -> str:
    """Return 32 hexadecimal digits that are the same for the same JSON value, however it was written."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def random_id(entropy: bytes) -> str:
    """Return an item id from 16 random bytes: a UUID of version 4, https://www.rfc-editor.org/rfc/rfc9562#section-5.4"""
    return _uuid(entropy, 4)


def id_for_key(owner: str, idempotency_key: str) -> str:
    """Return the item id that belongs to (owner, key), so that a create that is sent twice finds its own item.

    A UUID of version 8, https://www.rfc-editor.org/rfc/rfc9562#section-5.8
    """
    return _uuid(hashlib.sha256(f"{owner}\0{idempotency_key}".encode()).digest(), 8)


def _uuid(octets: bytes, version: int) -> str:
    number = int.from_bytes(octets[:16], "big")
    number = number & ~(0xF << 76) | version << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


class Removed:
    """Stands in a change for the value of a field that is to be removed."""


REMOVED = Removed()


def replacement(content: Mapping[str, Any]) -> Change:
    """Return what a PUT of valid `content` changes: every field of the contract.

    Attributes that this version does not know are not named, so they stay.
    """
    return {field: content.get(field, REMOVED) for field in FIELDS}


def needs_current(patch: Mapping[str, Any]) -> bool:
    """Whether the result of a merge patch depends on the item: only if the patch changes properties of an object in it."""
    return any(isinstance(value, dict) for value in patch.values())


def patched(patch: Mapping[str, Any], current: Mapping[str, Any]) -> Change:
    """Return what a merge patch changes in the content `current`: each field it names. It has yet to be validated."""
    return {name: REMOVED if value is None else merged(current.get(name), value) for name, value in patch.items()}


def faults(change: Change) -> list[contract.Fault]:
    """Return what is wrong with a change, field by field."""
    return [
        fault
        for name, value in change.items()
        for fault in (contract.removal_faults(name) if value is REMOVED else contract.field_faults(name, value))
    ]


def merged(target: Any, patch: Any) -> Any:
    """Return `MergePatch(target, patch)` of https://www.rfc-editor.org/rfc/rfc7396#section-2. Neither is modified."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result
