"""Chains of exchanges about all of a request but its content: conditions, keys, callers, headers, and what was deleted. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from crudctl.build.script import (
    ANOTHER,
    BY_PASSWORD,
    KEY,
    MADE,
    MERGE,
    NO_ID,
    STALE,
    STRANGER,
    TAG,
    UNKNOWN,
    UNSCOPED,
    Exchange,
)
from crudctl.build.service import CREATE, DELETE, GET, LIST, OTHER, PATCH, REPLACE, RESTORE
from crudctl.build.writer import SEND_JSON, Writer

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
CONDITIONS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("that any version has", {"If-Match": "*"}),
    ("of the present version", {"If-Match": TAG}),
    ("of one of two versions", {"If-Match": f"{STALE}, {TAG}"}),
    ("of another version", {"If-Match": STALE}),
    ("of a weak tag", {"If-Match": f"W/{TAG}"}),
    ("of what is no tag", {"If-Match": "x"}),
    ("of many tags", {"If-Match": ",".join(['"0"'] * 101)}),
    ("of no version", {"If-None-Match": "*"}),
    ("of a version that the caller has not", {"If-None-Match": TAG}),
    ("of a version that the caller has not, by a weak tag", {"If-None-Match": f"W/{TAG}"}),
    ("of a version that the caller has not, by another tag", {"If-None-Match": STALE}),
    ("of both", {"If-Match": TAG, "If-None-Match": STALE}),
    ("without a condition", {}),
)
TRACED: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("with an id of the caller's", {"X-Correlation-Id": "release.probe-1_a"}),
    ("with an id that is no id", {"X-Correlation-Id": "a b"}),
    ("with an id that is too long", {"X-Correlation-Id": "x" * 129}),
    ("with the longest id", {"X-Correlation-Id": "x" * 128}),
    ("with a trace", {"traceparent": TRACE}),
    ("with a trace that is not sampled", {"traceparent": TRACE[:-1] + "0"}),
    ("with a trace that is longer than its version has it", {"traceparent": f"{TRACE}-x"}),
    ("with a trace of a later version", {"traceparent": f"01{TRACE[2:]}-x"}),
    ("with a trace of zeros", {"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"}),
    ("with two traces", {"traceparent": [TRACE, TRACE]}),
)


def reads(writer: Writer) -> Iterator[Exchange]:
    """Yield reads, by condition, with what is traced, and of what does not exist."""
    yield writer.create("to be read")
    for what, headers in (*CONDITIONS, *TRACED):
        yield writer.of(GET, what, headers=headers)
    yield writer.of(GET, "of a list of tags with gaps", headers={"If-None-Match": f' , "0" ,{TAG},'})
    yield writer.of(GET, "of two conditions", headers={"If-None-Match": [STALE, TAG]})
    yield writer.of(GET, "by HEAD", method="HEAD")
    yield writer.of(GET, "by a method that the path has not", method="TRACE")
    yield writer.of(GET, "that does not exist", target=UNKNOWN)
    yield writer.of(GET, "by what is no id", target=NO_ID)
    yield writer.of(GET, "with an unknown parameter", query={"no-such-parameter": "1"})
    yield writer.of(GET, "with many unknown parameters", query={f"no-{n}": "1" for n in range(25)})


def replaced(writer: Writer) -> Iterator[Exchange]:
    """Yield replacements, by condition and by content."""
    yield writer.create("to be replaced")
    for what, headers in CONDITIONS:
        yield writer.of(
            REPLACE, what, headers={**SEND_JSON, **headers}, text=json.dumps(writer.sample), content=writer.sample
        )
    yield writer.replace("by what is required", writer.least)
    yield writer.of(GET, "after it was replaced by what is required")
    yield writer.replace("by what was there")
    yield replace(
        writer.replace("by what the service returned"), text=json.dumps({**writer.sample, "id": "x", "version": 0})
    )
    yield writer.replace("by nothing", {})
    yield writer.replace("by an unknown property", {**writer.sample, "no-such-property": 1})
    yield replace(writer.replace("that does not exist"), target=UNKNOWN)
    yield replace(writer.replace("by a list"), text="[]", content=None)
    yield writer.of(GET, "after it was replaced")


def changed(writer: Writer) -> Iterator[Exchange]:
    """Yield patches, by condition and by content."""
    yield writer.create("to be changed")
    name = next(iter(writer.sample))
    patch, wrong = {name: writer.sample[name]}, {"no-such-property": 1, name: {"no": "value"}}
    for what, headers in CONDITIONS:
        sent = {"Content-Type": MERGE, **headers}
        yield writer.of(PATCH, what, headers=sent, text=json.dumps(patch), content=writer.sample)
    yield writer.patch("with nothing", {})
    yield writer.patch("of plain JSON", patch, writer.sample, **SEND_JSON)
    yield writer.patch("with what the service sets", {"id": "x", "version": 9, **patch})
    yield writer.patch("with an unknown property", {"no-such-property": 1}, {**writer.sample, "no-such-property": 1})
    yield writer.patch("with many unknown properties", {f"no-{n}": 1 for n in range(25)})
    yield writer.patch("without an unknown property", {"no-such-property": None})
    yield writer.patch("of two faults and a parameter", wrong, {**writer.sample, **wrong}, **{"If-Match": "x"})
    yield replace(writer.patch("with a list", []))
    yield replace(writer.patch("that does not exist", patch), target=UNKNOWN)
    yield replace(writer.patch("by what is no id", patch), target=NO_ID)
    yield writer.of(GET, "after it was changed")


def repeated(writer: Writer) -> Iterator[Exchange]:
    """Yield requests with keys, and their repeats."""
    key, name = {"Idempotency-Key": f"{KEY}-1"}, next(iter(writer.sample))
    patch = {name: writer.sample[name]}
    yield (first := writer.create("with a key", **key))
    yield replace(first, name=f"{first.name}, again")
    yield writer.create("with the key in quotes", **{"Idempotency-Key": f'"{KEY}-1"'})
    yield writer.create("with the key, and other content", writer.least if writer.least != writer.sample else {}, **key)
    yield writer.create("with the key, and no content", {}, **key)
    keys = {"empty": "", "longest": "k" * 255, "too long": "k" * 256, "odd": "a b", "escaped": r'"a\"b"'}
    for what, wrong in keys.items():
        yield writer.create(f"with a key that is {what}", {}, **{"Idempotency-Key": wrong})
    second = {"Idempotency-Key": f"{KEY}-2"}
    yield (changed := writer.patch("with a key", patch, writer.sample, **second))
    yield replace(changed, name=f"{changed.name}, again")
    yield writer.patch("with the key, and another change", {}, **second)
    yield writer.replace("with the key", **second)
    yield writer.replace("with another key", **{"Idempotency-Key": f"{KEY}-3"})
    yield writer.replace("with another key, again", **{"Idempotency-Key": f"{KEY}-3"})
    yield writer.create("with a key, after changes", **key)
    if writer.described.trash:
        fourth = {"If-Match": TAG, "Idempotency-Key": f"{KEY}-4"}
        yield writer.of(DELETE, "with a key", headers=fourth)
        yield writer.of(DELETE, "with a key, again", headers=fourth)
        yield writer.of(
            CREATE,
            "with a key, after it was deleted",
            headers={**SEND_JSON, **key},
            text=first.text,
            content=first.content,
        )
        fifth = {"If-Match": "*", "Idempotency-Key": f"{KEY}-5"}
        yield writer.of(RESTORE, "with a key", headers=fifth)
        yield writer.of(RESTORE, "with a key, again", headers=fifth)
        yield writer.of(GET, "after it was restored with a key")


def by_others(writer: Writer) -> Iterator[Exchange]:
    """Yield requests of those who may not do this."""
    yield writer.create("to be kept from others")
    for caller in (ANOTHER, STRANGER, UNSCOPED, BY_PASSWORD):
        yield writer.of(GET, f"by {caller}", caller=caller)
        yield replace(writer.patch(f"by {caller}", {}), caller=caller)
        yield replace(writer.replace(f"by {caller}"), caller=caller)
        yield writer.of(DELETE, f"by {caller}", headers={"If-Match": TAG}, caller=caller)
    for caller in (STRANGER, UNSCOPED, BY_PASSWORD):
        yield writer.of(LIST, f"by {caller}", caller=caller)
        yield replace(writer.create(f"by {caller}"), caller=caller)
    yield writer.of(GET, "after others tried")


def deleted(writer: Writer) -> Iterator[Exchange]:
    """Yield deletes. The reserved owner leaves no memory of what is deleted for good, so nothing is tried after that."""
    for what, headers in CONDITIONS:
        yield writer.create(f"to be deleted {what}")
        yield writer.of(DELETE, what, headers=headers)
        yield writer.of(GET, f"after a delete {what}")
    yield writer.create("to be deleted")
    yield writer.of(DELETE, "that does not exist", headers={"If-Match": TAG}, target=UNKNOWN)
    yield writer.of(DELETE, "with an unknown parameter", headers={"If-Match": TAG}, query={"no-such-parameter": "1"})
    yield writer.of(DELETE, "with purge=x", headers={"If-Match": TAG}, query={"purge": "x"})
    yield writer.of(DELETE, "for good, of another version", headers={"If-Match": STALE}, query={"purge": "true"})
    yield writer.of(DELETE, "that exists", headers={"If-Match": TAG}, query={"purge": "false"})
    yield writer.of(DELETE, "that exists, to be sure", headers={"If-Match": TAG})
    yield writer.of(GET, "that was deleted")
    yield writer.of(GET, "that was deleted, if it has its tag", headers={"If-None-Match": TAG})
    yield writer.patch("that was deleted", {})
    yield writer.replace("that was deleted")
    yield writer.of(DELETE, "that was deleted", headers={"If-Match": TAG})


def restored(writer: Writer) -> Iterator[Exchange]:
    """Yield requests to what is in the trash, and to what has left it."""
    yield writer.create("to be restored")
    yield writer.of(RESTORE, "that exists", headers={"If-Match": "*"})
    yield writer.of(RESTORE, "that does not exist", target=UNKNOWN, headers={"If-Match": "*"})
    for what, headers in CONDITIONS:
        yield writer.of(DELETE, f"to be restored {what}", headers={"If-Match": TAG})
        yield writer.of(RESTORE, what, headers=headers)
    yield writer.of(GET, "that was restored")
    yield writer.of(DELETE, "for good", headers={"If-Match": "*"}, query={"purge": "true"})
    yield writer.of(GET, "that was deleted for good")
    yield writer.of(RESTORE, "that was deleted for good", headers={"If-Match": "*"})
    yield writer.create("to be purged from the trash")
    yield writer.of(DELETE, "before it is purged", headers={"If-Match": TAG})
    yield writer.of(DELETE, "from the trash", headers={"If-Match": TAG}, query={"purge": "true"})
    yield writer.of(RESTORE, "that was purged from the trash", headers={"If-Match": "*"})


def others(writer: Writer) -> Iterator[Exchange]:
    """Yield the operations that the round trip of a release calls, beside those of the resource."""
    yield writer.create("for other operations")
    for call in writer.trip.calls:
        if call.kind == OTHER:
            headers = {"Content-Type": call.media_type} if call.media_type else {}
            text = json.dumps(call.body) if call.body is not None else None
            one = Exchange(
                call.operation,
                call.operation,
                OTHER,
                call.function,
                call.method,
                call.path,
                "",
                headers,
                text=text,
                scopes=writer.scopes,
            )
            if "{id}" not in call.path:
                yield one
                continue
            yield replace(one, target=MADE)
            yield replace(one, name=f"{one.name} that does not exist", target=UNKNOWN)
    yield writer.of(GET, "after other operations")


CHAINS = (reads, replaced, changed, repeated, by_others, deleted, others)  # of every contract
