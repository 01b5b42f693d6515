"""TLS for a socket, with certificate and host name verified. Loaded only when an endpoint is https.

AWS's endpoints chain to four roots (roots.py), and a context of four is created in a fraction of the time that the system's
store takes. A server whose certificate they do not verify is tried with that store.
"""

from __future__ import annotations

import functools

from . import roots

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from typing import Protocol

    class Secure(Protocol):
        """What a connection uses of a socket."""

        def settimeout(self, value: float | None, /) -> None: ...
        def sendall(self, data: bytes, /) -> None: ...
        def recv(self, size: int, /) -> bytes: ...
        def fileno(self) -> int: ...
        def close(self) -> None: ...

    Wrap = Callable[[socket.socket, str], Secure]


class CertificateError(Exception):
    pass


def secure(connect: Callable[[], socket.socket], host: str) -> Secure:
    """Return a socket of `connect`, with TLS to `host` established.

    Raises:
        CertificateError: The server did not present a trusted certificate for this host name.
        OSError: The connection or the TLS handshake failed.
    """
    if _is_aws(host):
        try:
            return _wrapped(_amazon(), connect(), host)
        except CertificateError:
            pass  # a corporate proxy, or a root newer than the four: the system's store decides
    return _wrapped(_system(), connect(), host)


def load(host: str) -> None:
    """Load what `secure` needs for this host, which takes a moment the first time."""
    if _is_aws(host):
        _amazon()
    else:
        _system()


def _is_aws(host: str) -> bool:
    return host.endswith(".amazonaws.com")


def _wrapped(wrap: Wrap, plain: socket.socket, host: str) -> Secure:
    try:
        return wrap(plain, host)
    except OSError as failure:
        if type(failure).__name__ != "SSLCertVerificationError":  # of `_ssl` or `ssl`, whichever is loaded
            raise
        raise CertificateError(str(failure)) from failure


@functools.cache
def _amazon() -> Wrap:
    try:
        from . import openssl
    except ImportError:  # what is private has moved: `ssl` does the same, and takes longer to load
        return _public(roots.AMAZON)
    return functools.partial(openssl.Socket, openssl.context(roots.AMAZON))


@functools.cache
def _system() -> Wrap:
    return _public()


def _public(certificates: str | None = None) -> Wrap:
    import ssl  # only where it is needed: see openssl.py

    context = ssl.create_default_context(cadata=certificates)
    # A name that is text would be encoded by the codec `idna`, whose tables take a millisecond to load.
    return lambda plain, host: context.wrap_socket(plain, server_hostname=host.encode("ascii"))
