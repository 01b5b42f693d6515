"""The DynamoDB client against servers and networks that misbehave."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from email.utils import formatdate
from types import SimpleNamespace
from typing import Any

import pytest

from functions.aws import connection, dynamodb, transport
from functions.aws.credentials import Credentials, CredentialsRefused, CredentialsUnavailable
from functions.aws.dynamodb import Client
from tests.servers.hostile import (
    Behaviour,
    HostileServer,
    drip,
    error,
    half,
    hang,
    raw,
    reset,
    respond,
)

GOOD = {"Item": {"id": {"S": "a"}}}
PUT = {"TableName": "things", "Item": {"id": {"S": "a"}}}


class Clock:
    """A clock that advances only when the client sleeps, or a test sets it."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def client_of(server: HostileServer, clock: Clock | None = None, **options: Any) -> Client:
    clock = clock or Clock()
    keys = Credentials("key", "secret", "token")
    return Client(
        server.url, "eu-west-2", lambda remaining: keys, clock=clock, sleep=clock.sleep, random=lambda: 0.5, **options
    )


def soon() -> float:
    return 5.0


def left_of(seconds: float) -> Callable[[], float]:
    deadline = time.monotonic() + seconds
    return lambda: deadline - time.monotonic()


def chunked(*chunks: bytes) -> bytes:
    body = b"".join(b"%x;note=1\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + b"0\r\nTrailer: 1\r\n\r\n"


def test_a_request_is_signed_and_names_its_action() -> None:
    with HostileServer(respond(GOOD)) as server:
        client_of(server).call("GetItem", {"Key": 1}, soon)
        head, body = server.requests[0]
    lines = head.split("\r\n")
    assert lines[0] == "POST / HTTP/1.1"
    assert f"Host: 127.0.0.1:{server.port}" in lines
    assert "X-Amz-Target: DynamoDB_20120810.GetItem" in lines
    assert "Content-Type: application/x-amz-json-1.0" in lines
    assert "X-Amz-Security-Token: token" in lines
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target," in head
    assert body == b'{"Key":1}'


def test_calls_share_one_connection() -> None:
    with HostileServer(*[respond(GOOD)] * 3) as server:
        client = client_of(server)
        for _ in range(3):
            assert client.call("GetItem", {}, soon) == GOOD
        assert server.connections == 1


def test_an_open_connection_is_used_by_the_first_call() -> None:
    with HostileServer(respond(GOOD)) as server:
        client = client_of(server)
        client.connect()
        assert client.call("GetItem", {}, soon) == GOOD
        assert server.connections == 1


def test_a_connection_is_closed_before_a_snapshot() -> None:
    with HostileServer(respond(GOOD)) as server:
        client = client_of(server, snapshot=True)
        client.connect()
        assert client.call("GetItem", {}, soon) == GOOD
        assert server.connections == 2


def test_a_failure_to_connect_is_reported_by_the_first_call() -> None:
    with HostileServer() as server:
        client = client_of(server)
    client.connect()
    with pytest.raises(dynamodb.Unavailable):
        client.call("GetItem", {}, left_of(0.2))


@pytest.mark.parametrize("action", ["GetItem", "PutItem"])
def test_a_connection_closed_while_idle_is_replaced_without_a_failure(action: str) -> None:
    clock = Clock()
    with HostileServer(respond(GOOD, close=True), respond(GOOD)) as server:
        client = client_of(server, clock)
        client.call(action, {}, soon)
        time.sleep(0.05)  # the client receives the end of the connection
        assert client.call(action, {}, soon) == GOOD
        assert (server.connections, len(server.requests), clock.pauses) == (2, 2, [])


def test_a_connection_reset_after_a_thaw_is_replaced_without_a_failure() -> None:
    clock = Clock()
    with HostileServer(respond(GOOD), reset, respond(GOOD)) as server:
        client = client_of(server, clock)
        client.call("GetItem", {}, soon)
        assert client.call("PutItem", PUT, soon) == GOOD
        assert (server.connections, len(server.requests), clock.pauses) == (2, 3, [])


def test_a_connection_idle_for_longer_than_networks_keep_it_is_not_used() -> None:
    clock = Clock()
    with HostileServer(respond(GOOD), respond(GOOD)) as server:
        client = client_of(server, clock)
        client.call("GetItem", {}, soon)
        clock.now += connection.MAX_IDLE + 1
        client.call("GetItem", {}, soon)
        assert server.connections == 2


@pytest.mark.parametrize("first", [reset, half(GOOD), error("InternalServerError", 500), error("ThrottlingException")])
def test_a_failed_condition_after_a_resend_carries_the_item(first: Behaviour) -> None:
    with HostileServer(first, error("ConditionalCheckFailedException", Item=GOOD["Item"])) as server:
        with pytest.raises(dynamodb.ConditionalCheckFailed) as caught:
            client_of(server).call("PutItem", PUT, soon)
        assert len(server.requests) == 2
    assert caught.value.item == GOOD["Item"]


@pytest.mark.parametrize(
    "fault",
    [
        reset,
        half(GOOD),
        respond(GOOD, checksum=False),
        error("InternalServerError", 500),
        raw(b"HTTP/1.1 503 -\r\nContent-Length: 4\r\n\r\nbusy"),
        raw(b""),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
        respond([]),
        raw(b"HTTP/1.1 200 OK\r\n\r\n{}"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n{}"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n"),
        raw(chunked(b"{", b"}")[:-9]),
        raw(b"HTTP/1.1 200 OK\r\nno header\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000),
        raw(b"SSH-2.0-OpenSSH\r\n\r\n"),
        raw(b"\x16\x03\x01\xff\xff\r\n\r\n"),
        error("ProvisionedThroughputExceededException"),
        error("RequestLimitExceeded"),
        error("ThrottlingException"),
        error("TransactionConflictException"),
    ],
)
def test_a_transient_failure_is_retried_after_a_pause(fault: Behaviour) -> None:
    clock = Clock()
    with HostileServer(fault, respond(GOOD)) as server:
        assert client_of(server, clock).call("PutItem", PUT, soon) == GOOD
        assert len(server.requests) == 2
        assert clock.pauses == [0.5 * 2 * dynamodb.BASE]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (error("ProvisionedThroughputExceededException"), dynamodb.Throttled),
        (error("TransactionConflictException"), dynamodb.TransactionConflict),
        (error("InternalServerError", 500), dynamodb.Unavailable),
        (reset, dynamodb.Unavailable),
    ],
)
def test_a_lasting_failure_is_raised_after_the_last_attempt(fault: Behaviour, kind: type[Exception]) -> None:
    clock = Clock()
    with HostileServer(*[fault] * dynamodb.ATTEMPTS) as server:
        with pytest.raises(kind):
            client_of(server, clock).call("PutItem", PUT, lambda: 100.0)
        assert len(server.requests) == dynamodb.ATTEMPTS
    assert clock.pauses == [0.025, 0.05, 0.1, 0.2, 0.4, 0.5, 0.5]


