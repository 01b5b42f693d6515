"""A socket to a host, plain or TLS, opened before a deadline: name, addresses and handshake. Knows no HTTP.

ConnectionError
└── NotSent             no connection was opened, so no part of a request was sent
    └── Untrusted       the server's certificate or host name was rejected
"""

from __future__ import annotations

import _thread  # `threading` is a cold start's millisecond, for what two functions do
import socket
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .tls import Secure

    # family, type, protocol, canonical name, address: https://docs.python.org/3/library/socket.html#socket.getaddrinfo
    Address = tuple[Any, Any, int, str, Any]


class NotSent(ConnectionError):
    pass


class Untrusted(NotSent):
    pass


def left(deadline: float) -> float:
    """Return the seconds until a deadline of time.monotonic(). Raise TimeoutError if there are none."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("not complete in time")
    return seconds


class Host:
    """A host to which sockets are opened, one at a time.

    Args:
        name: host name or IP address, without brackets.
        tls: whether to establish TLS, with certificate and name verified.
    """

    def __init__(self, name: str, port: int, tls: bool) -> None:
        self._name = name
        self._port = port
        self._tls = tls
        self._look_up: LookUp | None = None

    def open(self, deadline: float) -> socket.socket | Secure:
        """Return a connected socket.

        The addresses are tried in turn. Each gets an equal share of the time that is left, for TCP and TLS, so that one that does
        not respond leaves time for the others. (RFC 8305 races them, for a person who waits. Here a connection is kept.)

        Args:
            deadline: of time.monotonic(), for everything: the look-up of the name, all addresses, TLS.

        Raises:
            Untrusted: A server did not present a trusted certificate for this host.
            NotSent: No address could be connected to before the deadline.
        """
        try:
            addresses = self._addresses(deadline)
        except (OSError, UnicodeError) as failure:
            raise NotSent(f"no address of {self._name}: {failure}") from failure
        failures = []
        for number, address in enumerate(addresses):
            now = time.monotonic()
            share = now + (deadline - now) / (len(addresses) - number)
            try:
                return self._secure(address, share) if self._tls else _connected(address, share)
            except Untrusted:
                raise
            except OSError as failure:
                failures.append(failure)
        reasons = "; ".join(dict.fromkeys(map(str, failures)))
        raise NotSent(f"no connection to {self._name}: {reasons}") from failures[-1]

    def _addresses(self, deadline: float) -> list[Address]:
        """Return the host's addresses. The next call waits for a look-up that this one gave up waiting for."""
        left(deadline)
        try:
            return _addresses(self._name, self._port, socket.AI_NUMERICHOST)
        except socket.gaierror:
            look_up = self._look_up = self._look_up or LookUp(self._name, self._port)
        if self._tls:
            from . import tls

            tls.load(self._name)  # while the name is looked up
        found = look_up.wait(deadline)
        self._look_up = None
        if isinstance(found, Exception):
            raise found
        return found

    def _secure(self, address: Address, deadline: float) -> Secure:
        from . import tls

        try:
            return tls.secure(lambda: _connected(address, deadline), self._name)
        except tls.CertificateError as failure:
            raise Untrusted(f"{self._name} is not trusted: {failure}") from failure


class LookUp:
    """A look-up of a host's addresses. The system's cannot be interrupted and may take minutes, so a thread waits for it."""

    def __init__(self, name: str, port: int) -> None:
        self._name = name
        self._port = port
        self._found: list[Address] | Exception = OSError("the look-up of the name failed")
        self._running = _thread.allocate_lock()
        self._running.acquire()
        _thread.start_new_thread(self._run, ())

    def wait(self, deadline: float) -> list[Address] | Exception:
        """Return the addresses, or the error that the look-up ended with. Raise TimeoutError if it has not ended by then."""
        if not self._running.acquire(timeout=max(0, deadline - time.monotonic())):
            raise TimeoutError("the look-up of the name did not end in time")
        return self._found

    def _run(self) -> None:
        try:
            self._found = _addresses(self._name, self._port)
        except (OSError, UnicodeError) as failure:  # raised where the addresses are needed
            self._found = failure
        finally:
            self._running.release()


def _addresses(name: str, port: int, flags: int = 0) -> list[Address]:
    octets = name.encode("ascii")  # a text would be encoded by the codec `idna`: a millisecond of a cold start
    return list(socket.getaddrinfo(octets, port, type=socket.SOCK_STREAM, flags=flags))


def _connected(found: Address, deadline: float) -> socket.socket:
    """Return a socket that is connected to an address. Its timeout is what is left until the deadline, for a handshake."""
    family, kind, protocol, _, address = found
    plain = socket.socket(family, kind, protocol)
    try:
        plain.settimeout(left(deadline))
        plain.connect(address)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.settimeout(left(deadline))
    except OSError:
        plain.close()
        raise
    return plain
