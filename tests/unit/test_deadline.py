"""One deadline for everything that a call needs: name, addresses, TLS, credentials, sending and the response.

The times are real. Each test fails by a wide margin when a part gets the whole time that was left before it, instead of the rest.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import trustme

from functions import contract
from functions.aws import connection, credentials, dynamodb, tls, transport
from functions.aws.credentials import Credentials, CredentialsUnavailable, from_environment
from functions.aws.dynamodb import Client
from functions.aws.sts import OwnerRole
from functions.request import Request
from tests.servers.hostile import HostileServer, hang, respond
from tests.unit.test_credentials import Clock as WallClock
from tests.unit.test_credentials import document, environ_of

GOOD: dict[str, Any] = {"Item": {}}
NAME = "dynamodb.example"


class Left:
    """The seconds that are left. What a test spends passes at once: right and wrong times are far apart, and no test is slow."""

    def __init__(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds

    def __call__(self) -> float:
        return self._deadline - time.monotonic()

    def spend(self, seconds: float) -> None:
        self._deadline -= seconds


class Clock:
    """Real time, and what a test has spent. Takes the place of the module `time`."""

    def __init__(self) -> None:
        self.spent = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.spent

    def time(self) -> float:
        return time.time()


def keys(remaining: Callable[[], float]) -> Credentials:
    return Credentials("key", "secret")


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[trustme.CA]:
    """The only authority in the system's store."""
    authority = trustme.CA()
    (tmp_path / "store.pem").write_bytes(authority.cert_pem.bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "store.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    tls._system.cache_clear()
    yield authority
    tls._system.cache_clear()


def tls_of(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(NAME, "127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that accepts connections and sends nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def resolve(monkeypatch: pytest.MonkeyPatch, *ports: int, after: Callable[[], object] = lambda: None) -> list[str]:
    """Let NAME have an address for each of these ports, found by a look-up that takes as long as `after`. Return the look-ups."""
    real, asked = socket.getaddrinfo, list[str]()

    def look_up(octets: bytes, port: int, *_: int, flags: int = 0, **options: Any) -> Any:
        host = octets.decode()
        if host != NAME or flags & socket.AI_NUMERICHOST:
            return real(host, port, type=socket.SOCK_STREAM, flags=flags)
        asked.append(host)
        after()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_credentials_that_took_all_the_time_leave_none_for_the_request() -> None:
    clock = [5.0]

    def slow(remaining: Callable[[], float]) -> Credentials:
        clock[0] -= 6
        return Credentials("key", "secret")

    with HostileServer(respond(GOOD)) as server:
        with pytest.raises(dynamodb.Unavailable):
            Client(server.url, "eu-west-2", slow).call("GetItem", {}, lambda: clock[0])
        assert server.connections == 0


def test_a_role_whose_own_credentials_took_all_the_time_is_not_assumed() -> None:
    clock = [5.0]

    def slow(remaining: Callable[[], float]) -> Credentials:
        clock[0] -= 6
        return Credentials("key", "secret")

    with HostileServer(respond(GOOD)) as server:
        with pytest.raises(CredentialsUnavailable):
            OwnerRole("arn", "eu-west-2", server.url, slow).credentials("a", lambda: clock[0])
        assert server.connections == 0


def test_a_request_gets_the_time_that_the_credentials_left() -> None:
    left = Left(3.0)

    def slow(remaining: Callable[[], float]) -> Credentials:
        left.spend(2.8)
        return Credentials("key", "secret")

    with HostileServer(hang) as server:
        started = time.monotonic()
        with pytest.raises(dynamodb.Unavailable):
            Client(server.url, "eu-west-2", slow).call("GetItem", {}, left)
        assert time.monotonic() - started < 2.5  # 0.2 s, and not 3 s


def test_the_time_that_a_request_has_does_not_change_when_the_clock_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda's context subtracts from the time of day; SnapStart and NTP set it."""
    monkeypatch.setenv("CLIENT_IDS", "tests")
    times = iter([10_000, 3_600_000, 0])
    context = SimpleNamespace(aws_request_id="i", get_remaining_time_in_millis=lambda: next(times))
    name, operation = next(item for item in contract.OPERATIONS.items() if item[1]["kind"] == "list")
    claims = {"client_id": "tests", "scope": " ".join(contract.scopes(name))}
    gateway = {"requestId": "r", "resourcePath": operation["path"], "authorizer": {"claims": claims}}
    event = {"path": operation["path"], "requestContext": gateway}
    request = Request(name, event, {}, context, "2030-01-01T00:00:00Z")
    assert [0 < request.remaining() < 10 for _ in range(2)] == [True, True]


def test_the_credentials_endpoint_gets_no_more_than_the_time_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "TIMEOUT", 4.0)
    with HostileServer(hang) as server:
        started = time.monotonic()
        with pytest.raises(CredentialsUnavailable):
            from_environment(environ_of(server))(Left(0.1))
        assert time.monotonic() - started < 3  # and not the four seconds that it has otherwise


def test_the_credentials_endpoint_is_not_asked_without_time_left() -> None:
    with HostileServer() as server:
        with pytest.raises(CredentialsUnavailable):
            from_environment(environ_of(server))(lambda: 0.0)
        assert server.connections == 0


def test_credentials_that_are_still_valid_are_used_in_time_when_renewing_them_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(credentials, "TIMEOUT", 4.0)
    clock = WallClock()
    with HostileServer(respond(document()), hang) as server:
        source = from_environment(environ_of(server), clock)
        source(lambda: 5.0)
        clock.now += 3600 - 200
        started = time.monotonic()
        assert source(lambda: 0.4).access_key == "key-1"
        assert time.monotonic() - started < 3  # 0.2 s, and not the four seconds that it has otherwise


def test_a_look_up_that_does_not_end_is_abandoned_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    asked = resolve(monkeypatch, 1, after=lambda: ended.wait(30))
    host, started = connection.Connection(f"http://{NAME}:1"), time.monotonic()
    for _ in range(2):
        with pytest.raises(transport.NotSent, match="look-up"):
            host.open(0.1)
    assert time.monotonic() - started < 25
    assert len(asked) == 1  # the second call waits for the same
    ended.set()


def test_a_slow_look_up_serves_the_next_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    with HostileServer(respond(GOOD)) as server:
        asked = resolve(monkeypatch, server.port, after=lambda: ended.wait(30))
        client = Client(f"http://{NAME}:{server.port}", "eu-west-2", keys, sleep=lambda pause: ended.set())
        monkeypatch.setattr(dynamodb, "CONNECT_TIMEOUT", 0.3)
        assert client.call("GetItem", {}, lambda: 5.0) == GOOD
    assert len(asked) == 1


def test_a_failed_look_up_is_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes: Iterator[type[Exception] | None] = iter([socket.gaierror, UnicodeError, None])

    def fail() -> None:
        if failure := next(outcomes):
            raise failure

    with HostileServer(respond(GOOD)) as server:
        asked = resolve(monkeypatch, server.port, after=fail)
        client = Client(f"http://{NAME}:{server.port}", "eu-west-2", keys, sleep=lambda pause: None)
        assert client.call("GetItem", {}, lambda: 5.0) == GOOD
    assert len(asked) == 3


def test_an_address_that_does_not_respond_leaves_time_for_the_next(
    monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, silent: int
) -> None:
    with HostileServer(respond(GOOD), context=tls_of(authority)) as server:
        resolve(monkeypatch, silent, server.port)
        monkeypatch.setattr(dynamodb, "CONNECT_TIMEOUT", 2.0)
        assert Client(f"https://{NAME}", "eu-west-2", keys).call("GetItem", {}, lambda: 5.0) == GOOD


def test_an_address_that_refuses_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with HostileServer(respond(GOOD)) as server:
        resolve(monkeypatch, 9, server.port)
        pauses: list[float] = []
        client = Client(f"http://{NAME}", "eu-west-2", keys, sleep=pauses.append)
        assert client.call("GetItem", {}, lambda: 5.0) == GOOD
    assert pauses == []


def test_all_addresses_together_get_the_time_for_one_connection(
    monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, silent: int
) -> None:
    resolve(monkeypatch, *[silent] * 5)
    started = time.monotonic()
    with pytest.raises(transport.NotSent):
        connection.Connection(f"https://{NAME}").open(0.8)
    assert time.monotonic() - started < 3  # and not five times 0.8 s


def test_a_handshake_gets_the_time_that_the_look_up_left(
    monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, silent: int
) -> None:
    clock = Clock()
    for module in (connection, transport):
        monkeypatch.setattr(module, "time", clock)

    def slow() -> None:
        clock.spent = 2.8

    resolve(monkeypatch, silent, after=slow)
    started = time.monotonic()
    with pytest.raises(transport.NotSent):
        connection.Connection(f"https://{NAME}").open(3.0)
    assert time.monotonic() - started < 2.5  # 0.2 s, and not 3 s


def test_a_request_that_is_read_too_slowly_is_abandoned_at_the_deadline(authority: trustme.CA) -> None:
    over = threading.Event()

    def read_slowly(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            accepted, _ = listener.accept()
            with tls_of(authority).wrap_socket(accepted, server_side=True) as peer:
                while not over.wait(0.02):
                    peer.recv(65536)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        reader = threading.Thread(target=read_slowly, args=(listener,))
        reader.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(connection.Broken):
            connection.Connection(url).request(
                "POST", "/", {"Host": NAME}, bytes(32 << 20), connect_timeout=5.0, timeout=0.3
            )
        taken = time.monotonic() - started
        over.set()
        reader.join(5)
    assert taken < 2  # and not until the last of a thousand TLS records
