"""What contract/openapi.yaml says of each operation: its route, parameters and body. Knows neither HTTP events nor storage.

`operations.OPERATIONS` is generated from the contract when the package is built.
"""

from __future__ import annotations

import re

from . import operations
from .merge import patch_faults as faults_of_patch
from .validation import MOST_UNKNOWN, faults

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from .validation import Schema

    Fault = dict[str, str]

OPERATIONS: dict[str, Any] = operations.OPERATIONS
SERVICE: dict[str, str] = operations.SERVICE
FUNCTIONS: dict[str, str] = {operation["handler"]: operation["function"] for operation in OPERATIONS.values()}
ROUTES = {(operation["method"], operation["path"]): name for name, operation in OPERATIONS.items()}
CONTENT: Schema = next(one["content"] for one in OPERATIONS.values() if one["kind"] == "create")
MOST_FAULTS = 100  # listed of one request, so that the response stays small


def function_of(handler: str) -> str:
    """Return the key of the function that a handler of `functions.handlers` serves."""
    return FUNCTIONS.get(handler, handler)


def operation_at(method: str, path: str, function: str) -> str | None:
    """Return the operation of a route, if this version knows it and the function serves it."""
    name = ROUTES.get((method, path))
    return name if name and OPERATIONS[name]["function"] == function else None


def media_type(operation: str) -> str | None:
    """Return the one media type of the operation's request body; None when it takes no body."""
    expected: str | None = OPERATIONS[operation]["media_type"]
    return expected


def may_lack_body(operation: str) -> bool:
    """Whether a request of the operation may come without a body: where it takes none, or its body is optional."""
    return not OPERATIONS[operation]["body_required"]


def parameters(operation: str, given: Mapping[str, Mapping[str, list[str]]]) -> tuple[dict[str, Any], list[Fault]]:
    """Return the operation's parameters by name, with their types and defaults, and what is wrong with them.

    Args:
        given: values by place (`path`, `query`, `header`) and name; header names in lower case.
    """
    values: dict[str, Any] = {}
    wrong: list[Fault] = []
    for parameter in OPERATIONS[operation]["parameters"]:
        name, place, schema = parameter["name"], parameter["in"], parameter["schema"]
        texts = given[place].get(name.lower() if place == "header" else name)
        if texts is None:
            values[name] = schema.get("default")
            if parameter["required"]:
                wrong.append({"parameter": name, "detail": "is required"})
        elif len(texts) > 1 and place == "query":
            wrong.append({"parameter": name, "detail": "must be given only once"})
        else:
            value = _from_text(", ".join(texts), schema)  # RFC 9110, section 5.3
            values[name] = value
            wrong += ({"parameter": name, "detail": detail} for _, detail in faults(value, schema, ""))
    unknown = given["query"].keys() - {p["name"] for p in OPERATIONS[operation]["parameters"] if p["in"] == "query"}
    wrong += (
        {"parameter": name[:100], "detail": "is not a known parameter"} for name in sorted(unknown)[:MOST_UNKNOWN]
    )
    return values, wrong


def body_faults(operation: str, body: Any) -> list[Fault]:
    """Return what is wrong with a request body. Of a patch, only that it is no object: what it changes is validated by
    `patch_faults`, where the stored content is known."""
    if OPERATIONS[operation]["kind"] != "patch":
        return _reported(faults(body, OPERATIONS[operation]["content"]))
    return [] if isinstance(body, dict) else [{"pointer": "", "detail": "must be an object"}]


def patch_faults(patch: Mapping[str, Any], stored: Mapping[str, Any]) -> list[Fault]:
    """Return what is wrong with what a merge patch changes in the stored content of a resource."""
    return _reported(faults_of_patch(patch, stored, CONTENT))


def _reported(found: Iterator[tuple[str, str]]) -> list[Fault]:
    """Return the first faults, and how many more there are."""
    every = [{"pointer": pointer, "detail": detail} for pointer, detail in found]
    more = len(every) - MOST_FAULTS
    return every[:MOST_FAULTS] + ([{"pointer": "", "detail": f"has {more} more faults"}] if more > 0 else [])


def _from_text(text: str, schema: Schema) -> Any:
    """Return a parameter's text as a value of its schema's type, or the text itself if it is not of that type."""
    kind = schema.get("type")
    if kind == "integer" and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    return text
