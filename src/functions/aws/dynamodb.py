"""The DynamoDB client: its JSON protocol, errors and retries. Knows neither a table nor what it holds.

    DynamoDBError
    ├── ConditionalCheckFailed    the item does not meet the condition of the write
    ├── TransactionConflict       a transaction holds the item
    ├── Throttled                 too many requests for the table or the account
    ├── Unavailable               no response in time; the call may or may not have been applied
    ├── AccessDenied              the role's policies do not allow it, or the credentials are invalid
    ├── ValidationFailed          the request is invalid
    ├── TableNotFound             the table or index does not exist
    └── UnknownError              any other, with AWS's code

Sources: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
and https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
"""

from __future__ import annotations

import binascii
import json
import os
import time

from . import credentials as credential_sources
from .attributes import marshal, unmarshal
from .connection import Broken, Connection
from .credentials import EXPIRED, CredentialsRefused, CredentialsUnavailable
from .sigv4 import Clock, sign
from .transport import NotSent, Untrusted

__all__ = [
    "AccessDenied",
    "Client",
    "ConditionalCheckFailed",
    "DynamoDBError",
    "TableNotFound",
    "Throttled",
    "TransactionConflict",
    "Unavailable",
    "UnknownError",
    "ValidationFailed",
    "marshal",
    "unmarshal",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .credentials import Remaining, Source

ATTEMPTS = 8
BASE, CAP = 0.025, 1.0  # seconds; the longest pause before attempt n + 1 is min(CAP, BASE * 2^n)
RETRIES = 14  # the most that a client saves up, enough for two calls; it gets one a second
CONNECT_TIMEOUT = 2.0  # seconds, for name, TCP and TLS
ATTEMPT_TIMEOUT = 3.0  # seconds, for the connection and the whole response
_encode = json.JSONEncoder(separators=(",", ":")).encode  # `json.dumps` would make an encoder for each call


class DynamoDBError(Exception):
    """A call failed.

    Attributes:
        item: attributes of the item in DynamoDB's form, if the response contained them.
        action: the IAM action of the call: `dynamodb:PutItem`, …; `sts:AssumeRole` if there were no credentials for it.
        code: AWS's error code, or the HTTP status of a response that did not come from DynamoDB; empty if there was no response.
    """

    item: dict[str, Any] | None = None
    action = ""
    code = ""


class ConditionalCheckFailed(DynamoDBError):
    pass


class TransactionConflict(DynamoDBError):
    pass


class Throttled(DynamoDBError):
    pass


class Unavailable(DynamoDBError):
    pass


class AccessDenied(DynamoDBError):
    pass


class ValidationFailed(DynamoDBError):
    pass


class TableNotFound(DynamoDBError):
    pass


class UnknownError(DynamoDBError):
    pass


ERRORS: dict[str, type[DynamoDBError]] = {
    "ConditionalCheckFailedException": ConditionalCheckFailed,
    "TransactionConflictException": TransactionConflict,
    "TransactionInProgressException": TransactionConflict,
    "ProvisionedThroughputExceededException": Throttled,
    "RequestLimitExceeded": Throttled,
    "ThrottlingException": Throttled,
    "Throttling": Throttled,
    "InternalServerError": Unavailable,
    "ServiceUnavailable": Unavailable,
    "AccessDeniedException": AccessDenied,
    "ExpiredTokenException": AccessDenied,
    "IncompleteSignatureException": AccessDenied,
    "InvalidSignatureException": AccessDenied,
    "MissingAuthenticationTokenException": AccessDenied,
    "UnrecognizedClientException": AccessDenied,
    "SerializationException": ValidationFailed,
    "ValidationException": ValidationFailed,
    "ResourceNotFoundException": TableNotFound,
}


class Client:
    """Makes calls to DynamoDB over one kept-alive connection. Not thread-safe: Lambda runs one request at a time.

    Args:
        endpoint: `https://host[:port]` or `http://host[:port]`.
        credentials: called for every attempt, so that it can renew them, with the time that is left.
        clock: returns seconds since the epoch.
        random: returns a number from 0 up to 1.
        noticed: called with each response in which DynamoDB throttled a call or failed by itself, also if a retry then succeeds.
        snapshot: whether Lambda copies this process after its initialisation, as SnapStart does.
    """

    def __init__(
        self,
        endpoint: str,
        region: str,
        credentials: Source,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = lambda: int.from_bytes(os.urandom(7), "big") / 2**56,
        noticed: Callable[[DynamoDBError], None] | None = None,
        snapshot: bool = False,
    ) -> None:
        self._connection = Connection(endpoint, clock)
        self._region = region
        self._credentials = credentials
        self._clock = Clock(clock)
        self._sleep = sleep
        self._random = random
        self._noticed = noticed
        self._snapshot = snapshot
        self._retries, self._counted = float(RETRIES), 0.0

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str], noticed: Callable[[DynamoDBError], None] | None = None
    ) -> Client:
        """Return the client of a Lambda function.

        It reads AWS_REGION, the credentials (see credentials.py), and AWS_ENDPOINT_URL_DYNAMODB or
        AWS_ENDPOINT_URL, which replace the region's endpoint:
        https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
        """
        region = environ["AWS_REGION"]
        endpoint = environ.get("AWS_ENDPOINT_URL_DYNAMODB") or environ.get("AWS_ENDPOINT_URL")
        return cls(
            endpoint or f"https://dynamodb.{region}.amazonaws.com",
            region,
            credential_sources.from_environment(environ),
            noticed=noticed,
            snapshot=environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start",
        )

    def connect(self) -> None:
        """Open the connection before the first call needs it. If that fails, the first call reports it.

        A connection does not survive a snapshot; with SnapStart this only loads the modules that a connection needs:
        https://docs.aws.amazon.com/lambda/latest/dg/snapstart-best-practices.html
        """
        try:
            self._connection.open(CONNECT_TIMEOUT)
        except NotSent:
            return
        if self._snapshot:
            self._connection.close()

    def call(
        self,
        action: str,
        payload: Mapping[str, Any],
        remaining: Remaining,
        credentials: Source | None = None,
    ) -> dict[str, Any]:
        """Make one call. Retry transient failures with full jitter while there is time, and while the client has retries left:
        calls that wait, although nearly all of them fail, would occupy the concurrency that everybody else needs (decision 0030).

        A call can be applied twice: an attempt whose response was lost is sent again. So a write must
        be conditional, and its caller must recognise its own earlier write in ConditionalCheckFailed.item. An idle
        connection that the server has closed is replaced at once and does not count as a failed attempt.

        Args:
            action: `PutItem`, `Query`, …
            remaining: returns the seconds left before the caller must respond. Credentials, connection, attempts and pauses share
                them.
            credentials: used instead of the client's own.

        Raises:
            DynamoDBError: The error of the last attempt; the module's docstring lists the types.
        """
        body = _encode(payload).encode()
        try:
            return self._call(action, body, credentials or self._credentials, remaining)
        except DynamoDBError as error:
            error.action = error.action or f"dynamodb:{action}"
            raise

    def _call(self, action: str, body: bytes, source: Source, remaining: Remaining) -> dict[str, Any]:
        attempt = 0
        while True:
            try:
                return self._attempt(action, body, source, remaining)
            except Broken as failure:
                if failure.stale:
                    continue
                error: DynamoDBError = Unavailable(str(failure))
                error.__cause__ = failure
            except Untrusted as failure:
                raise Unavailable(str(failure)) from failure
            except CredentialsRefused as failure:
                raise _of(failure, AccessDenied) from failure
            except CredentialsUnavailable as failure:
                error = _of(failure, Unavailable)
                error.__cause__ = failure
            except NotSent as failure:
                error = Unavailable(str(failure))
                error.__cause__ = failure
            except (Unavailable, Throttled, TransactionConflict) as failure:
                error = failure
            attempt += 1
            pause = self._random() * min(CAP, BASE * 2**attempt)
            if attempt == ATTEMPTS or pause >= remaining() or not self._may_retry():
                raise error
            self._sleep(pause)

    def _may_retry(self) -> bool:
        """Take one of the retries that are left. Return whether there was one."""
        now = self._clock()
        self._retries = min(RETRIES, self._retries + max(0.0, now - self._counted))
        self._counted = now
        if self._retries < 1:
            return False
        self._retries -= 1
        return True

    def _attempt(self, action: str, body: bytes, source: Source, remaining: Remaining) -> dict[str, Any]:
        if remaining() <= 0:
            raise NotSent("no time left")
        keys = source(remaining)
        headers = {
            "Host": self._connection.host,
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"DynamoDB_20120810.{action}",
        }
        signed = sign(
            "POST",
            "/",
            "",
            headers,
            body,
            credentials=keys,
            region=self._region,
            service="dynamodb",
            now=self._clock(),
        )
        if (left := remaining()) <= 0:
            raise NotSent("the credentials took all the time")
        status, response_headers, octets = self._connection.request(
            "POST", "/", signed, body, connect_timeout=CONNECT_TIMEOUT, timeout=min(ATTEMPT_TIMEOUT, left)
        )
        checksum = response_headers.get("x-amz-crc32")
        if checksum and checksum != str(binascii.crc32(octets)):
            raise Broken("the response does not match its checksum")
        try:
            document = json.loads(octets)
        except ValueError:
            document = None
        if status == 200 and isinstance(document, dict):
            return document
        if status == 200:
            raise Broken("the response is not a JSON object")
        error = _error(status, document if isinstance(document, dict) else {})
        if self._noticed and (status >= 500 or isinstance(error, Throttled)):
            self._noticed(error)
        if error.code in EXPIRED and keys.expires > 0:
            keys.expires = 0.0  # so that their source replaces them, if it has others
        elif not self._clock.correct(error.code, response_headers.get("date", "")):
            raise error
        again = Unavailable(str(error))
        again.code = error.code
        raise again from error


def _of(failure: CredentialsUnavailable, kind: type[DynamoDBError]) -> DynamoDBError:
    error = kind(str(failure))
    error.action, error.code = failure.action, failure.code
    return error


def _error(status: int, document: Mapping[str, Any]) -> DynamoDBError:
    code = str(document.get("__type", status)).rpartition("#")[2]
    message = str(document.get("message") or document.get("Message") or "")
    kind = ERRORS.get(code, Unavailable if status >= 500 else None)
    error = (kind or UnknownError)(f"{code}: {message}")
    error.item, error.code = document.get("Item"), code
    return error
