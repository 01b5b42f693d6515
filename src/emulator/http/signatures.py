"""Lets no request to an AWS API through whose signature is not right, whoever signed it. Knows no service."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qs

from ministack import app
from ministack.core import iam_actions, iam_evaluator, responses, sigv4

from emulator.http import open_requests
from emulator.patches import Difference, patch, register, uses

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = dict[str, str]

SIGNATURES = register(
    Difference(
        name="request-signatures",
        service="IAM",
        aws="a request is that of the account whose secret signed it, and one without a signature or with a wrong one is refused",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html",
        ministack="the root's requests are not checked: access key `test`, or twelve digits, with any signature is the root, and "
        "so are requests with another Authorization header, and to some services those without one",
        here="as AWS for header signatures, with a secret of the stack's own; presigned URLs are refused",
        upstream="check root keys in `iam_evaluator.authenticate` like all others, and do not take an empty key for the root",
    )
)
uses(SIGNATURES, iam_actions, "unsigned_operations(service)")
uses(SIGNATURES, responses, "set_request_account_id(access_key_id)", "get_account_id()")
uses(
    SIGNATURES,
    app,
    "SERVICE_HANDLERS",
    "extract_access_key_id(headers, query_params=None)",
    "find_iam_access_key_account(access_key_id)",
    "_credential_failure(service, iam_action, request_id, denied, headers)",
    "AmbiguousAccessKeyError",
    "_with_date_header(send)",
    "async _send_response(send, status, headers, body, *, head=False)",
)
uses(
    SIGNATURES,
    sigv4,
    "parse_header_signature(headers)",
    "request_time_failure(signature, *, now=None)",
    "header_signature_failure(signature, secret, method, raw_path, query_params, headers, body, *, presigned=False, "
    "explain=False)",
    "decode_header_value(value)",
)
uses(
    SIGNATURES,
    iam_evaluator,
    "AuthError",
    "CredentialResolutionError",
    "resolve_credential(access_key_id, account_id=None, session_token=<object object>)",
)

ALGORITHM = "AWS4-HMAC-SHA256 "
LARGEST = 128 * 2**20  # bytes; a function's code is 70 MB in a request at most
LARGEST_OPEN = 16 * 2**20  # bytes; API Gateway refuses more than 10 MB, and says so
DISCARDED = 2**20  # bytes
UNSIGNED = (
    "The request is not signed in its Authorization header. `crudctl env` prints the credentials of the local stack."
)

# Whether the request at hand may call an AWS API.
_may_call: ContextVar[bool] = ContextVar("emulator_may_call", default=False)


class Refused(Exception):
    """A request that is not let through, with AWS's code for the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def install() -> None:
    """Check every request before MiniStack reads it, and again where MiniStack decides which service it is for."""
    patch(app, "app", checked, SIGNATURES)
    patch(app, "_dispatch_service_request", dispatch, SIGNATURES)


async def checked(
    original: Callable[[Message, Receive, Send], Awaitable[None]], scope: Message, receive: Receive, send: Send
) -> None:
    """Serve a request if it needs no signature or its signature is right; otherwise respond as the service would."""
    if scope["type"] != "http" or open_requests.needs_no_signature(scope):
        _may_call.set(scope["type"] == "http" and open_requests.is_of_users(scope))
        await original(scope, _limited(receive), send)
        return
    headers, query = _headers(scope), parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    service = ""
    try:
        claimed = _claim(headers, query)
        service = claimed.service
        body = await _read(receive)
        _check(claimed, scope, headers, query, body)
    except Refused as refused:
        if not service:
            await _discard(receive)
        await _refuse(refused, service, scope, headers, send)
        return
    _may_call.set(True)
    await original(scope, _again(body, receive), send)


