"""Isolation, through the API: the matrix of every operation and everybody who might try it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.api import isolation
from tests.api.conftest import TARGETS, Service
from tests.api.isolation import ATTEMPTS, FOR_OTHERS, FOR_OWNER, Attempt, Owned, versions
from tests.api.test_account import machine_client, machine_token
from tests.stack import Stack
from tests.torture import figures

pytestmark = pytest.mark.parametrize("service", [t for t in TARGETS if t == "local"], indirect=True, scope="session")

READ, WRITE = "items/read", "items/write"
CALLERS: dict[str, Callable[[Attempt], str]] = {
    "the owner": lambda attempt: FOR_OWNER[attempt.kind],
    "another owner": lambda attempt: FOR_OTHERS[attempt.kind],
    "a machine": lambda attempt: FOR_OTHERS[attempt.kind],
    "nobody": lambda attempt: "401",
    "the owner, without the scope": lambda attempt: "403",
    "another app client": lambda attempt: "403",
    # A key counts for its caller only.
    "another owner, shared": lambda attempt: (FOR_OTHERS if attempt.kind == "create" else FOR_OWNER)[attempt.kind],
}


class Everybody:
    """Clients of everybody who calls, by the names of CALLERS; each has a token of its own."""

    def __init__(self, stack: Stack, service: Service) -> None:
        self._cognito, self._pool = stack.aws("cognito-idp"), stack.outputs["user_pool_id"]
        self._url = service.client("first").base_url
        machine, stranger = machine_client(stack), self._stranger()
        tokens = {
            scope: machine_token(stack, machine, scope).json()["access_token"]
            for scope in (READ, WRITE, f"{READ} {WRITE}")
        }
        self.machine = self._client(tokens[f"{READ} {WRITE}"])
        self.reader, self.writer = self._client(tokens[READ]), self._client(tokens[WRITE])
        self.stranger = self._client(machine_token(stack, stranger, f"{READ} {WRITE}").json()["access_token"])
        self.first, self.second, self.nobody = service.client("first"), service.client("second"), service.client(None)
        self._cognito.delete_user_pool_client(UserPoolId=self._pool, ClientId=stranger["ClientId"])

    def _client(self, token: str) -> httpx.Client:
        return httpx.Client(base_url=self._url, headers={"Authorization": f"Bearer {token}"}, timeout=120)

    def _stranger(self) -> dict[str, Any]:
        created: dict[str, Any] = self._cognito.create_user_pool_client(
            UserPoolId=self._pool,
            ClientName="stranger",
            GenerateSecret=True,
            AllowedOAuthFlows=["client_credentials"],
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthScopes=[READ, WRITE],
        )["UserPoolClient"]
        return created


@pytest.fixture(scope="module")
def everybody(stack: Stack, service: Service) -> Everybody:
    return Everybody(stack, service)


@pytest.fixture
def owned(stack: Stack, everybody: Everybody) -> Iterator[Owned]:
    owned = Owned(stack, everybody.first)
    yield owned
    owned.purge()


def test_everybody_reaches_what_is_theirs_and_nothing_else(stack: Stack, everybody: Everybody, owned: Owned) -> None:
    machines = Owned(stack, everybody.machine)  # of which there are tokens without one of the scopes
    found: dict[str, dict[str, str]] = {}
    for attempt in ATTEMPTS:
        lacking = everybody.writer if attempt.kind in ("list", "get") else everybody.reader
        found[attempt.name] = {
            "the owner": owned.outcome(attempt, everybody.first),
            "another owner": owned.outcome(attempt, everybody.second),
            "a machine": owned.outcome(attempt, everybody.machine),
            "nobody": owned.outcome(attempt, everybody.nobody),
            "the owner, without the scope": machines.outcome(attempt, lacking),
            "another app client": owned.outcome(attempt, everybody.stranger),
        }
    machines.purge()
    with versions(stack, OWNERSHIP="shared"):
        for attempt in ATTEMPTS:
            shared = Owned(stack, everybody.first)
            shared.subject = "shared"
            found[attempt.name]["another owner, shared"] = shared.outcome(attempt, everybody.second)
            shared.purge()
    assert found == {attempt.name: {name: right(attempt) for name, right in CALLERS.items()} for attempt in ATTEMPTS}
    page = (figures.DOCS / "security.md").read_text(encoding="utf-8")
    rows = [[name, *found[name].values()] for name in found]
    assert figures.table(["", *CALLERS], rows) in page, "docs/security.md has another table of who may do what"


def test_the_checks_that_iam_is_to_replace_are_what_keeps_owners_apart_without_it(
    stack: Stack, everybody: Everybody, owned: Owned
) -> None:
    """So that the test of IAM alone (tests/local/test_lifecycle.py) cannot pass because its functions would not try."""
    as_owner = {isolation.AS_OWNER: owned.subject}
    with versions(stack, isolation.without_checks(stack.home)):
        found = {attempt.name: owned.outcome(attempt, everybody.second, **as_owner) for attempt in ATTEMPTS}
    by_kind = FOR_OWNER | {"create": "201, another one"}  # among the owner's
    assert found == {attempt.name: by_kind[attempt.kind] for attempt in ATTEMPTS}