@pytest.mark.parametrize(
    ("fault", "noticed"),
    [
        (error("ProvisionedThroughputExceededException"), [dynamodb.Throttled]),
        (error("ThrottlingException"), [dynamodb.Throttled]),
        (error("InternalServerError", 500), [dynamodb.Unavailable]),
        (respond("bad gateway", 502), [dynamodb.Unavailable]),
        (error("TransactionConflictException"), []),
        (reset, []),
    ],
    ids=["capacity", "throttled", "internal", "proxy", "conflict", "no response"],
)
def test_a_throttled_or_failed_call_is_noticed_although_its_retry_succeeds(
    fault: Behaviour, noticed: list[type[Exception]]
) -> None:
    seen: list[dynamodb.DynamoDBError] = []
    with HostileServer(fault, respond(GOOD)) as server:
        assert client_of(server, noticed=seen.append).call("PutItem", PUT, soon) == GOOD
    assert [type(each) for each in seen] == noticed


def test_calls_that_keep_failing_end_without_pauses_until_time_has_passed() -> None:
    clock = Clock()
    with HostileServer(*[error("ThrottlingException")] * 40) as server:
        client = client_of(server, clock)
        attempts = []
        for after in (0, 0, 0, 0, 60):
            clock.now += after
            before = len(server.requests)
            with pytest.raises(dynamodb.Throttled):
                client.call("PutItem", PUT, lambda: 100.0)
            attempts.append(len(server.requests) - before)
    assert attempts[0] == attempts[1] == attempts[4] == dynamodb.ATTEMPTS
    assert attempts[3] == 1, "what was saved up is used up"


