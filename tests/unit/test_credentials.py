"""Credentials from Lambda's environment, and from the endpoint that replaces it with SnapStart."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from functions.aws import credentials
from functions.aws.credentials import CredentialsRefused, CredentialsUnavailable, from_environment
from tests.servers.hostile import Behaviour, HostileServer, half, raw, reset, respond

NOW = datetime(2030, 1, 1, tzinfo=UTC).timestamp()


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def soon() -> float:
    return 5.0


def document(number: int = 1, lifetime: float = 3600, **changes: Any) -> dict[str, Any]:
    return {
        "AccessKeyId": f"key-{number}",
        "SecretAccessKey": "secret",
        "Token": "token",
        "Expiration": datetime.fromtimestamp(NOW + lifetime, UTC).isoformat().replace("+00:00", "Z"),
    } | changes


def environ_of(server: HostileServer) -> dict[str, str]:
    return {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{server.url}/2021-04-23/credentials?x=1",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "let-me-in",
    }


def test_keys_in_the_environment_are_used() -> None:
    keys = from_environment(
        {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"}
    )(soon)
    assert (keys.access_key, keys.secret_key, keys.token) == ("key", "secret", "token")


def test_credentials_do_not_show_their_keys_when_printed() -> None:
    assert "secret" not in repr(credentials.Credentials("key", "secret", "secret-token"))


def test_the_endpoint_is_called_with_its_token() -> None:
    with HostileServer(respond(document())) as server:
        keys = from_environment(environ_of(server), Clock())(soon)
        lines = server.requests[0][0].split("\r\n")
    assert lines[0] == "GET /2021-04-23/credentials?x=1 HTTP/1.1"
    assert "Authorization: let-me-in" in lines
    assert (keys.access_key, keys.secret_key, keys.token) == ("key-1", "secret", "token")
    assert keys.expires == NOW + 3600


def test_credentials_are_kept_until_five_minutes_before_they_expire() -> None:
    clock = Clock()
    with HostileServer(respond(document(1)), respond(document(2, 7200))) as server:
        source = from_environment(environ_of(server), clock)
        assert source(soon).access_key == "key-1"
        clock.now += 3600 - 301
        assert source(soon).access_key == "key-1"
        clock.now += 1
        assert source(soon).access_key == "key-2"
        assert source(soon).access_key == "key-2"
        assert len(server.requests) == 2


def test_valid_credentials_are_used_while_the_endpoint_is_down() -> None:
    clock = Clock()
    with HostileServer(respond(document(1)), reset, reset, respond(document(2, 7200))) as server:
        source = from_environment(environ_of(server), clock)
        source(soon)
        clock.now += 3600 - 200
        assert source(soon).access_key == "key-1"
        assert source(soon).access_key == "key-1"
        assert len(server.requests) == 2  # not called again at once
        clock.now += credentials.PAUSE
        assert source(soon).access_key == "key-1"
        clock.now += credentials.PAUSE
        assert source(soon).access_key == "key-2"


def test_expired_credentials_are_never_returned() -> None:
    clock = Clock()
    with HostileServer(respond(document(1)), reset, reset) as server:
        source = from_environment(environ_of(server), clock)
        source(soon)
        clock.now += 3601
        for _ in range(2):
            with pytest.raises(CredentialsUnavailable):
                source(soon)


@pytest.mark.parametrize(
    "fault",
    [
        reset,
        half(document()),
        raw(b"HTTP/1.1 500 -\r\nContent-Length: 0\r\n\r\n"),
        respond([]),
        respond({}),
        respond(document(Expiration="soon")),
        respond(document(AccessKeyId=None)),
        respond(document(Token={})),
        raw(b"HTTP/1.1 200 -\r\nContent-Length: 1\r\n\r\n{"),
    ],
)
def test_an_endpoint_that_failed_is_called_again_by_the_next_call(fault: Behaviour) -> None:
    with HostileServer(fault, respond(document())) as server:
        source = from_environment(environ_of(server), Clock())
        with pytest.raises(CredentialsUnavailable):
            source(soon)
        assert source(soon).access_key == "key-1"


def test_a_rejected_token_raises_refused() -> None:
    with HostileServer(respond({}, 403)) as server, pytest.raises(CredentialsRefused):
        from_environment(environ_of(server), Clock())(soon)


@pytest.mark.parametrize(
    "uri",
    [
        "http://169.254.170.3/credentials",
        "http://example.com/credentials",
        "http://127.0.0.1.example.com/credentials",
        "http://127.0.0.1@example.com/credentials",
        "ftp://127.0.0.1/",
        "nonsense",
    ],
)
def test_the_token_is_not_sent_to_another_machine_unencrypted(uri: str) -> None:
    with pytest.raises(CredentialsRefused):
        from_environment({"AWS_CONTAINER_CREDENTIALS_FULL_URI": uri})(soon)


def test_a_missing_source_raises_refused() -> None:
    with pytest.raises(CredentialsRefused, match="AWS_ACCESS_KEY_ID"):
        from_environment({})(soon)
