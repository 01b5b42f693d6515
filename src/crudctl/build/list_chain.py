"""The chain of exchanges that lists what there is: pages, orders, the trash. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator

from crudctl.build import values
from crudctl.build.script import (
    CURSOR,
    TAG,
    Exchange,
)
from crudctl.build.service import DELETE, LIST, RESTORE
from crudctl.build.writer import Writer


def story(writer: Writer) -> Iterator[Exchange]:
    """Yield the chain that lists what there is."""
    yield writer.of(LIST, "of nothing")
    for number in range(4):
        yield writer.create(f"as number {number} of a list")
    for order in ("asc", "desc"):
        yield writer.of(LIST, f"{order}, all", query={"order": order})
        yield writer.of(LIST, f"{order}, page 1", query={"order": order, "limit": "2"})
        yield writer.of(LIST, f"{order}, page 1 again", query={"order": order, "limit": "3"})
        yield writer.of(LIST, f"{order}, page 2", query={"order": order, "limit": "3", "cursor": CURSOR})
    yield writer.of(LIST, "without parameters")
    yield from _of_parameters(writer)
    yield writer.of(LIST, "by one", query={"limit": "1"})
    yield writer.of(LIST, "by one, with a cursor that was changed", query={"limit": "1", "cursor": f"{CURSOR}x"})
    yield writer.of(LIST, "by one, before it is continued in another order", query={"limit": "1"})
    yield writer.of(LIST, "by one, continued in another order", query={"limit": "1", "order": "desc", "cursor": CURSOR})
    yield writer.of(LIST, "with a parameter twice", query={"limit": ["1", "2"]})
    yield writer.of(LIST, "with an unknown parameter", query={"no-such-parameter": "1"})
    yield writer.of(LIST, "with a character that is not UTF-8", query={"order": "\ufffd"})
    yield writer.patch("in a list", {})
    yield writer.of(LIST, "after a change")
    yield writer.of(DELETE, "in a list", headers={"If-Match": TAG})
    yield writer.of(LIST, "after a delete")
    if writer.described.trash:
        yield from _trash(writer)


def _of_parameters(writer: Writer) -> Iterator[Exchange]:
    """Yield a list for each value of each of its parameters."""
    operation = writer.described.operation(LIST).id
    for name, schema in writer.judges[0].parameters(operation).items():
        for number, (what, value) in enumerate(values.of(schema)):
            if isinstance(value, (str, int, float)) and str(value).isascii() and len(str(value)) < 500:
                text = json.dumps(value) if not isinstance(value, str) else value
                yield writer.of(LIST, f"with {name} {what} ({number})", query={name: text})


def _trash(writer: Writer) -> Iterator[Exchange]:
    gone = {"deleted": "true"}
    yield writer.of(LIST, "of the trash", query=gone)
    yield writer.create("to be deleted too")
    yield writer.of(DELETE, "too", headers={"If-Match": TAG})
    yield writer.of(LIST, "of the trash, page 1", query={**gone, "limit": "1"})
    yield writer.of(LIST, "of the trash, page 2", query={**gone, "limit": "1", "cursor": CURSOR})
    yield writer.of(LIST, "of the trash, before it is continued elsewhere", query={**gone, "limit": "1"})
    yield writer.of(LIST, "of no trash, with the cursor of the trash", query={"limit": "1", "cursor": CURSOR})
    yield writer.of(RESTORE, "in a list", headers={"If-Match": "*"})
    yield writer.of(LIST, "of the trash, after a restore", query=gone)
    yield writer.of(LIST, "after a restore")
