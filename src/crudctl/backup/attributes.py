"""Entries of the table in DynamoDB's own form, as boto3 has it and as JSON. Pure: nothing is converted, so nothing is lost.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
"""

from __future__ import annotations

import base64
import json
import math
from decimal import Context, Decimal
from typing import Any

Entry = dict[str, dict[str, Any]]  # attribute value by attribute name

LIVE, TRASHED, MEMORY = "live", "in the trash", "memory"
EXACT = Context(prec=40)  # DynamoDB's numbers have 38 digits


def key(entry: Entry) -> str:
    """Return the partition key of an entry."""
    return str(entry["id"]["S"])


def owner(entry: Entry) -> str:
    """Return whose entry it is: what its key begins with."""
    return key(entry).rpartition("#")[0]


def state(entry: Entry) -> str:
    """Return whether an entry is LIVE, TRASHED or only the MEMORY of one that was deleted for good."""
    if "version" not in entry:
        return MEMORY
    return TRASHED if "deleted_at" in entry else LIVE


def version(entry: Entry) -> int:
    """Return the version of an entry; 0 for a memory."""
    return int(entry.get("version", {"N": "0"})["N"])


def expires_at(entry: Entry) -> float:
    """Return when time to live removes an entry, in seconds since the epoch; infinity for a live one."""
    return float(entry["expires_at"]["N"]) if "expires_at" in entry else math.inf


def to_json(entry: Entry) -> Entry:
    """Return an entry as JSON can have it: binary values in base64, and sets, which have no order, in order."""
    return {name: _value(typed, _encoded, str) for name, typed in entry.items()}


def from_json(entry: Entry) -> Entry:
    """Return what `to_json` was given."""
    return {name: _value(typed, base64.b64decode, str) for name, typed in entry.items()}


def same(one: Entry, other: Entry) -> bool:
    """Return whether two entries have the same attributes and values, however their numbers are written."""
    return _comparable(one) == _comparable(other)


def _comparable(entry: Entry) -> str:
    return json.dumps({name: _value(typed, _encoded, _number) for name, typed in entry.items()}, sort_keys=True)


def _value(typed: dict[str, Any], binary: Any, number: Any) -> dict[str, Any]:
    """Return an attribute value with its binary values and numbers converted."""
    ((kind, value),) = typed.items()
    if kind == "M":
        return {kind: {name: _value(inner, binary, number) for name, inner in value.items()}}
    if kind == "L":
        return {kind: [_value(inner, binary, number) for inner in value]}
    convert = binary if kind in ("B", "BS") else number if kind in ("N", "NS") else None
    if convert is None:
        return {kind: sorted(value) if kind == "SS" else value}
    return {kind: sorted(map(convert, value)) if kind in ("BS", "NS") else convert(value)}


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _number(text: str) -> str:
    return str(EXACT.create_decimal(Decimal(text)).normalize(EXACT))