def test_no_pause_is_longer_than_the_time_that_is_left() -> None:
    clock = Clock()
    with HostileServer(*[error("ThrottlingException")] * 8) as server:
        deadline = clock.now + 0.2
        with pytest.raises(dynamodb.Throttled):
            client_of(server, clock).call("PutItem", PUT, lambda: deadline - clock.now)
    assert clock.pauses == [0.025, 0.05, 0.1]


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("AccessDeniedException", 400, dynamodb.AccessDenied),
        ("UnrecognizedClientException", 400, dynamodb.AccessDenied),
        ("ValidationException", 400, dynamodb.ValidationFailed),
        ("ResourceNotFoundException", 400, dynamodb.TableNotFound),
        ("SomethingNewException", 400, dynamodb.UnknownError),
    ],
)
def test_a_permanent_error_is_raised_at_once(code: str, status: int, kind: type[Exception]) -> None:
    with HostileServer(error(code, status)) as server:
        with pytest.raises(kind, match=code):
            client_of(server).call("PutItem", PUT, soon)
        assert len(server.requests) == 1


@pytest.mark.parametrize("page", [raw(b"HTTP/1.1 403 -\r\nContent-Length: 6\r\n\r\n<html>"), respond([], 403)])
def test_a_response_that_did_not_come_from_dynamodb_is_an_unknown_error(page: Behaviour) -> None:
    with HostileServer(page) as server, pytest.raises(dynamodb.UnknownError) as caught:
        client_of(server).call("PutItem", PUT, soon)
    assert caught.value.code == "403"


def test_an_error_names_the_iam_action_and_the_code_of_aws() -> None:
    with HostileServer(error("AccessDeniedException")) as server, pytest.raises(dynamodb.AccessDenied) as caught:
        client_of(server).call("UpdateItem", PUT, soon)
    assert (caught.value.action, caught.value.code) == ("dynamodb:UpdateItem", "AccessDeniedException")
    with HostileServer() as server, pytest.raises(dynamodb.Unavailable) as unsent:
        client_of(server).call("Query", PUT, lambda: 0.0)
    assert (unsent.value.action, unsent.value.code) == ("dynamodb:Query", "")


def test_expired_credentials_are_replaced_by_their_source() -> None:
    keys = [Credentials("old", "secret"), Credentials("new", "secret")]
    clock = Clock()
    with HostileServer(error("ExpiredTokenException"), respond(GOOD)) as server:
        client = Client(
            server.url,
            "eu-west-2",
            lambda remaining: next(one for one in keys if one.expires > clock()),
            clock=clock,
            sleep=clock.sleep,
        )
        assert client.call("PutItem", PUT, soon) == GOOD
        assert "Credential=new/" in server.requests[1][0]


def test_expired_credentials_that_cannot_be_replaced_in_time_are_named() -> None:
    left = iter([1.0, 1.0, 0.0])
    with HostileServer(error("ExpiredTokenException")) as server, pytest.raises(dynamodb.Unavailable) as caught:
        client_of(server).call("PutItem", PUT, lambda: next(left))
    assert (caught.value.action, caught.value.code) == ("dynamodb:PutItem", "ExpiredTokenException")


