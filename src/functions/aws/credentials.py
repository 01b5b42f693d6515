"""The functions' AWS credentials: from Lambda's environment, or from the endpoint that SnapStart uses.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

from __future__ import annotations

import json
import time

from .connection import Connection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Remaining = Callable[[], float]  # the seconds left before the caller must respond
    Source = Callable[[Remaining], "Credentials"]  # raises CredentialsUnavailable

EARLY = 300.0  # seconds before their expiry from which on credentials are replaced
PAUSE = 10.0  # seconds between attempts while the old ones are still valid
TIMEOUT = 1.0  # seconds; the endpoint is on this machine
EXPIRED = ("ExpiredToken", "ExpiredTokenException")  # codes of STS and DynamoDB
LOCAL = ("127.0.0.1", "localhost", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]")


class CredentialsUnavailable(Exception):
    """The source returned no credentials; the next attempt may succeed.

    Attributes:
        action: the IAM action that was asked for, such as `sts:AssumeRole`; empty if there is none.
        code: AWS's error code; empty if there was no response.
    """

    def __init__(self, reason: str, action: str = "", code: str = "") -> None:
        super().__init__(reason)
        self.action = action
        self.code = code


class CredentialsRefused(CredentialsUnavailable):
    """There is no source, or it refuses; another attempt would fail too."""


class Credentials:
    """The keys that a request is signed with.

    Attributes:
        token: session token; empty for the credentials of an IAM user.
        expires: seconds since the epoch; 0 once AWS has refused them as expired.
    """

    __slots__ = ("access_key", "expires", "secret_key", "token")

    def __init__(self, access_key: str, secret_key: str, token: str = "", expires: float = float("inf")) -> None:
        self.access_key = access_key
        self.secret_key = secret_key
        self.token = token
        self.expires = expires


def from_environment(environ: Mapping[str, str], clock: Callable[[], float] = time.time) -> Source:
    """Return the source of credentials that the environment names. It reads nothing before it is called.

    The keys in Lambda's environment are valid for as long as the execution environment lives. With SnapStart
    there are none, but there is an endpoint: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-activate.html
    """
    if environ.get("AWS_ACCESS_KEY_ID"):
        fixed = Credentials(
            environ["AWS_ACCESS_KEY_ID"],
            environ.get("AWS_SECRET_ACCESS_KEY", ""),
            environ.get("AWS_SESSION_TOKEN", ""),
        )
        return lambda _: fixed
    kept = Kept(clock)
    return lambda remaining: kept.get(lambda left: from_endpoint(environ, left()), remaining)


class Kept:
    """Credentials that are used until shortly before they expire."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: Credentials | None = None
        self._try_at = 0.0

    def get(self, source: Source, remaining: Remaining) -> Credentials:
        """Return the kept credentials, or new ones from `source`.

        If the source fails while the kept ones are still valid, they are returned and the source is tried again after
        PAUSE. It has half of the remaining time for that, so that they can still be used. Otherwise its CredentialsUnavailable is
        raised.
        """
        now = self._clock()
        valid = self._kept if self._kept and now < self._kept.expires else None
        if valid and now < self._try_at:
            return valid
        try:
            self._kept = source((lambda: remaining() / 2) if valid else remaining)
        except CredentialsUnavailable:
            if not valid:
                raise
            self._try_at = now + PAUSE
            return valid
        self._try_at = max(self._kept.expires - EARLY, now + PAUSE)
        return self._kept


def from_endpoint(environ: Mapping[str, str], left: float) -> Credentials:
    """Return credentials from the container credentials endpoint that `environ` names, within `left` seconds and TIMEOUT.

    Raises:
        CredentialsUnavailable: The endpoint failed, or did not respond in time.
        CredentialsRefused: No endpoint is set, it is not allowed, or it rejected the request.
    """
    uri = environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if not uri:
        raise CredentialsRefused("neither AWS_ACCESS_KEY_ID nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set")
    origin, path = _split(uri)
    if left <= 0:
        raise CredentialsUnavailable("no time left")
    timeout = min(TIMEOUT, left)
    try:
        connection = Connection(origin)
        headers = {"Host": connection.host, "Accept": "application/json"}
        if environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN"):
            headers["Authorization"] = environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        status, _, body = connection.request("GET", path, headers, b"", connect_timeout=timeout, timeout=timeout)
        connection.close()
        if status != 200:
            kind = CredentialsRefused if 400 <= status < 500 else CredentialsUnavailable
            raise kind(f"the credentials endpoint responded with status {status}")
        document = json.loads(body)
        keys = document["AccessKeyId"], document["SecretAccessKey"], document["Token"]
        if not all(isinstance(key, str) for key in keys):
            raise ValueError("a key is not a string")
        return Credentials(*keys, seconds(document["Expiration"]))
    except (OSError, ValueError, KeyError, TypeError) as failure:
        raise CredentialsUnavailable(f"the credentials endpoint failed: {failure!r}") from failure


def seconds(timestamp: str) -> float:
    """Return the seconds since the epoch of an ISO 8601 time with a time zone."""
    from datetime import datetime

    return datetime.fromisoformat(timestamp).timestamp()


def _split(uri: str) -> tuple[str, str]:
    """Return the origin and path of an endpoint. Its token must not be sent to another machine unencrypted."""
    scheme, _, rest = uri.partition("://")
    authority, slash, path = rest.partition("/")
    host = authority if authority.endswith("]") else authority.rpartition(":")[0] or authority
    if scheme != "https" and (scheme != "http" or host not in LOCAL):
        raise CredentialsRefused(f"the credentials endpoint {scheme}://{host} is neither https nor on this machine")
    return f"{scheme}://{authority}", slash + path or "/"
