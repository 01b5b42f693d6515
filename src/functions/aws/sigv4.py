"""Signs HTTP requests with AWS Signature Version 4, by AWS's clock. Knows neither a service nor the network.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .credentials import Credentials

ALGORITHM = "AWS4-HMAC-SHA256"
TOLERANCE = 240.0  # seconds that AWS's clock may differ from this one; from five minutes on it refuses signatures
REFUSALS = ("InvalidSignatureException", "RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch")


class Clock:
    """AWS's time in seconds since the epoch: this machine's, corrected once AWS has refused a signature because of it.

    The SDKs do the same: https://aws.amazon.com/blogs/developer/clock-skew-correction/

    Args:
        clock: returns this machine's time in seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ahead = 0.0

    def __call__(self) -> float:
        return self._clock() + self._ahead

    def correct(self, code: str, date: str) -> bool:
        """Return whether the clock was wrong, and is now right.

        Args:
            code: of the error that AWS responded with.
            date: the header `Date` of that response, empty if there was none.
        """
        if code not in REFUSALS or not date:
            return False
        from email.utils import parsedate_to_datetime  # hardly any execution environment ever needs it

        try:
            ahead = parsedate_to_datetime(date).timestamp() - self()
        except ValueError:
            return False
        if abs(ahead) < TOLERANCE:
            return False
        self._ahead += ahead
        return True


def sign(
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    credentials: Credentials,
    region: str,
    service: str,
    now: float,
) -> dict[str, str]:
    """Return the headers of the signed request: the given ones, the date, the session token and the signature.

    Args:
        path, query: already in canonical form (the functions only ever send `/` and no query).
        headers: all of them are signed; they must include Host.
        now: time of signing, seconds since the epoch. AWS accepts a signature for five minutes.
    """
    timestamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    scope = f"{timestamp[:8]}/{region}/{service}/aws4_request"
    signed = {**headers, "X-Amz-Date": timestamp}
    if credentials.token:
        signed["X-Amz-Security-Token"] = credentials.token
    order, signed_names = _canonical_order(tuple(signed))
    lines = "".join([f"{lower}:{' '.join(signed[name].split())}\n" for lower, name in order])
    digest = hashlib.sha256(body).hexdigest()
    request = f"{method}\n{path}\n{query}\n{lines}\n{signed_names}\n{digest}"
    hashed = hashlib.sha256(request.encode()).hexdigest()
    text = f"{ALGORITHM}\n{timestamp}\n{scope}\n{hashed}"
    key = _signing_key(credentials.secret_key, timestamp[:8], region, service)
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    signed["Authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={signed_names}, Signature={signature}"
    )
    return signed


@functools.lru_cache(maxsize=8)
def _canonical_order(names: tuple[str, ...]) -> tuple[list[tuple[str, str]], str]:
    """Return the names of headers as (in lower case, as given), in the order in which they are signed, and the list of them."""
    order = sorted((name.lower(), name) for name in names)
    return order, ";".join(lower for lower, _ in order)


@functools.lru_cache(maxsize=64)
def _signing_key(secret_key: str, date: str, region: str, service: str) -> bytes:
    """Return the key of a day, which is cached. With a role for every owner, several are in use at a time."""
    key = f"AWS4{secret_key}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