def test_expired_credentials_without_others_are_access_denied() -> None:
    with HostileServer(*[error("ExpiredTokenException")] * 3) as server:
        client = client_of(server)
        for _ in range(2):
            with pytest.raises(dynamodb.AccessDenied, match="ExpiredToken"):
                client.call("PutItem", PUT, soon)
        assert len(server.requests) == 3  # the second call does not hope again


@pytest.mark.parametrize("hours", [-1, 26])
def test_a_clock_that_is_wrong_is_corrected_by_that_of_aws(hours: int) -> None:
    clock = Clock()
    refused = {"__type": "com.amazon.coral.service#InvalidSignatureException", "message": "Signature expired"}
    date = formatdate(clock.now + hours * 3600, usegmt=True)
    with HostileServer(respond(refused, 400, date=date), *[respond(GOOD)] * 2) as server:
        client = client_of(server, clock)
        for _ in range(2):
            assert client.call("PutItem", PUT, soon) == GOOD
        heads = [head for head, _ in server.requests]
    sent = [re.search(r"X-Amz-Date: (\S+)", head) for head in heads]
    assert [time.strftime("%Y%m%dT%H", time.gmtime(clock.now + late * 3600)) for late in (0, hours, hours)] == [
        found[1][:11] for found in sent if found
    ]


