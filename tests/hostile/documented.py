"""Whether a response is one that the published contract describes. Knows the document, and no request's purpose."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators

from crudctl.build import pattern
from tests.hostile.wire import Answer

Json = Mapping[str, Any]
METHODS = ("get", "put", "post", "delete", "patch")
PROBLEM = "application/problem+json"
# What the gateway sends for what is no operation: a path or a method that the contract does not have, or a body of such a method.
ELSEWHERE = {401, 403, 404, 405, 413, 415, 429}
SAFE = {"x-content-type-options": "nosniff"}


def _matches(validator: Any, expression: str, value: Any, schema: Json) -> Iterator[ValidationError]:
    """Yield the fault of text that a pattern does not match. Patterns of OpenAPI are ECMA-262, not Python's."""
    if isinstance(value, str) and not re.search(pattern.translate(expression), value):
        yield ValidationError(f"{value[:50]!r} does not match {expression!r}")


Validator = validators.extend(Draft202012Validator, {"pattern": _matches})


class Documented:
    """The published contract, in OpenAPI 3.1."""

    def __init__(self, document: Json) -> None:
        self.document = document
        self._validators: dict[str, Any] = {}

    @cached_property
    def _templates(self) -> list[tuple[re.Pattern[str], str]]:
        paths = sorted(self.document["paths"])
        return [(re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)) + "/?"), path) for path in paths]

    def operation(self, method: str, path: str) -> Json | None:
        """Return the operation that serves a path, with or without a query; None if there is none. HEAD is served as GET."""
        segments = (unquote(segment).replace("/", "%2F") for segment in path.partition("?")[0].split("/"))
        plain = "/".join(segments)
        for form, template in self._templates:
            if form.fullmatch(plain):
                found = self.document["paths"][template].get("get" if method == "HEAD" else method.lower())
                return found if isinstance(found, Mapping) else None
        return None

    def fault(self, method: str, path: str, answer: Answer) -> str:
        """Return what is wrong with a response to a request for `path` of the API; empty if the contract describes it."""
        if answer.status >= 500:
            return f"{answer.status} {answer.body[:200]!r}"
        operation = self.operation(method, path)
        if operation is not None and str(answer.status) in operation["responses"]:
            return self._body_fault(self.resolved(operation["responses"][str(answer.status)]), method, answer)
        if answer.status in ELSEWHERE and operation is None:
            return self._body_fault({"content": {PROBLEM: {"schema": self._problem}}}, method, answer)
        return f"{answer.status} is not documented: {answer.body[:200]!r}"

    def is_valid(self, value: Any, schema: Json) -> bool:
        """Whether a value is valid under a schema of the document."""
        return bool(self._validator(schema).is_valid(value))

    def has_parameter(self, name: str) -> bool:
        """Whether an operation has a parameter of this name."""
        items = self.document["paths"].values()
        parts = [part for item in items for part in (item, *item.values()) if isinstance(part, Mapping)]
        return any(self.resolved(one)["name"] == name for part in parts for one in part.get("parameters", ()))

    def properties(self, operation: Json) -> frozenset[str]:
        """Return the names of the properties in what an operation returns when it succeeds."""
        found = [self.resolved(one) for status, one in operation["responses"].items() if status in ("200", "201")]
        schemas = [self.resolved(media["schema"]) for one in found for media in one.get("content", {}).values()]
        return frozenset(name for schema in schemas for name in schema.get("properties", {}))

    @property
    def _problem(self) -> Json:
        return {"$ref": "#/components/schemas/Problem"}

    def resolved(self, one: Json) -> Json:
        """Return what a reference stands for; anything else unchanged."""
        while "$ref" in one:
            found: Any = self.document
            for name in one["$ref"].removeprefix("#/").split("/"):
                found = found[name.replace("~1", "/").replace("~0", "~")]
            one = found
        return one

    def _validator(self, schema: Json) -> Any:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {"components": self.document["components"], **schema}
            self._validators[key] = Validator(whole, format_checker=FormatChecker())
        return self._validators[key]

    def _body_fault(self, response: Json, method: str, answer: Answer) -> str:
        missing = [name for name, value in SAFE.items() if answer.headers.get(name) != value]
        if missing and answer.status != 204:
            return f"{answer.status} lacks {missing}"
        if method == "HEAD" or not response.get("content"):
            return f"{answer.status} has a body: {answer.body[:200]!r}" if answer.body else ""
        media = response["content"].get(answer.media_type)
        if media is None:
            return f"{answer.status} is {answer.media_type!r}, not one of {sorted(response['content'])}"
        try:
            value = json.loads(answer.body.decode())
            json.dumps(value, ensure_ascii=False).encode()
        except ValueError as error:
            return f"{answer.status} is not JSON in UTF-8: {error}"
        if answer.media_type == PROBLEM and value.get("status") != answer.status:
            return f"{answer.status} says that it is {value.get('status')}"
        wrong = next(iter(self._validator(media.get("schema", {})).iter_errors(value)), None)
        return f"{answer.status} breaks its schema: {wrong.message[:300]}" if wrong else ""
