"""TLS for a socket, with certificate and host name verified. Loaded only when an endpoint is https.

AWS's endpoints chain to four roots (roots.py), and a context of four is created in a fraction of the time that the system's
store takes. A server whose certificate they do not verify is tried with that store.
"""

from __future__ import annotations

import functools
import ssl

from . import roots

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

CertificateError = ssl.SSLCertVerificationError


def secure(connect: Callable[[], socket.socket], host: str) -> ssl.SSLSocket:
    """Return a socket of `connect`, with TLS to `host` established.

    Raises:
        CertificateError: The server did not present a trusted certificate for this host name.
        OSError: The connection or the TLS handshake failed.
    """
    name = host.encode("ascii")  # a text would be encoded by the codec `idna`, whose tables take a millisecond to load
    if _is_aws(host):
        try:
            return _amazon_context().wrap_socket(connect(), server_hostname=name)
        except CertificateError:
            pass  # a corporate proxy, or a root newer than the four: the system's store decides
    return _system_context().wrap_socket(connect(), server_hostname=name)


def load(host: str) -> None:
    """Load what `secure` needs for this host, which takes a moment the first time."""
    if _is_aws(host):
        _amazon_context()
    else:
        _system_context()


def _is_aws(host: str) -> bool:
    return host.endswith(".amazonaws.com")


@functools.cache
def _amazon_context() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=roots.AMAZON)


@functools.cache
def _system_context() -> ssl.SSLContext:
    return ssl.create_default_context()
