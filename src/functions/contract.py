"""What contract/openapi.yaml says of each operation: its route, parameters and body. Knows neither HTTP events nor storage.

`operations.OPERATIONS` is generated from the contract when the package is built.
"""

from __future__ import annotations

import re

from . import operations
from .merge import merged
from .merge import patch_faults as faults_of_patch
from .validation import MOST_UNKNOWN, STAND_IN, faults, reported, sendable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .validation import Fault, Schema

OPERATIONS: dict[str, Any] = operations.OPERATIONS
SERVICE: dict[str, str] = operations.SERVICE
FUNCTIONS: dict[str, str] = {operation["handler"]: operation["function"] for operation in OPERATIONS.values()}
ROUTES = {(operation["method"], operation["path"]): name for name, operation in OPERATIONS.items()}
CONTENT: Schema = next(one["content"] for one in OPERATIONS.values() if one["kind"] == "create")


def function_of(handler: str) -> str:
    """Return the key of the function that a handler of `functions.handlers` serves."""
    return FUNCTIONS.get(handler, handler)


def operation_at(method: str, path: str, function: str) -> str | None:
    """Return the operation of a route, if this version knows it and the function serves it. HEAD is served as GET."""
    name = ROUTES.get((method, path)) or (ROUTES.get(("GET", path)) if method == "HEAD" else None)
    return name if name and OPERATIONS[name]["function"] == function else None


def headers(operation: str) -> dict[str, str]:
    """Return the headers that every response of the operation has, by what the contract says of its future."""
    fixed: dict[str, str] = OPERATIONS[operation]["headers"]
    return fixed


def scopes(operation: str) -> list[str]:
    """Return the scopes of which an access token needs one for the operation."""
    accepted: list[str] = OPERATIONS[operation]["scopes"]
    return accepted


def media_types(operation: str) -> list[str]:
    """Return the media types of the operation's request body, of which any will do; none when it takes no body."""
    accepted: list[str] = OPERATIONS[operation]["media_types"]
    return accepted


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
        elif place != "header" and STAND_IN in texts[0]:
            wrong.append({"parameter": name, "detail": "must be UTF-8, percent-encoded, and not contain U+FFFD"})
        else:
            value = _from_text(", ".join(texts), schema)  # RFC 9110, section 5.3
            values[name] = value
            wrong += ({"parameter": name, "detail": detail} for _, detail in faults(value, schema, ""))
    if given["query"]:
        unknown = given["query"].keys() - {p["name"] for p in OPERATIONS[operation]["parameters"] if p["in"] == "query"}
        wrong += (
            {"parameter": sendable(name), "detail": "is not a known parameter"}
            for name in sorted(unknown)[:MOST_UNKNOWN]
        )
    return values, wrong


def content(operation: str, body: Any) -> Any:
    """Return a request body without what the service sets, so that a resource that was read can be put back.

    https://google.aip.dev/203#output-only
    """
    ignored = OPERATIONS[operation]["ignored"]
    if not isinstance(body, dict) or body.keys().isdisjoint(ignored):
        return body
    return {name: value for name, value in body.items() if name not in ignored}


def body_faults(operation: str, body: Any) -> list[Fault]:
    """Return what is wrong with a request body. Of a patch, only that it is no object: what it changes is validated by
    `patch_faults`, where the stored content is known."""
    if OPERATIONS[operation]["kind"] != "patch":
        return reported(faults(body, OPERATIONS[operation]["content"]))
    return [] if isinstance(body, dict) else [{"pointer": "", "detail": "must be an object"}]


def patch_faults(patch: Mapping[str, Any], stored: Mapping[str, Any]) -> list[Fault]:
    """Return what is wrong with what a merge patch changes in the stored content of a resource."""
    return reported(faults_of_patch(patch, stored, CONTENT))


def lone_patch_faults(patch: Mapping[str, Any]) -> list[Fault]:
    """Return the faults that a merge patch has whatever is stored: those where what is stored is as the patch would leave it."""
    return patch_faults(patch, merged({}, patch))


def _from_text(text: str, schema: Schema) -> Any:
    """Return a parameter's text as a value of its schema's type, or the text itself if it is not of that type."""
    kind = schema.get("type")
    if kind == "integer" and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    return text
