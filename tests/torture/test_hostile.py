"""All hostile tokens, cursors and requests, for every contract of the tests, and thousands of requests from schemathesis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import contracts
from tests.contracts import serve, shapes
from tests.fuzz.test_fuzz import linked, single
from tests.hostile.attack import Gateway, try_cursors, try_inputs, try_raw, try_tokens
from tests.hostile.conftest import gateway_at, local_forge, local_gateway
from tests.hostile.cursors import CURSORS
from tests.hostile.inputs import contents, inputs, targets, thinned
from tests.hostile.raw import RAW
from tests.hostile.tokens import TOKENS
from tests.stack import Stack
from tests.torture import figures

EVERY = 5  # of the values for every shape of field
REQUESTS = 5000  # from schemathesis, at least
Suite = tuple[str, str, int, list[str]]  # name, what becomes of it, cases, what went wrong


@pytest.fixture(scope="module")
def gateway(stack: Stack) -> Iterator[Gateway]:
    gateway = local_gateway(stack, contracts.document())
    yield gateway
    gateway.wire.close()


@pytest.fixture(scope="module")
def of_shapes(table: dict[str, str]) -> Iterator[Gateway]:
    """The functions, without a gateway, with a contract that has every shape of field."""
    with serve.serving(shapes.PATH, table) as url:
        gateway = gateway_at(url, ("first", "second"), contracts.document(shapes.PATH))
        yield gateway
        gateway.wire.close()


def tried(
    name: str, outcome: str, attack: Callable[..., Iterator[str]], gateway: Gateway, *given: Any, **options: Any
) -> Suite:
    """Run a suite; the last of what is given are its cases."""
    *others, cases = given
    cases = list(cases) if isinstance(cases, Iterable) else cases
    return name, outcome, len(cases), list(attack(gateway, *others, cases, **options))


def test_nothing_hostile_gets_in_or_makes_the_service_fail(
    stack: Stack, gateway: Gateway, of_shapes: Gateway, tmp_path: Path
) -> None:
    forge = local_forge(gateway, stack)
    requests = inputs(gateway.documented, gateway.described.sample)
    fields = [
        each
        for one in targets(of_shapes.documented, of_shapes.described.sample)
        if one.media_type
        for each in contents(one, of_shapes.documented)
    ]
    suites = [
        tried("tokens", "401 or 403", try_tokens, gateway, forge, TOKENS),
        tried("cursors", "400, or a page of the caller's own", try_cursors, gateway, CURSORS),
        tried("ids, parameters, headers and bodies", "4xx, or as the contract says", try_inputs, gateway, requests),
        tried(
            "values of every shape of field",
            "4xx, or as the contract says",
            try_inputs,
            of_shapes,
            thinned(fields, EVERY),
        ),
        tried("octets, signed in", "no 5xx, no hidden request", try_raw, gateway, RAW, signed_in=True),
        tried("octets, without a token", "4xx", try_raw, gateway, RAW, signed_in=False),
    ]
    made = single(stack, tmp_path), linked(stack).total()
    suites += [
        (f"schemathesis, {name}", "as the contract says", count, [])  # which raise what they find
        for name, count in zip(("single requests", "along links"), made, strict=True)
    ]
    rows = [(name, outcome, f"{count:,}", len(wrong)) for name, outcome, count, wrong in suites]
    figures.write("security.md", "hostile", figures.table(("suite", "response", "cases", "otherwise"), rows))
    found = [f"{name}: {one}" for name, _, _, wrong in suites for one in wrong]
    assert not found, "\n".join(found)
    assert sum(made) >= REQUESTS
