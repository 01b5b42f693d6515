"""The functions of this project, unchanged. Their endpoint resolves to this machine, and its root counts as one of Amazon's."""

import os
import socket

import functions.aws.roots

resolve = socket.getaddrinfo


def here(host, *rest, flags=0, **options):
    """Resolve a name to this machine, in the form in which it was given; refuse what must be an address, as a name is none."""
    if flags & socket.AI_NUMERICHOST:
        return resolve(host, *rest, flags=flags, **options)
    return resolve(b"127.0.0.1" if isinstance(host, bytes) else "127.0.0.1", *rest, flags=flags, **options)


socket.getaddrinfo = here
with open(os.environ["BENCH_ROOT"], encoding="ascii") as root:
    functions.aws.roots.AMAZON += root.read()

from functions.handlers import *  # noqa: E402, F403  what connects needs the lines above
