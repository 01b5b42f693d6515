"""A response arrives in one piece: a client that reads its head gets its body with it."""

from __future__ import annotations

import socket

import pytest

from emulator.http import one_write

from .stack import Stack

REQUEST = "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n"


def first_read(port: int, path: str) -> tuple[str, bytes]:
    """Head and body in the first read from a connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(REQUEST.format(path=path).encode())
        head, _, body = connection.recv(1 << 20).partition(b"\r\n\r\n")
    return head.decode(), body


def is_whole(port: int, path: str) -> bool:
    head, body = first_read(port, path)
    length = next(line for line in head.splitlines() if line.lower().startswith("content-length: "))
    return len(body) == int(length.split()[1]) > 0


@pytest.mark.adds(one_write.ONE_WRITE)
@pytest.mark.parametrize("path", ["/_ministack/ready", "/nothing-is-here"])
def test_head_and_body_come_in_one_write(ours: Stack, path: str) -> None:
    assert all(is_whole(ours.port, path) for _ in range(20))


@pytest.mark.lacks(one_write.ONE_WRITE)
def test_ministack_sends_the_head_first(ministack: Stack) -> None:
    assert not all(is_whole(ministack.port, "/_ministack/ready") for _ in range(200))


def test_response_without_a_body_comes_at_once(ours: Stack) -> None:
    head, body = first_read(ours.port, "/_ministack/reset")
    assert head.startswith("HTTP/1.1 403 ")
    assert body == b"0\r\n\r\n"  # the end of a body of unknown length


def test_one_connection_serves_many_requests(ours: Stack) -> None:
    with socket.create_connection(("127.0.0.1", ours.port), timeout=60) as connection:
        for _ in range(1001):
            connection.sendall(REQUEST.format(path="/_ministack/ready").encode())
            assert connection.recv(1 << 20).startswith(b"HTTP/1.1 200 ")
