"""An answer arrives in one piece: a client that reacts to its head finds the body there too."""

from __future__ import annotations

import socket

import pytest

from .stack import Stack

ASK = "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n"


def first_piece(port: int, path: str) -> tuple[str, bytes]:
    """Head and body of what the first read of a connection gives."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(ASK.format(path=path).encode())
        head, _, body = connection.recv(1 << 20).partition(b"\r\n\r\n")
    return head.decode(), body


@pytest.mark.parametrize("path", ["/_ministack/health", "/nothing-is-here"])
def test_head_and_body_come_in_one_write(ours: Stack, path: str) -> None:
    for _ in range(20):
        head, body = first_piece(ours.port, path)
        length = next(line for line in head.splitlines() if line.lower().startswith("content-length: "))
        assert len(body) == int(length.split()[1]) > 0


def test_an_answer_without_a_body_comes_at_once(ours: Stack) -> None:
    head, body = first_piece(ours.port, "/_ministack/reset")
    assert head.startswith("HTTP/1.1 403 ")
    assert body == b"0\r\n\r\n"  # the end of a body of unknown length


def test_one_connection_serves_many_requests(ours: Stack) -> None:
    with socket.create_connection(("127.0.0.1", ours.port), timeout=10) as connection:
        for _ in range(50):
            connection.sendall(ASK.format(path="/_ministack/health").encode())
            assert connection.recv(1 << 20).startswith(b"HTTP/1.1 200 ")
