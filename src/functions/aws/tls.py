"""TLS for a socket, with certificate and host name verified. Loaded only when an endpoint is https.

AWS's endpoints chain to five roots, and a context with five of the system's certificates is created in a fraction of
the time that it takes with all of them (bench/cold_start). So for AWS the five are looked up in the system's store, by
fingerprint: one that is removed from the store is no longer trusted. A server whose certificate they do not verify is tried
with the whole store.
Source: https://www.amazontrust.com/repository/
"""

from __future__ import annotations

import binascii
import functools
import hashlib
import ssl

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

CertificateError = ssl.SSLCertVerificationError

AMAZON = {  # SHA-256 of the certificates
    "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",  # Amazon Root CA 1
    "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",  # Amazon Root CA 2
    "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",  # Amazon Root CA 3
    "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",  # Amazon Root CA 4
    "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",  # Starfield Services G2
}


def secure(connect: Callable[[], socket.socket], host: str) -> ssl.SSLSocket:
    """Return a socket of `connect`, with TLS to `host` established.

    Raises:
        CertificateError: The server did not present a trusted certificate for this host name.
        OSError: The connection or the TLS handshake failed.
    """
    if host.endswith(".amazonaws.com") and (amazon := _amazon_context()):
        try:
            return amazon.wrap_socket(connect(), server_hostname=host)
        except CertificateError:
            pass  # a corporate proxy, or a root newer than this list: the system's store decides
    return _system_context().wrap_socket(connect(), server_hostname=host)


def load(host: str) -> None:
    """Load what `secure` needs for this host, which takes a moment the first time."""
    if not (host.endswith(".amazonaws.com") and _amazon_context()):
        _system_context()


@functools.cache
def _amazon_context() -> ssl.SSLContext | None:
    """Return a context that trusts those of Amazon's roots that are in the system's store; None if none are."""
    store = ssl.get_default_verify_paths().cafile
    if not store:
        return None
    with open(store, "rb") as file:
        blocks = file.read().split(b"-----BEGIN CERTIFICATE-----")[1:]
    certificates = [binascii.a2b_base64(block.partition(b"-----END")[0]) for block in blocks]
    roots = [certificate for certificate in certificates if hashlib.sha256(certificate).hexdigest() in AMAZON]
    return ssl.create_default_context(cadata=b"".join(roots)) if roots else None


@functools.cache
def _system_context() -> ssl.SSLContext:
    return ssl.create_default_context()