@pytest.mark.parametrize("date", [None, "yesterday", formatdate(1_700_000_100, usegmt=True)])
def test_an_invalid_signature_at_the_right_time_is_access_denied(date: str | None) -> None:
    refused = {"__type": "com.amazon.coral.service#InvalidSignatureException", "message": "no"}
    with HostileServer(respond(refused, 400, date=date)) as server:
        with pytest.raises(dynamodb.AccessDenied):
            client_of(server).call("PutItem", PUT, soon)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "octets",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n{",
        chunked(b" " * 600, b" " * 600)[:-16],
    ],
    ids=["head", "length", "chunk", "chunks"],
)
def test_a_response_that_is_too_large_is_not_waited_for(octets: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_BODY", 1000)
    with HostileServer(raw(octets, close=False), respond(GOOD)) as server:
        started = time.monotonic()
        assert client_of(server).call("GetItem", {}, soon) == GOOD
        assert time.monotonic() - started < dynamodb.ATTEMPT_TIMEOUT / 2


@pytest.mark.parametrize("silence", [hang, drip])
def test_a_response_that_does_not_end_is_abandoned_at_the_deadline(silence: Behaviour) -> None:
    with HostileServer(silence) as server:
        started = time.monotonic()
        with pytest.raises(dynamodb.Unavailable):
            client_of(server).call("GetItem", {}, left_of(0.3))
        assert 0.25 < time.monotonic() - started < dynamodb.ATTEMPT_TIMEOUT - 0.3


def test_a_slow_connection_leaves_less_time_for_the_response(monkeypatch: pytest.MonkeyPatch) -> None:
    look_up, spent = socket.getaddrinfo, [0.0]
    now = SimpleNamespace(monotonic=lambda: time.monotonic() + spent[0], time=time.time)

    def slowly(*about: Any, **options: Any) -> Any:
        spent[0] = 2.5  # which pass at once
        return look_up(*about, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    monkeypatch.setattr(dynamodb, "CONNECT_TIMEOUT", 2.8)
    for module in (connection, transport):
        monkeypatch.setattr(module, "time", now)
    deadline = time.monotonic() + 2.8
    with HostileServer(hang) as server:
        started = time.monotonic()
        with pytest.raises(dynamodb.Unavailable):
            client_of(server).call("GetItem", {}, lambda: deadline - now.monotonic())
        assert time.monotonic() - started < 2.3  # 0.3 s, and not 2.8 s


def test_a_late_response_is_not_read_as_the_response_to_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamodb, "ATTEMPT_TIMEOUT", 1.0)
    with HostileServer(hang, respond(GOOD)) as server:
        assert client_of(server).call("GetItem", {}, soon) == GOOD
        assert server.connections == 2


def test_unrequested_octets_after_a_response_end_the_connection() -> None:
    twice = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" * 2
    with HostileServer(raw(twice, close=False), respond(GOOD)) as server:
        client = client_of(server)
        assert client.call("GetItem", {}, soon) == {}
        assert client.call("GetItem", {}, soon) == GOOD
        assert server.connections == 2


@pytest.mark.parametrize(
    "octets",
    [
        chunked(b'{"Item":{"id":', b'{"S":"a"}}}'),
        b"HTTP/1.1 100 Continue\r\n\r\n" + chunked(b'{"Item":{"id":{"S":"a"}}}'),
        b'HTTP/1.1 200\r\ncontent-LENGTH:25\r\nx-amz-crc32:\r\n\r\n{"Item":{"id":{"S":"a"}}}',
    ],
    ids=["chunked", "interim", "terse"],
)
def test_every_form_of_a_response_is_read_and_the_connection_kept(octets: bytes) -> None:
    with HostileServer(raw(octets, close=False), respond({})) as server:
        client = client_of(server)
        assert client.call("GetItem", {}, soon) == GOOD
        client.call("GetItem", {}, soon)
        assert server.connections == 1


@pytest.mark.parametrize(
    "octets",
    [
        b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
def test_a_connection_that_the_server_will_close_is_not_kept(octets: bytes) -> None:
    with HostileServer(raw(octets, close=False), respond(GOOD)) as server:
        client = client_of(server)
        client.call("GetItem", {}, soon)
        assert client.call("GetItem", {}, soon) == GOOD
        assert server.connections == 2


def test_credentials_that_are_temporarily_unavailable_are_waited_for() -> None:
    clock, keys = Clock(), Credentials("key", "secret")
    attempts = iter([False, True])

    def source(remaining: Callable[[], float]) -> Credentials:
        if next(attempts):
            return keys
        raise CredentialsUnavailable("not yet")

    with HostileServer(respond(GOOD)) as server:
        client = Client(server.url, "eu-west-2", source, clock=clock, sleep=clock.sleep, random=lambda: 0.5)
        assert client.call("GetItem", {}, soon) == GOOD
    assert len(clock.pauses) == 1


def test_refused_credentials_are_access_denied_without_a_request() -> None:
    def source(remaining: Callable[[], float]) -> Credentials:
        raise CredentialsRefused("no")

    with HostileServer() as server, pytest.raises(dynamodb.AccessDenied):
        Client(server.url, "eu-west-2", source).call("GetItem", {}, soon)
    assert server.connections == 0


def test_a_call_can_be_made_with_other_credentials() -> None:
    with HostileServer(respond(GOOD)) as server:
        client_of(server).call("GetItem", {}, soon, lambda remaining: Credentials("theirs", "secret"))
        assert "Credential=theirs/" in server.requests[0][0]


def test_no_request_is_sent_without_time_left() -> None:
    with HostileServer() as server:
        with pytest.raises(dynamodb.Unavailable):
            client_of(server).call("PutItem", PUT, lambda: 0.0)
        assert server.connections == 0


@pytest.mark.parametrize("origin", ["ftp://a", "127.0.0.1:80", "http://", "http://a:b", "http://user@a"])
def test_a_malformed_endpoint_is_rejected(origin: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        connection.Connection(origin)


def test_the_default_endpoint_is_that_of_the_region() -> None:
    client = Client.from_environment({"AWS_REGION": "eu-west-2", "AWS_ACCESS_KEY_ID": "a"})
    assert client._connection.host == "dynamodb.eu-west-2.amazonaws.com"
