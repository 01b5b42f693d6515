"""Puts the exchanges of a contract together: to every operation, valid requests, requests at the bounds, and each kind of fault.

Two versions that behave alike answer each of these alike (release/differential.py). Knows neither Lambda nor HTTP clients.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crudctl.build import content_chains, list_chain, request_chains
from crudctl.build.script import (
    Exchange,
    Script,
)
from crudctl.build.service import DELETE, LIST
from crudctl.build.writer import Writer


def script(document: Mapping[str, Any], other: Mapping[str, Any] | None = None) -> Script:
    """Return the exchanges of a contract, with content that another one takes too, as far as there is any.

    Raises:
        ContractError: A contract cannot be described or kept.
    """
    writer = Writer(document, document if other is None else other)
    return Script(
        tuple(tuple(chain) for chain in _apart(writer)),
        tuple(list_chain.story(writer)),
        _listing(writer),
        _purge(writer),
    )


def _listing(writer: Writer) -> Exchange:
    """Return the request that lists what there is."""
    return writer.of(LIST, "to settle")


def _purge(writer: Writer) -> Exchange:
    """Return the request that deletes for good."""
    query = {"purge": "true"} if "purge" in writer.judges[0].parameters(writer.described.operation(DELETE).id) else {}
    return writer.of(DELETE, "for good, to clean up", headers={"If-Match": "*"}, query=query)


def _apart(writer: Writer) -> Iterator[Iterator[Exchange]]:
    """Yield the chains that need nothing of each other."""
    for name in writer.fields:
        yield content_chains.stored(writer, name)
        yield content_chains.patched(writer, name)
    yield content_chains.unacceptable(writer)
    yield from (chain(writer) for chain in request_chains.CHAINS)
    if writer.described.trash:
        yield request_chains.restored(writer)