async def dispatch(
    original: Callable[..., Awaitable[Any]],
    method: str,
    path: str,
    headers: Headers,
    body: bytes,
    query_params: dict[str, list[str]],
    request_id: str,
) -> Any:
    """Serve a call of an AWS API; not a request that is open, but whose address has no meaning after all, for example of a key
    of a pool that does not exist: MiniStack goes by its other headers then."""
    if _may_call.get():
        return await original(method, path, headers, body, query_params, request_id)
    denied = iam_evaluator.AuthError("MissingAuthenticationToken", UNSIGNED)
    return app._credential_failure("dynamodb", "", request_id, denied, headers)


def _headers(scope: Message) -> Headers:
    """The headers by their names in lower case; SigV4 signs one that is sent twice as its values joined by a comma."""
    headers: Headers = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), sigv4.decode_header_value(value)
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    return headers


def _claim(headers: Headers, query: dict[str, list[str]]) -> Any:
    """Return the parts of the request's signature, before its body is read. Raise Refused if it cannot be right."""
    authorization = headers.get("authorization", "")
    if not authorization.startswith(ALGORITHM):
        raise Refused("MissingAuthenticationToken", UNSIGNED)
    if not (authorization + headers.get("x-amz-security-token", "")).isascii():  # MiniStack cannot compare others
        raise Refused("IncompleteSignature", "Authorization header and security token must be ASCII.")
    signature = sigv4.parse_header_signature(headers)
    if isinstance(signature, tuple):
        raise Refused(*signature)
    # MiniStack takes the first of two credentials for the caller's, and the signature is checked for the last.
    if signature.access_key_id != app.extract_access_key_id(headers, query):
        raise Refused("IncompleteSignature", "Authorization header must have one Credential.")
    if skewed := sigv4.request_time_failure(signature):
        raise Refused(*skewed)
    return signature


def _check(signature: Any, scope: Message, headers: Headers, query: dict[str, list[str]], body: bytes) -> None:
    """Raise Refused if the credentials are unknown or over, or the signature is not theirs."""
    key = signature.access_key_id
    try:
        responses.set_request_account_id(app.find_iam_access_key_account(key) or key)
    except app.AmbiguousAccessKeyError:
        raise Refused("InvalidClientTokenId", "The security token included in the request is invalid.") from None
    token = headers.get("x-amz-security-token", "")
    credential = iam_evaluator.resolve_credential(key, responses.get_account_id(), token)
    if isinstance(credential, iam_evaluator.CredentialResolutionError):
        raise Refused(credential.code, credential.message)
    failure = sigv4.header_signature_failure(
        signature,
        credential.secret_access_key,
        scope["method"],
        scope["raw_path"].decode("latin-1"),
        query,
        headers,
        body,
    )
    if failure:
        raise Refused(*failure)


async def _read(receive: Receive) -> bytes:
    """Return the body. Raise Refused if it is larger than anything that AWS accepts in one request."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        size, more = size + len(parts[-1]), message.get("more_body", False)
        if size > LARGEST:
            raise Refused("RequestEntityTooLargeException", f"A request may have {LARGEST} bytes.")
    return b"".join(parts)


async def _discard(receive: Receive) -> None:
    """Read a body that is not of interest, so that the connection can be used again, unless it is large."""
    size, more = 0, True
    while more and size < DISCARDED:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)


def _limited(receive: Receive) -> Receive:
    """Return `receive`, which ends as if the client had left when that has sent more than anybody may unsigned."""
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        return message if size <= LARGEST_OPEN else {"type": "http.disconnect"}

    return limited


def _again(body: bytes, receive: Receive) -> Receive:
    """Return what gives the body that was read, and then what `receive` gives."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again


async def _refuse(refused: Refused, service: str, scope: Message, headers: Headers, send: Send) -> None:
    """Respond in the protocol of the service that the request was signed for, so that its client understands the reason.

    MiniStack would find out the service of any other request too, but reads descriptions of all services for it, for seconds.
    """
    denied = iam_evaluator.AuthError(refused.code, refused.message)
    known = service if service in app.SERVICE_HANDLERS else "dynamodb"
    response = app._credential_failure(known, "", str(uuid.uuid4()), denied, headers)
    await app._send_response(send, *response, head=scope["method"] == "HEAD")
