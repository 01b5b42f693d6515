"""Credentials of a role for one owner, from STS. Loaded only when DATA_ROLE_ARN is set. Knows no table.

The role's policy compares the session tag `owner` with the keys in a call:
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

from __future__ import annotations

import time
import urllib.parse
from xml.etree import ElementTree

from . import credentials as credential_sources
from .connection import Connection
from .credentials import EXPIRED, Credentials, CredentialsRefused, CredentialsUnavailable, Kept, seconds
from .sigv4 import Clock, sign

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .credentials import Remaining, Source

OWNERS = 500  # whose credentials are kept at the same time
TIMEOUT = 2.0  # seconds, for the connection and the response
ACTION = "sts:AssumeRole"
HOUR = "3600"  # seconds; the longest session for a role that assumes another
TRANSIENT = ("Throttling", "ThrottlingException", "RequestLimitExceeded", "RequestThrottled")


class OwnerRole:
    """A role that is assumed for one owner at a time. Not thread-safe.

    Args:
        source: returns the credentials that may assume the role.
        endpoint: of STS, `https://host[:port]`.
    """

    def __init__(
        self,
        role_arn: str,
        region: str,
        endpoint: str,
        source: Source,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._role_arn = role_arn
        self._region = region
        self._connection = Connection(endpoint, clock)
        self._source = source
        self._clock = clock
        self._aws_clock = Clock(clock)
        self._owners: dict[str, Kept] = {}  # least recently used first

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> OwnerRole:
        """Return the role that DATA_ROLE_ARN names.

        It reads AWS_REGION, the credentials, and AWS_ENDPOINT_URL_STS or AWS_ENDPOINT_URL.
        """
        region = environ["AWS_REGION"]
        endpoint = environ.get("AWS_ENDPOINT_URL_STS") or environ.get("AWS_ENDPOINT_URL")
        return cls(
            environ["DATA_ROLE_ARN"],
            region,
            endpoint or f"https://sts.{region}.amazonaws.com",
            credential_sources.from_environment(environ),
        )

    def credentials(self, owner: str, remaining: Remaining) -> Credentials:
        """Return credentials with the session tag `owner`. They are kept for 55 minutes.

        Args:
            remaining: returns the seconds left, for the role's own credentials and for STS.

        Raises:
            CredentialsUnavailable: STS did not respond in time, or is throttling requests.
            CredentialsRefused: STS refused.
        """
        kept = self._owners.pop(owner, None) or Kept(self._clock)
        self._owners[owner] = kept
        if len(self._owners) > OWNERS:
            del self._owners[next(iter(self._owners))]
        return kept.get(lambda left: self._assume(owner, left), remaining)

    def _assume(self, owner: str, remaining: Remaining) -> Credentials:
        """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""
        keys = self._source(remaining)
        if (left := remaining()) <= 0:
            raise CredentialsUnavailable("no time left", ACTION)
        form = {
            "Action": "AssumeRole",
            "Version": "2011-06-15",
            "RoleArn": self._role_arn,
            "RoleSessionName": _session_name(owner),
            "DurationSeconds": HOUR,
            "Tags.member.1.Key": "owner",
            "Tags.member.1.Value": owner,
        }
        body = urllib.parse.urlencode(form).encode()
        headers = {
            "Host": self._connection.host,
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        }
        signed = sign(
            "POST",
            "/",
            "",
            headers,
            body,
            credentials=keys,
            region=self._region,
            service="sts",
            now=self._aws_clock(),
        )
        timeout = min(TIMEOUT, left)
        try:
            status, received, octets = self._connection.request(
                "POST", "/", signed, body, connect_timeout=timeout, timeout=timeout
            )
            document = ElementTree.fromstring(octets)  # noqa: S314 - from AWS, over TLS
            return _credentials(status, document)
        except (OSError, ElementTree.ParseError, ValueError) as failure:
            raise CredentialsUnavailable(f"STS returned no credentials: {failure}", ACTION) from failure
        except CredentialsRefused as failure:
            expired = failure.code in EXPIRED and keys.expires > 0
            if not expired and not self._aws_clock.correct(failure.code, received.get("date", "")):
                raise
            keys.expires = 0.0 if expired else keys.expires  # so that their source replaces them, if it has others
            raise CredentialsUnavailable(str(failure), ACTION, failure.code) from failure


def _session_name(owner: str) -> str:
    """Return the name that CloudTrail shows: 2 to 64 of the characters that STS allows."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "_+=,.@-") else "-" for c in f"owner-{owner}")[:64]


def _credentials(status: int, document: ElementTree.Element) -> Credentials:
    def text(name: str) -> str:
        return document.findtext(f".//{{*}}{name}") or ""

    if status == 200 and text("AccessKeyId"):
        return Credentials(
            text("AccessKeyId"),
            text("SecretAccessKey"),
            text("SessionToken"),
            seconds(text("Expiration")),
        )
    refused = 400 <= status < 500 and text("Code") not in TRANSIENT
    kind = CredentialsRefused if refused else CredentialsUnavailable
    raise kind(f"STS responded with {status} {text('Code')}: {text('Message')}", ACTION, text("Code"))
