"""A valid request of a known caller, made from API Gateway's proxy event. Knows neither responses nor storage.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import os
import re

from . import body, contract, errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MARGIN = 0.5  # seconds before the function's own timeout that are kept for making the response
PROBE = "release-probe"  # owner of what a release creates to try a version; no token has this subject
MOST_TAGS = 100  # operands of IN: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
ENTITY_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


class Request:
    """One valid request of a known caller.

    Attributes:
        operation: the operationId that the request is for.
        kind: of that operation: create, list, get, replace, patch, delete or other.
        owner: whose resources it is about.
        id: API Gateway's request id.
        parameters: values by name, with their types and defaults; of every parameter that the contract has there.
        body: the parsed body; None for an operation that takes none, or if it is optional and was not sent.
        now: when it was received, RFC 3339, UTC.
        caller: who sent it; the owner, unless resources are shared.
        resource_id: the resource that it is about, once that is known.
        collection: the collection's URL, relative to the request's.

    Raises:
        errors.Forbidden: The caller's app client is unknown.
        errors.InvalidRequest: Parameters or body are invalid; every fault is listed.
        errors.PayloadTooLarge, errors.UnsupportedMediaType: The body cannot be read.
    """

    def __init__(self, operation: str, event: Mapping[str, Any], context: Any, now: str) -> None:
        self.operation = operation
        self.kind: str = contract.OPERATIONS[operation]["kind"]
        self.id: str = event["requestContext"]["requestId"]
        self.now = now
        self.collection = _collection(event)
        self._context = context
        self.parameters, faults = contract.parameters(
            operation,
            {
                "path": {name: [value] for name, value in (event.get("pathParameters") or {}).items()},
                "query": event.get("multiValueQueryStringParameters") or {},
                "header": {k.lower(): v for k, v in (event.get("multiValueHeaders") or {}).items()},
            },
        )
        self.resource_id: str | None = self.parameters.get("id")
        self.caller = _caller((event["requestContext"].get("authorizer") or {}).get("claims") or {})
        shared = os.environ.get("OWNERSHIP") == "shared" and self.caller != PROBE
        self.owner = "shared" if shared else self.caller
        self.body: Any = None
        media_type = contract.media_type(operation)
        if media_type and (event.get("body") or not contract.may_lack_body(operation)):
            content_type, encoded = _header(event, "content-type"), bool(event.get("isBase64Encoded"))
            self.body = body.read(event.get("body") or "", encoded, content_type, media_type)
            faults += contract.body_faults(operation, self.body)
        if faults:
            raise errors.InvalidRequest(faults)

    def remaining(self) -> float:
        """Return the seconds left to respond in."""
        return float(self._context.get_remaining_time_in_millis()) / 1000 - MARGIN

    def if_match(self) -> list[int] | None:
        """Return the versions that `If-Match` allows; None for any. Raise errors.InvalidRequest if it is malformed.

        Weak tags never match: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1
        """
        tags = _entity_tags("If-Match", self.parameters.get("If-Match"))
        if tags is None:
            return None
        return [int(tag) for weak, tag in tags if not weak and re.fullmatch("[1-9][0-9]{0,17}", tag)]

    def none_match(self, version: int) -> bool:
        """Whether `If-None-Match` allows the resource to be sent. Raise errors.InvalidRequest if it is malformed.

        https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
        """
        given = self.parameters.get("If-None-Match")
        if given == "*":
            return False
        return all(tag != str(version) for _, tag in _entity_tags("If-None-Match", given) or ())


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


def _header(event: Mapping[str, Any], name: str) -> str:
    return next((value for key, value in (event.get("headers") or {}).items() if key.lower() == name), "")


def _entity_tags(header: str, value: str | None) -> list[tuple[bool, str]] | None:
    """Return (weak, opaque tag) for each of the header's tags; None when it is absent or `*`."""
    if value is None or value.strip() == "*":
        return None
    tags, parts = [], value.split(",")
    if len(parts) > MOST_TAGS:
        raise errors.InvalidRequest([{"parameter": header, "detail": f"must have at most {MOST_TAGS} entity tags"}])
    for part in parts:
        match = ENTITY_TAG.fullmatch(part.strip())
        if not match:
            raise errors.InvalidRequest([{"parameter": header, "detail": 'must be entity tags such as "3", or *'}])
        tags.append((bool(match[1]), match[2]))
    return tags
