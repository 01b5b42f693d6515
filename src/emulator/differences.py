"""The register of what AWS does and the emulator does not; knows nothing of either's insides.

Every addition in this package is described by one `Difference`. docs/parity.md is rendered from
the register, and tests/emulator/ holds, for each, a test that fails when the addition can be deleted.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """One behaviour in which MiniStack differs from AWS, and what is done about it.

    `aws` says what AWS does and `source` is the page that says so; `ministack` is what the pinned
    release does instead; `here` is what the local stack does, empty where nothing is added.
    """

    name: str
    service: str
    aws: str
    source: str
    ministack: str
    here: str = ""


_register: dict[str, Difference] = {}


def register(difference: Difference) -> Difference:
    """Add a difference to the register and return it. A name may be used once."""
    if difference.name in _register:
        raise ValueError(f"difference {difference.name} is registered twice")
    _register[difference.name] = difference
    return difference


def registered() -> list[Difference]:
    """All differences, by service and then name."""
    return sorted(_register.values(), key=lambda d: (d.service, d.name))
