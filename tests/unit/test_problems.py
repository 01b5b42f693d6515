"""Problems: the functions, the gateway (infra/problems.tf) and the contract agree on every type, status and title."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crudctl.build import contract, published, service
from functions import errors, handlers
from tests import contracts
from tests.stack import ROOT

CONTRACTS = [ROOT / "contract" / "openapi.yaml", *sorted(Path(contracts.__file__).parent.glob("*.yaml"))]

Problems = dict[str, tuple[int, str]]  # status and title by type, without what all types begin with


def of_the_functions(kind: type[errors.Problem] = errors.Problem) -> Problems:
    own = {kind.type.removeprefix(errors.PREFIX): (kind.status, kind.title)} if hasattr(kind, "type") else {}
    inner = [each for each in kind.__subclasses__() if each.__module__ in (errors.__name__, handlers.__name__)]
    return own | {name: what for each in inner for name, what in of_the_functions(each).items()}


def of_the_gateway() -> Problems:
    text = (ROOT / "infra" / "problems.tf").read_text(encoding="utf-8")
    found = re.findall(r'^ +(\w+) += \{ status = (\d+), title = "([^"]+)"', text, re.MULTILINE)
    return {name.replace("_", "-"): (int(status), title) for name, status, title in found}


def shown(node: Any) -> Iterator[tuple[str, int, str]]:
    """Yield type, status and title of each example of a problem in a part of a contract."""
    if isinstance(node, dict):
        if {"type", "title", "status", "request_id"} <= node.keys() and isinstance(node["type"], str):
            yield node["type"], node["status"], node["title"]
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from shown(inner)


def test_the_functions_and_the_gateway_agree() -> None:
    functions, gateway = of_the_functions(), of_the_gateway()
    assert len(functions) >= 10
    assert len(gateway) >= 5
    assert {name: gateway[name] for name in gateway.keys() & functions.keys()} == {
        name: functions[name] for name in gateway.keys() & functions.keys()
    }


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.name)
def test_the_contract_lists_each_type_that_is_sent(path: Path) -> None:
    document = contract.parse(path)
    prefix = service.describe(document).problems
    types = document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
    assert {prefix + name for name in of_the_functions() | of_the_gateway()} == set(types)


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.name)
def test_the_contracts_examples_are_problems_that_are_sent(path: Path) -> None:
    document = contract.parse(path)
    prefix = service.describe(document).problems
    sent = {(prefix + name, *what) for name, what in (of_the_functions() | of_the_gateway()).items()}
    assert set(shown(document)) <= sent


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.name)
def test_every_response_is_a_status_that_is_sent(path: Path) -> None:
    """A team's own operation may respond with other statuses; those of the resource's own operations are these."""
    document = contract.parse(path)
    described = service.describe(document)
    statuses = {str(status) for status, _ in (of_the_functions() | of_the_gateway()).values()}
    for where, method, operation in contract.each_operation(document):
        if described.operations[operation["operationId"]].kind != service.OTHER:
            declared = {status for status in operation["responses"] if status >= "400"}
            assert declared <= statuses, f"{method} {where}"


def test_types_are_derived_from_the_contract() -> None:
    assert service.describe(contracts.document()).problems == errors.PREFIX
    text = (ROOT / "infra" / "problems.tf").read_text(encoding="utf-8")
    assert re.findall(r'^ +type += "(.*)"', text, re.MULTILINE) == [
        '${local.service.problems}${replace(name, "_", "-")}'
    ]


def test_what_is_published_for_clients_lists_each_type_that_is_sent_also_of_an_older_contract() -> None:
    document = contract.parse(contracts.ITEMS)
    prefix = service.describe(document).problems
    document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"] = [prefix + "own", prefix + "not-found"]
    types = published.published(document)["components"]["schemas"]["Problem"]["properties"]["type"]["x-extensible-enum"]
    sent = of_the_functions() | of_the_gateway()
    assert sorted(types) == sorted({prefix + name for name in [*sent, "own"]})
