"""TLS on `_ssl`, the private module that Python's `ssl` is built on. The only place that knows it (docs/decisions/0029-fast.md).

`ssl` makes enumerations of OpenSSL's constants and imports what only servers need: two milliseconds of each cold start. Here is
the part of it that a client needs, with the same settings. Raises ImportError where `_ssl` has not what this uses.
"""

from __future__ import annotations

import _ssl
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from typing import Any

USED = {
    "_SSLContext": ("_wrap_socket", "load_verify_locations", "verify_flags"),
    "_SSLSocket": ("do_handshake", "read", "write"),
}
for kind, names in USED.items():
    if missing := [name for name in names if not hasattr(getattr(_ssl, kind, None), name)]:
        raise ImportError(f"_ssl.{kind} has no {', '.join(missing)}")

# VERIFY_X509_PARTIAL_CHAIN and VERIFY_X509_STRICT, which `ssl.create_default_context` sets from Python 3.13 on
VERIFY_FLAGS = 0x80020 if sys.version_info >= (3, 13) else 0


def context(certificates: str) -> Any:
    """Return a context as `ssl.create_default_context(cadata=certificates)` does: it verifies certificate and host name."""
    made = _ssl._SSLContext(_ssl.PROTOCOL_TLS_CLIENT)
    made.verify_flags |= VERIFY_FLAGS
    made.load_verify_locations(cadata=certificates)
    return made


class Socket:
    """A connected socket with TLS to `host`: what a connection uses of `ssl.SSLSocket`. Closes `plain` if that fails.

    Raises:
        _ssl.SSLCertVerificationError: The server did not present a trusted certificate for this host name.
        OSError: The handshake failed.
    """

    def __init__(self, made: Any, plain: socket.socket, host: str) -> None:
        self._plain = plain
        self._tls = made._wrap_socket(plain, False, host)
        self.fileno = plain.fileno
        self.settimeout = plain.settimeout
        self.recv = self._tls.read
        try:
            self._tls.do_handshake()
        except BaseException:
            plain.close()
            raise

    def sendall(self, octets: bytes) -> None:
        """Send all octets."""
        sent = self._tls.write(octets)
        while sent < len(octets):
            sent += self._tls.write(octets[sent:])

    def close(self) -> None:
        """Close the connection without a last message of TLS, as `ssl.SSLSocket.close` does."""
        self._plain.close()
