"""Which servers the client trusts. Certificates and store are the tests' own; AWS's host name resolves to this machine."""

from __future__ import annotations

import _ssl
import functools
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import certifi
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

import functions.aws
from functions.aws import dynamodb, openssl, roots, tls, transport
from functions.aws.credentials import Credentials
from functions.aws.dynamodb import Client
from tests.servers.hostile import HostileServer, reset, respond

AWS = "dynamodb.eu-west-2.amazonaws.com"
GOOD: dict[str, Any] = {"Item": {}}
Fill = Callable[..., None]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Fill]:
    """Make the system's store contain the certificates of some authorities and no others."""

    def fill(*authorities: trustme.CA) -> None:
        file = tmp_path / "store.pem"
        file.write_bytes(b"".join(authority.cert_pem.bytes() for authority in authorities))
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))

    forget()
    yield fill
    forget()


@pytest.fixture
def aws_is_local(binding: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Resolve DynamoDB's host name to 127.0.0.1."""
    real = socket.getaddrinfo

    def resolve(host: bytes, *rest: Any, **options: Any) -> Any:
        return real(b"127.0.0.1" if host == AWS.encode() else host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@pytest.fixture(params=["_ssl", "ssl"])
def binding(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test on Python's private module for TLS, and where that is not as it was, on the public one."""
    if request.param == "ssl":
        without_private(monkeypatch)


def without_private(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `_ssl` lack what functions.aws.openssl uses of it."""
    monkeypatch.delattr(_ssl, "_SSLSocket")
    monkeypatch.delitem(sys.modules, "functions.aws.openssl", raising=False)
    monkeypatch.delattr(functions.aws, "openssl", raising=False)


def forget() -> None:
    tls._amazon.cache_clear()
    tls._system.cache_clear()


def amazon_is(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roots, "AMAZON", authority.cert_pem.bytes().decode())


def server_with(authority: trustme.CA, name: str, *behaviours: Any) -> HostileServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return HostileServer(*behaviours, context=context)


def call(url: str) -> dict[str, Any]:
    client = Client(url, "eu-west-2", lambda remaining: Credentials("key", "secret"))
    return client.call("GetItem", {}, lambda: 3.0)


def rejected(url: str) -> None:
    with pytest.raises(dynamodb.Unavailable) as caught:
        call(url)
    assert isinstance(caught.value.__cause__, transport.Untrusted)


def test_a_certificate_in_the_systems_store_is_trusted(store: Fill) -> None:
    authority = trustme.CA()
    store(authority)
    with server_with(authority, "127.0.0.1", respond(GOOD)) as server:
        assert call(server.url) == GOOD


def test_an_unknown_certificate_is_rejected_at_once(store: Fill) -> None:
    store(trustme.CA())
    with server_with(trustme.CA(), "127.0.0.1", respond(GOOD)) as server:
        rejected(server.url)
        assert (server.connections, server.requests) == (1, [])


def test_a_certificate_for_another_host_is_rejected(store: Fill) -> None:
    authority = trustme.CA()
    store(authority)
    with server_with(authority, "example.com", respond(GOOD)) as server:
        rejected(server.url)
        assert server.requests == []


def test_aws_is_trusted_by_its_own_roots_alone(
    store: Fill, aws_is_local: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    amazon = trustme.CA()
    store(trustme.CA())
    amazon_is(amazon, monkeypatch)
    with server_with(amazon, AWS, respond(GOOD)) as server:
        assert call(f"https://{AWS}:{server.port}") == GOOD
        assert server.connections == 1


def test_the_private_module_verifies_as_the_public_one_does() -> None:
    own, public = openssl.context(roots.AMAZON), ssl.create_default_context(cadata=roots.AMAZON)
    settings = ("check_hostname", "verify_mode", "verify_flags", "options", "minimum_version", "maximum_version")
    assert [int(getattr(own, name)) for name in settings] == [int(getattr(public, name)) for name in settings]
    assert (own.get_ciphers(), own.get_ca_certs(True)) == (public.get_ciphers(), public.get_ca_certs(True))


def test_a_cold_start_loads_the_private_module_alone() -> None:
    code = "import sys; from functions.aws import tls; tls.load('dynamodb.eu-west-2.amazonaws.com'); print('ssl' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_where_the_private_module_is_another_the_public_one_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    forget()
    assert isinstance(tls._amazon(), functools.partial)
    without_private(monkeypatch)
    forget()
    assert not isinstance(tls._amazon(), functools.partial)
    forget()


@pytest.mark.parametrize("last", [respond(GOOD, close=True), reset], ids=["closed while idle", "reset by the request"])
def test_a_lost_connection_to_aws_is_replaced_and_long_messages_pass(
    store: Fill, aws_is_local: None, monkeypatch: pytest.MonkeyPatch, last: Any
) -> None:
    amazon, pauses, long = trustme.CA(), list[float](), {"Item": {"text": {"S": "x" * 300_000}}}
    store(trustme.CA())
    amazon_is(amazon, monkeypatch)
    with server_with(amazon, AWS, respond(long), last, respond(long), respond(GOOD)) as server:
        url = f"https://{AWS}:{server.port}"
        client = Client(url, "eu-west-2", lambda remaining: Credentials("key", "secret"), sleep=pauses.append)
        client.connect()
        responses = []
        for _ in range(3):
            responses.append(client.call("PutItem", long, lambda: 5.0))
            time.sleep(0.05)
        assert responses == ([long, long, GOOD] if last is reset else [long, GOOD, long])
        assert (server.connections, pauses) == (2, [])


def test_another_host_is_not_trusted_by_the_roots_of_aws(store: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    amazon = trustme.CA()
    store(trustme.CA())
    amazon_is(amazon, monkeypatch)
    with server_with(amazon, "127.0.0.1", respond(GOOD)) as server:
        rejected(server.url)


def test_aws_with_another_root_of_the_store_is_trusted(
    store: Fill, aws_is_local: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    amazon, proxy = trustme.CA(), trustme.CA()
    store(amazon, proxy)
    amazon_is(amazon, monkeypatch)
    with server_with(proxy, AWS, respond(GOOD)) as server:
        assert call(f"https://{AWS}:{server.port}") == GOOD


def test_aws_with_a_root_that_is_neither_its_own_nor_in_the_store_is_rejected(
    store: Fill, aws_is_local: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(trustme.CA())
    amazon_is(trustme.CA(), monkeypatch)
    with server_with(trustme.CA(), AWS, respond(GOOD)) as server:
        rejected(f"https://{AWS}:{server.port}")
        assert server.requests == []


def test_aws_with_a_certificate_for_another_host_is_rejected(
    store: Fill, aws_is_local: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    amazon = trustme.CA()
    store(amazon)
    amazon_is(amazon, monkeypatch)
    with server_with(amazon, "example.com", respond(GOOD)) as server:
        rejected(f"https://{AWS}:{server.port}")
        assert server.requests == []


def test_amazons_roots_are_among_those_that_browsers_trust() -> None:
    trusted = Path(certifi.where()).read_text(encoding="utf-8")
    own = x509.load_pem_x509_certificates(roots.AMAZON.encode())
    assert all(root.public_bytes(Encoding.PEM).decode() in trusted for root in own)
    assert [root.subject.rfc4514_string().partition(",")[0] for root in own] == [
        f"CN=Amazon Root CA {number}" for number in (1, 2, 3, 4)
    ]


def test_amazons_roots_are_valid_for_two_more_years() -> None:
    soon = datetime.now(UTC) + timedelta(days=2 * 365)
    expiring = [
        root.subject.rfc4514_string()
        for root in x509.load_pem_x509_certificates(roots.AMAZON.encode())
        if root.not_valid_after_utc < soon
    ]
    assert expiring == [], (
        "take those that follow from https://www.amazontrust.com/repository/ into functions/aws/roots.py"
    )


def test_a_connection_opened_early_is_used_and_kept(store: Fill) -> None:
    authority = trustme.CA()
    store(authority)
    with server_with(authority, "127.0.0.1", respond(GOOD), respond(GOOD)) as server:
        client = Client(server.url, "eu-west-2", lambda remaining: Credentials("key", "secret"))
        client.connect()
        time.sleep(0.05)  # TLS 1.3 sends its session tickets unrequested
        for _ in range(2):
            client.call("GetItem", {}, lambda: 3.0)
        assert server.connections == 1


@pytest.mark.parametrize("last", [respond(GOOD, close=True), reset], ids=["closed while idle", "reset by the request"])
def test_a_connection_lost_while_frozen_is_replaced_without_a_failure(store: Fill, last: Any) -> None:
    authority = trustme.CA()
    store(authority)
    pauses: list[float] = []
    with server_with(authority, "127.0.0.1", respond(GOOD), last, respond(GOOD), respond(GOOD)) as server:
        client = Client(server.url, "eu-west-2", lambda remaining: Credentials("key", "secret"), sleep=pauses.append)
        for _ in range(3):
            assert client.call("GetItem", {}, lambda: 3.0) == GOOD
            time.sleep(0.05)
        assert (server.connections, pauses) == (2, [])


def test_a_server_without_tls_is_unavailable(store: Fill) -> None:
    deadline = time.monotonic() + 0.3
    with HostileServer() as server:
        url = f"https://127.0.0.1:{server.port}"
        client = Client(url, "eu-west-2", lambda remaining: Credentials("key", "secret"))
        with pytest.raises(dynamodb.Unavailable):
            client.call("GetItem", {}, lambda: deadline - time.monotonic())


def test_a_handshake_that_does_not_end_is_abandoned_at_the_deadline(store: Fill) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        client = Client(url, "eu-west-2", lambda remaining: Credentials("key", "secret"))
        with pytest.raises(dynamodb.Unavailable):
            client.call("GetItem", {}, lambda: started + 0.3 - time.monotonic())
        assert time.monotonic() - started < dynamodb.ATTEMPT_TIMEOUT - 0.3
