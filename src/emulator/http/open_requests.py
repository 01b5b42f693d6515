"""Which requests need no signature, and which of them a page of another origin may read. Everything else is an AWS API call."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

from ministack.core import iam_actions

from emulator.process import PID_PATH

Message = MutableMapping[str, Any]

HEALTH = (PID_PATH, "/_ministack/ready")
EXECUTE_API = re.compile(r"/_aws/execute-api/[^/]+/[^/]+.*", re.DOTALL)
PAGES = {"GET": ("/oauth2/authorize", "/signup", "/logout"), "POST": ("/login", "/oauth2/login", "/signup")}
# These answer pages of any origin: https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html
ENDPOINTS = {
    "GET": ("/oauth2/userInfo", "/oauth2/userinfo"),
    "POST": ("/oauth2/token", "/oauth2/userInfo", "/oauth2/userinfo"),
}
KEYS = re.compile(r"/[a-z0-9-]+_[A-Za-z0-9]+/\.well-known/(jwks\.json|openid-configuration)")
JSON = b"application/x-amz-json-1.1"
USER_POOLS = "AWSCognitoIdentityProviderService."


def needs_no_signature(scope: Message) -> bool:
    """Whether a request is open to everybody: calls of a deployed REST API, the sign-in pages, what users call of Cognito."""
    method, path = scope["method"], scope["path"]
    if path in HEALTH or KEYS.fullmatch(path):
        return bool(method == "GET")
    return is_of_pages(scope) or of_rest_api(scope) or is_of_users(scope)


def is_of_pages(scope: Message) -> bool:
    """Whether a request is what a sign-in page or the token endpoint is sent."""
    method, path = scope["method"], scope["path"]
    return path in PAGES.get(method, ()) or path in ENDPOINTS.get(method, ())


def of_rest_api(scope: Message) -> bool:
    """Whether a request is for a deployed REST API, which decides itself who may read its responses."""
    return EXECUTE_API.fullmatch(scope["path"]) is not None


def readable_by_any_page(scope: Message) -> bool:
    """Whether a page of any origin may read the response, as it may on AWS."""
    path = scope["path"]
    return _is_endpoint(path) or KEYS.fullmatch(path) is not None or is_of_users(scope)


def preflight(scope: Message) -> list[tuple[bytes, bytes]]:
    """Return the headers for a browser that asks what a page of another origin may send; none if it may send nothing.

    It may not send a signature: no page is given one.
    """
    path = scope["path"]
    if scope["method"] != "OPTIONS" or not (path == "/" or _is_endpoint(path) or KEYS.fullmatch(path)):
        return []
    headers = "content-type, x-amz-target, x-amz-user-agent" if path == "/" else "authorization, content-type"
    return [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", b"GET, POST"),
        (b"access-control-allow-headers", headers.encode()),
        (b"access-control-max-age", b"600"),
    ]


def _is_endpoint(path: str) -> bool:
    return any(path in paths for paths in ENDPOINTS.values())


def is_of_users(scope: Message) -> bool:
    """Whether a request is one of Cognito's operations that a user calls, without AWS credentials, as the web app does."""
    if (scope["method"], scope["path"], scope.get("query_string", b"")) != ("POST", "/", b""):
        return False
    headers = [(name.lower(), value) for name, value in scope["headers"]]
    targets = [value.decode("latin-1") for name, value in headers if name == b"x-amz-target"]
    types = [value for name, value in headers if name == b"content-type"]
    signed = any(name == b"authorization" for name, _ in headers)
    if (
        signed
        or types not in ([JSON], [b"application/x-amz-json-1.0"])
        or len(targets) != 1
        or not targets[0].startswith(USER_POOLS)
    ):
        return False
    return targets[0].removeprefix(USER_POOLS) in iam_actions.unsigned_operations("cognito-idp")
