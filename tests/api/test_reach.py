"""No value of a request decides whom the functions send a request to (OWASP API7:2023)."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.conftest import Service

ADDRESSES = [
    "http://203.0.113.7:8080/",
    "http://[2001:db8::7]/latest/meta-data/",
    "//203.0.113.7/x",
    "203.0.113.7:80",
    "file:///dev/null",
]
HEADERS = [
    "Host",
    "Forwarded",
    "X-Forwarded-Host",
    "X-Original-URL",
    "Referer",
    "Origin",
    "Location",
    "Idempotency-Key",
]
EVENTS = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen", "os.system")
seen: list[tuple[str, Any]] | None = None


@pytest.fixture(scope="module", autouse=True)
def audited() -> None:
    """Record whom the process reaches while `seen` is a list: https://docs.python.org/3/library/audit_events.html."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if seen is not None and event in EVENTS:
            seen.append((event, arguments[1] if event == "socket.connect" else arguments[:2]))

    sys.addaudithook(hook)


def requests(api: httpx.Client, address: str) -> list[int]:
    """Send the address in every place of a request that takes a text; return the statuses. Nothing is left of it."""
    headers = dict.fromkeys(HEADERS, address)
    content = {"name": address, "description": address, "tags": [address[:32]], "attributes": {"url": address}}
    created = api.post("items", json=content, headers=headers)
    path = f"items/{created.json()['id']}"
    responses = [created, api.get("items", params={"cursor": address}), api.get(path, headers=headers)]
    responses += [api.get(f"items/{address.replace('/', '%2F')}"), api.delete(path, params={"purge": "true"})]
    return [response.status_code for response in responses]


@pytest.mark.parametrize("service", ["in-process"], indirect=True)
@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_in_a_request_is_only_a_value(
    service: Service, api: httpx.Client, table: dict[str, str], address: str
) -> None:
    global seen
    seen = []
    try:
        with ThreadPoolExecutor(1) as fresh:  # a thread has a store, and so a connection, of its own
            statuses = fresh.submit(requests, api, address).result()
        reached = seen
    finally:
        seen = None
    endpoint = urlsplit(table["AWS_ENDPOINT_URL"])
    host = str(endpoint.hostname)
    assert statuses == [201, 400, 200, 400, 204]
    assert {arguments for event, arguments in reached if event == "socket.connect"} == {(host, endpoint.port)}
    # A host name is looked up as octets: see functions.aws.tls
    looked_up = {arguments for event, arguments in reached if event != "socket.connect"}
    assert looked_up <= {(host.encode(), endpoint.port)}
