"""The gateway that the suites attack: that of the shared stack, or the one at `API_URL` with the `API_TOKENS` of two users."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from crudctl import users
from crudctl.build import openapi_31, published, service
from tests import contracts
from tests.hostile.attack import Gateway
from tests.hostile.documented import Documented
from tests.hostile.tokens import Forge, decoded
from tests.stack import Stack

DEPLOYED = "API_URL" in os.environ


@pytest.fixture(scope="session")
def gateway(request: pytest.FixtureRequest) -> Iterator[Gateway]:
    """The API behind its gateway, with two users."""
    if DEPLOYED:
        one, other = os.environ["API_TOKENS"].split(",")
        gateway = gateway_at(os.environ["API_URL"], (one, other), contracts.document())
    else:
        gateway = local_gateway(request.getfixturevalue("stack"), contracts.document())
    yield gateway
    gateway.wire.close()


def local_gateway(stack: Stack, document: Mapping[str, Any]) -> Gateway:
    """Return the gateway of a local stack that serves this contract."""
    one, other = (stack.token(user["username"]) for user in stack.outputs["demo_users"])
    return gateway_at(stack.outputs["api_url"], (one, other), document)


def gateway_at(url: str, tokens: tuple[str, str], document: Mapping[str, Any]) -> Gateway:
    """Return the gateway at a URL that serves this contract."""
    documented = Documented(openapi_31.converted(published.published(document)))
    return Gateway(url, tokens, service.describe(document), documented)


@pytest.fixture(scope="session")
def forge(gateway: Gateway, request: pytest.FixtureRequest) -> Forge:
    """What makes tokens of the first user; on the local stack also with the pool's own keys."""
    if DEPLOYED:
        return Forge(gateway.tokens[0])
    return local_forge(gateway, request.getfixturevalue("stack"))


def local_forge(gateway: Gateway, stack: Stack) -> Forge:
    """Return what makes tokens of a local stack's first user: with the pool's keys, and with the other tokens of a sign-in."""
    token = gateway.tokens[0]
    user = users.demo_users(stack.environment)[0]
    signed_in = stack.aws("cognito-idp").initiate_auth(
        ClientId=decoded(token.split(".")[1])["client_id"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user["username"], "PASSWORD": user["password"]},
    )["AuthenticationResult"]
    return Forge(
        token, signed_in["IdToken"], signed_in["RefreshToken"], stack.environment.home / "state" / "cognito-pool-keys"
    )
