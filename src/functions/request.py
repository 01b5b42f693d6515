"""A valid request of a known caller, made from API Gateway's proxy event. Knows neither responses nor storage.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import os
import re
import time

from . import body, contract, errors
from .precondition import Precondition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Fault = dict[str, str]

MARGIN = 0.5  # seconds before the function's own timeout that are kept for making the response
PROBE = "release-probe"  # owner of what a release creates to try a version; no token has this subject
CONDITIONAL = ("get", "replace", "patch", "delete", "restore")  # kinds for which preconditions count, declared or not
GUARDED = ("replace", "patch", "delete")  # kinds that REQUIRE_IF_MATCH is about
# https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
SIGNED_IN = "aws.cognito.signin.user.admin"
# A string of https://www.rfc-editor.org/rfc/rfc9651#section-3.3.3, as the key's draft has it:
# https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header-07#section-2.1
QUOTED = r'"((?:[^"\\]|\\["\\])*)"'


class Request:
    """One valid request of a known caller.

    Args:
        headers: the values of each header, by its name in lower case.

    Attributes:
        operation: the operationId that the request is for.
        kind: of that operation: create, list, get, replace, patch, delete, restore or other.
        owner: whose resources it is about.
        id: API Gateway's request id, which a caller can choose.
        invocation: Lambda's id of this invocation, which nobody can.
        parameters: values by name, with their types and defaults; of every parameter that the contract has there.
        precondition: the versions of the resource for which `If-Match` and `If-None-Match` let the request be served.
        idempotency_key: without quotes; None if it was not sent.
        body: the parsed body; None for an operation that takes none, or if it is optional and was not sent.
        now: when it was received, RFC 3339, UTC.
        caller: who sent it; the owner, unless resources are shared.
        tries: whether a release sent it, to try a version.
        resource_id: the resource that it is about, once that is known.
        collection: the collection's URL, relative to the request's.

    Raises:
        errors.Forbidden: The caller's app client is unknown.
        errors.InsufficientScope: The token has none of the operation's scopes.
        errors.InvalidRequest: Parameters or body are invalid; every fault is listed.
        errors.PayloadTooLarge, errors.UnsupportedMediaType: The body cannot be read.
        errors.PreconditionRequired: The service is set up to require `If-Match`, and it is missing.
    """

    def __init__(
        self, operation: str, event: Mapping[str, Any], headers: dict[str, list[str]], context: Any, now: str
    ) -> None:
        self.operation = operation
        self.kind: str = contract.OPERATIONS[operation]["kind"]
        self.id: str = event["requestContext"]["requestId"]
        self.invocation: str = context.aws_request_id
        self.now = now
        self.collection = _collection(event)
        # Lambda's own clock may be set meanwhile; this one may not.
        self._deadline: float = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - MARGIN
        if "idempotency-key" in headers:
            headers = headers | {"idempotency-key": [_unquoted(key) for key in headers["idempotency-key"]]}
        self.parameters, faults = contract.parameters(
            operation,
            {
                "path": {name: [value] for name, value in (event.get("pathParameters") or {}).items()},
                "query": event.get("multiValueQueryStringParameters") or {},
                "header": headers,
            },
        )
        self.resource_id: str | None = self.parameters.get("id")
        claims = (event["requestContext"].get("authorizer") or {}).get("claims") or {}
        self.caller = _caller(claims)
        _check_scopes(operation, claims)
        self.tries = self.caller == PROBE
        shared = os.environ.get("OWNERSHIP") == "shared" and not self.tries
        self.owner = "shared" if shared else self.caller
        declared = {name.lower(): value for name, value in self.parameters.items()}
        if_match, if_none_match = (
            ", ".join(headers[name]) if self.kind in CONDITIONAL and name in headers else declared.get(name)
            for name in ("if-match", "if-none-match")
        )
        self.precondition = Precondition(if_match, if_none_match, reads=self.kind == "get")
        faulty = [fault["parameter"].lower() for fault in self.precondition.faults]  # with a better reason
        faults = [fault for fault in faults if fault["parameter"].lower() not in faulty] + self.precondition.faults
        self.idempotency_key: str | None = declared.get("idempotency-key")
        self.body: Any = None
        faults += self._read_body(event, headers)
        if faults:
            patch: dict[str, Any] = self.body if self.kind == "patch" and isinstance(self.body, dict) else {}
            raise errors.InvalidRequest([*faults, *contract.lone_patch_faults(patch)])
        if if_match is None and self.kind in GUARDED and os.environ.get("REQUIRE_IF_MATCH") == "true":
            raise errors.PreconditionRequired

    def _read_body(self, event: Mapping[str, Any], headers: Mapping[str, list[str]]) -> list[Fault]:
        """Set `body` if the operation takes one and it was sent. Return what is wrong with it."""
        media_types = contract.media_types(self.operation)
        text, encoded = event.get("body") or "", bool(event.get("isBase64Encoded"))
        if not media_types or (not text and contract.may_lack_body(self.operation)):
            return []
        content_type, coding = headers.get("content-type", [""])[-1], ",".join(headers.get("content-encoding", ()))
        try:
            value = body.read(text, encoded, content_type, coding, media_types)
        except errors.InvalidRequest as unreadable:
            return list(unreadable.faults)
        self.body = contract.content(self.operation, value)
        return contract.body_faults(self.operation, self.body)

    def remaining(self) -> float:
        """Return the seconds left to respond in."""
        return self._deadline - time.monotonic()


def _collection(event: Mapping[str, Any]) -> str:
    """Return the relative URL of the collection: https://www.rfc-editor.org/rfc/rfc3986#section-4.2"""
    deeper: int = event["requestContext"]["resourcePath"].count("/") - (0 if event["path"].endswith("/") else 1)
    return "../" * deeper + contract.SERVICE["collection"]


def _caller(claims: Mapping[str, str]) -> str:
    """Return who an access token was issued to: the user, or the machine's app client.

    The gateway has verified the token, but not which app client it was issued to
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html).
    """
    if claims.get("client_id") not in os.environ["CLIENT_IDS"].split(","):
        raise errors.Forbidden("The token was issued to an app client that may not call this API.")
    caller = claims.get("sub") or claims["client_id"]
    if "#" in caller:
        raise errors.Forbidden(f"The token's subject cannot own {contract.SERVICE['plural']}.")
    return caller


def _check_scopes(operation: str, claims: Mapping[str, str]) -> None:
    """Raise errors.InsufficientScope for a token without a scope of the operation.

    The gateway lets in a token with any scope of the API: it could only respond with 401, upon which clients fetch another token
    that is like this one. Cognito gives a token of the password flow one scope only, its own, which other tokens have too; so
    it counts as all scopes of the API where the client is the one for passwords.
    """
    held = claims.get("scope", "").split()
    if SIGNED_IN in held and claims["client_id"] == os.environ.get("PASSWORD_CLIENT_ID"):
        return
    needed = contract.scopes(operation)
    if not set(needed) & set(held):
        raise errors.InsufficientScope(needed)


def _unquoted(key: str) -> str:
    """Return an idempotency key without the quotes that its draft has around it: `"k"` and `k` are one key."""
    quoted = re.fullmatch(QUOTED, key)
    return re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else key
