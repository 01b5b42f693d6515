"""What a contract says of an exchange: whether it is valid, and if not, why. Knows neither versions nor answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from crudctl.build import contract, operations, rules, service
from crudctl.build.contract import Schema
from crudctl.build.script import CURSOR, Exchange, values
from functions import validation

Verdict = tuple[tuple[str, str], ...]  # where it is wrong, and how; empty for a valid exchange


class Judge:
    """What one contract says.

    Args:
        document: the contract.

    Raises:
        contract.ContractError: The service cannot keep it.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        described = service.describe(document)
        self._operations = operations.operations(document)
        self._routes = {(one["method"], one["path"]): name for name, one in self._operations.items()}
        self.content: Schema = rules.constraints(service.content_of(document, described.content_schema))
        self.page = described.page
        self.fields = frozenset(described.fields)
        returned = contract.flatten(document, {"$ref": f"#/components/schemas/{described.schema}"})
        self.returned = frozenset(returned.get("properties", {})) | self.fields

    def takes(self, content: Any) -> bool:
        """Return whether a create may send this content."""
        return next(validation.faults(rules.exact(content), self.content), None) is None

    def knows(self, exchange: Exchange) -> bool:
        """Return whether the contract has the operation, under its id and served by the same function."""
        known = self._operations.get(exchange.operation)
        return known is not None and known["function"] == exchange.function

    def verdict(self, exchange: Exchange) -> Verdict:
        """Return what is wrong with an exchange of an operation that the contract has."""
        found = [*self._query_faults(exchange)]
        if exchange.content is not None:
            found += validation.faults(rules.exact(exchange.content), self.content)
        return tuple(found)

    def usual(self, exchange: Exchange) -> dict[str, Any]:
        """Return the default of each parameter in the query that the exchange does not send."""
        declared = self.parameters(exchange.operation).items()
        return {name: schema.get("default") for name, schema in declared if name not in exchange.query}

    def headers(self, exchange: Exchange) -> dict[str, str]:
        """Return the headers of every response of its operation, in lower case."""
        fixed: dict[str, str] = self._operations[exchange.operation]["headers"]
        return {name.lower(): value for name, value in fixed.items()}

    def scopes(self) -> set[str]:
        """Return the scopes of a token that may call every operation."""
        return {scope for one in self._operations.values() for scope in one["scopes"]}

    def parameters(self, operation: str) -> dict[str, Schema]:
        """Return the schemas of an operation's parameters in the query, by name."""
        declared = self._operations[operation]["parameters"]
        return {one["name"]: one["schema"] for one in declared if one["in"] == "query"}

    def _query_faults(self, exchange: Exchange) -> Iterator[tuple[str, str]]:
        declared = self.parameters(exchange.operation)
        for name, given in exchange.query.items():
            if name not in declared:
                yield name, "is not a known parameter"
            elif CURSOR not in given:
                for text in values(given):
                    yield from (
                        (name, fault) for _, fault in validation.faults(_parsed(text, declared[name]), declared[name])
                    )


def _parsed(text: str, schema: Schema) -> Any:
    if schema.get("type") == "integer" and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    return text == "true" if schema.get("type") == "boolean" and text in ("true", "false") else text
