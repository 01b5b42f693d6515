"""What a token may do depends on its scopes; a response to a token without the operation's scope names that scope.

https://www.rfc-editor.org/rfc/rfc6750#section-3.1
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from functions import contract
from tests.api.in_process import CLIENT_ID, InProcess
from tests.api.test_gateway import SOME_ID
from tests.api.test_items import problem

SIGNED_IN = "aws.cognito.signin.user.admin"
OPERATIONS = sorted(contract.OPERATIONS)
Claiming = Callable[..., httpx.Client]


class _Claiming(InProcess):
    """The functions behind a gateway that has verified a token of these claims."""

    def __init__(self, environ: dict[str, str], claims: dict[str, str]) -> None:
        super().__init__(environ)
        self._claims = claims

    def event(self, request: httpx.Request) -> dict[str, Any]:
        event = super().event(request)
        event["requestContext"]["authorizer"]["claims"].update(self._claims)
        return event


@pytest.fixture
def claiming(table: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Claiming:
    def client(**claims: str) -> httpx.Client:
        transport = _Claiming(table, {"sub": "scopes"} | claims)
        monkeypatch.setenv("CLIENT_IDS", f"{CLIENT_ID},password")
        return httpx.Client(base_url="http://in-process/", transport=transport)

    return client


def sent(client: httpx.Client, operation: str) -> httpx.Response:
    """Return the response to a request that lacks what the operation needs besides a token."""
    declared = contract.OPERATIONS[operation]
    return client.request(declared["method"], declared["path"].replace("{id}", SOME_ID))


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "scope",
    ["other", "", "openid email", SIGNED_IN, "items", "items/", "ITEMS/READ", "items/reads items/writer", "*", "items/*",
     "items/read,items/write", '"items/read"'],
)  # fmt: skip
def test_a_token_without_the_scope_of_the_operation_is_403_and_names_it(
    claiming: Claiming, operation: str, scope: str, capsys: pytest.CaptureFixture[str]
) -> None:
    needed = contract.OPERATIONS[operation]["scopes"]
    assert needed in (["items/read"], ["items/write"])
    held = ({"items/read", "items/write"} - set(needed)).pop() if scope == "other" else scope
    response = sent(claiming(scope=held), operation)
    document = problem(response, 403)
    assert (document["type"], document["scope"]) == ("urn:items:problem:insufficient-scope", needed[0])
    assert needed[0] in document["detail"]
    assert response.headers["www-authenticate"] == f'Bearer error="insufficient_scope", scope="{needed[0]}"'
    assert "WWW-Authenticate" in response.headers["access-control-expose-headers"]
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["status"], line.get("Faults"), line["problem"]) == (403, None, document["type"])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_any_one_scope_of_the_operation_is_enough(
    claiming: Claiming, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(contract.OPERATIONS[operation], "scopes", ["items/own", "items/admin"])
    for held in ("items/admin", "openid items/own email"):
        assert sent(claiming(scope=held), operation).status_code != 403
    refused = problem(sent(claiming(scope="items/read items/write"), operation), 403)
    assert (refused["scope"], "items/own or items/admin" in refused["detail"]) == ("items/own", True)


def test_the_scope_of_the_password_flow_counts_for_its_own_app_client_only(
    claiming: Claiming, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tokens of the web app have it too, to sign out everywhere."""
    for password_client, status in (("password", 200), ("", 403), (None, 403)):
        if password_client is None:
            monkeypatch.delenv("PASSWORD_CLIENT_ID")
        else:
            monkeypatch.setenv("PASSWORD_CLIENT_ID", password_client)
        assert claiming(scope=SIGNED_IN, client_id="password").get("items").status_code == status
        assert claiming(scope=SIGNED_IN, client_id=CLIENT_ID).get("items").status_code == 403
    monkeypatch.setenv("PASSWORD_CLIENT_ID", "password")
    assert claiming(scope="items/read", client_id="password").delete(f"items/{SOME_ID}").status_code == 403


def test_scopes_are_checked_before_anything_of_the_request_is_reported(claiming: Claiming) -> None:
    response = claiming(scope="items/read").post("items", json={"name": 1}, params={"colour": "red"})
    assert "errors" not in problem(response, 403)
    assert problem(claiming(scope="", client_id="stranger").get("items"), 403)["type"] == "urn:items:problem:forbidden"
