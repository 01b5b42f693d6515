"""Where the functions' AWS credentials come from: Lambda's environment, or the endpoint that SnapStart uses.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

from __future__ import annotations

import json
import time

from .connection import Connection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EARLY = 300.0  # seconds before their expiry in which credentials are replaced
PAUSE = 10.0  # seconds between tries while the old ones still hold
TIMEOUT = 1.0  # seconds; the endpoint is on this machine
LOCAL = ("127.0.0.1", "localhost", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]")


class CredentialsUnavailable(Exception):
    """The source of credentials gave none; it may the next time."""


class CredentialsRefused(CredentialsUnavailable):
    """There is no source, or it will not give any however often it is asked."""


class Credentials:
    """What a request is signed with.

    Attributes:
        token: session token; empty for credentials of a user.
        expires: seconds since the epoch.
    """

    __slots__ = ("access_key", "expires", "secret_key", "token")

    def __init__(self, access_key: str, secret_key: str, token: str = "", expires: float = float("inf")) -> None:
        self.access_key = access_key
        self.secret_key = secret_key
        self.token = token
        self.expires = expires


def from_environment(environ: Mapping[str, str], clock: Callable[[], float] = time.time) -> Callable[[], Credentials]:
    """The source of credentials that the environment names; reads nothing before it is called.

    The keys in Lambda's environment hold as long as the execution environment lives. With SnapStart
    there are none, but an endpoint: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-activate.html
    """
    if environ.get("AWS_ACCESS_KEY_ID"):
        found = Credentials(
            environ["AWS_ACCESS_KEY_ID"],
            environ.get("AWS_SECRET_ACCESS_KEY", ""),
            environ.get("AWS_SESSION_TOKEN", ""),
        )
        return lambda: found
    kept = Kept(clock)
    return lambda: kept.get(lambda: from_endpoint(environ))


class Kept:
    """Credentials that are used until shortly before they expire."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: Credentials | None = None
        self._ask_at = 0.0

    def get(self, source: Callable[[], Credentials]) -> Credentials:
        """The kept credentials, or new ones of `source`.

        While the kept ones still hold, a source that fails is asked again later. Otherwise its
        CredentialsUnavailable is raised.
        """
        now = self._clock()
        if self._kept is None or now >= self._ask_at or now >= self._kept.expires:
            try:
                self._kept = source()
                self._ask_at = max(self._kept.expires - EARLY, now + PAUSE)
            except CredentialsUnavailable:
                if self._kept is None or now >= self._kept.expires:
                    raise
                self._ask_at = now + PAUSE
        return self._kept


def from_endpoint(environ: Mapping[str, str]) -> Credentials:
    """Asks the container credentials endpoint that `environ` names.

    Raises:
        CredentialsUnavailable: It gives none; CredentialsRefused: there is none that may be asked.
    """
    uri = environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if not uri:
        raise CredentialsRefused("neither AWS_ACCESS_KEY_ID nor a credentials endpoint is set")
    origin, path = _split(uri)
    try:
        connection = Connection(origin)
        headers = {"Host": connection.host, "Accept": "application/json"}
        if environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN"):
            headers["Authorization"] = environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        status, _, body = connection.request("GET", path, headers, b"", connect_timeout=TIMEOUT, timeout=TIMEOUT)
        connection.close()
        if status != 200:
            kind = CredentialsRefused if 400 <= status < 500 else CredentialsUnavailable
            raise kind(f"the credentials endpoint answered {status}")
        found = json.loads(body)
        keys = found["AccessKeyId"], found["SecretAccessKey"], found["Token"]
        if not all(isinstance(key, str) for key in keys):
            raise ValueError("no keys")
        return Credentials(*keys, seconds(found["Expiration"]))
    except (OSError, ValueError, KeyError, TypeError) as failure:
        raise CredentialsUnavailable(f"the credentials endpoint failed: {failure!r}") from failure


def seconds(timestamp: str) -> float:
    """Seconds since the epoch of an ISO 8601 time with zone."""
    from datetime import datetime

    return datetime.fromisoformat(timestamp).timestamp()


def _split(uri: str) -> tuple[str, str]:
    """Origin and path of an endpoint; the token must not go to another machine in the clear."""
    scheme, _, rest = uri.partition("://")
    authority, slash, path = rest.partition("/")
    host = authority if authority.endswith("]") else authority.rpartition(":")[0] or authority
    if scheme != "https" and (scheme != "http" or host not in LOCAL):
        raise CredentialsRefused(f"the credentials endpoint {scheme}://{host} is neither https nor on this machine")
    return f"{scheme}://{authority}", slash + path or "/"
