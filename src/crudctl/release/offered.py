"""What the contract of a release offers, as its record keeps it, and what the next contract has changed on purpose. Pure."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

from crudctl.build import exchanges, service
from crudctl.build.contract import ContractError
from crudctl.release.differential import Intended
from crudctl.release.record import PROMOTED, Release

Document = Mapping[str, Any]


def pack(document: Document) -> str:
    """Return a contract as a record keeps it: a tenth of its JSON."""
    return base64.b64encode(zlib.compress(json.dumps(document).encode(), 9)).decode()


def unpack(text: str) -> Document | None:
    """Return the contract of a record; None if it has none, as records of versions before 1.6.0."""
    if not text:
        return None
    document: Document = json.loads(zlib.decompress(base64.b64decode(text)))
    return document


def names(document: Document | None) -> set[str]:
    """Return what a contract offers, such as `field name` and `operation get_item`; nothing if it is not known."""
    if document is None:
        return set()
    described = service.describe(document)
    return {f"field {name}" for name in described.fields} | {f"operation {name}" for name in described.operations}


def of_versions(past: list[Release], versions: Mapping[str, str]) -> str:
    """Return the packed contract of the release that put these versions in service; empty if no record has it."""
    promoted = (release for release in past if release.state == PROMOTED)
    return next((each.contract for each in promoted if dict(each.new) == dict(versions)), "")


def intended(old: Document | None, new: Document) -> Intended:
    """Return what `new` has changed on purpose. Without the old contract, all its fields may be new."""
    try:
        fields, before = set(service.describe(new).fields), set(service.describe(old).fields) if old else set()
        judges = (exchanges.judge(old), exchanges.judge(new)) if old else (None, None)
    except ContractError:
        return Intended()
    return Intended(frozenset(fields - before), frozenset(before - fields), *judges)
