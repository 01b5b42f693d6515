"""Writes the exchanges of a contract: to every operation, valid requests, requests at the bounds, and each kind of fault.

Two versions that behave alike answer each of these alike (release/differential.py). Knows neither Lambda nor HTTP clients.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from crudctl.build import bodies, round_trip, service, values
from crudctl.build.judge import Judge
from crudctl.build.script import (
    ANOTHER,
    CURSOR,
    JSON,
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
    Script,
)
from crudctl.build.service import CREATE, DELETE, GET, LIST, OTHER, PATCH, REPLACE, RESTORE, Service

SEND_JSON = {"Content-Type": JSON}
TAGGED = {**SEND_JSON, "If-Match": TAG}
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


def script(document: Mapping[str, Any], other: Mapping[str, Any] | None = None) -> Script:
    """Return the exchanges of a contract, with content that another one takes too, as far as there is any.

    Raises:
        ContractError: A contract cannot be described or kept.
    """
    writer = _Writer(document, document if other is None else other)
    return Script(
        tuple(tuple(chain) for chain in writer.apart()), tuple(writer.story()), writer.listing(), writer.purge()
    )


class _Writer:
    def __init__(self, document: Mapping[str, Any], other: Mapping[str, Any]) -> None:
        self._described: Service = service.describe(document)
        self._judges = [Judge(document), Judge(other)]
        self._schemas = [
            service.content_of(each, service.describe(each).content_schema)["properties"] for each in (document, other)
        ]
        self._fields = {name: schema for name, schema in self._schemas[0].items() if name in self._schemas[1]}
        self._least = self._shared(dict(self._described.sample), dict(service.describe(other).sample))
        self._sample = self._whole(self._least)
        self._trip = round_trip.plan(document)
        self._scopes = tuple(sorted({scope for judge in self._judges for scope in judge.scopes()}))

    def _shared(self, one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
        """Return content that both contracts take; that of the first if none is found."""
        known = [{name: value for name, value in each.items() if name in self._fields} for each in (one, other)]
        candidates = [*known, {**known[0], **known[1]}, {**known[1], **known[0]}]
        return next((each for each in candidates if self._takes(each)), one)

    def _takes(self, content: Any) -> bool:
        return all(judge.takes(content) for judge in self._judges)

    def _whole(self, content: dict[str, Any]) -> dict[str, Any]:
        """Return the content with a value of every field for which a valid one can be derived."""
        for name in self._fields:
            if name not in content:
                candidates = [value for value in self._values_of(name) if value not in (None, "", [], {})]
                whole = ({**content, name: value} for value in candidates)
                content = next((each for each in whole if self._takes(each)), content)
        return content

    def _values_of(self, name: str) -> list[Any]:
        schema = self._fields[name]
        return [*values.made(schema), *(value for _, value in values.of(schema))]

    def _of(self, kind: str, what: str, **more: Any) -> Exchange:
        one = self._described.operation(kind)
        target = more.pop("target", MADE if "{id}" in one.path else "")
        named = f"{one.id} {what}".strip()
        return replace(
            Exchange(named, one.id, kind, one.function, one.method, one.path, target, scopes=self._scopes), **more
        )

    def _create(self, what: str, content: Any = None, **headers: Any) -> Exchange:
        content = self._sample if content is None else content
        return self._of(CREATE, what, headers={**SEND_JSON, **headers}, text=json.dumps(content), content=content)

    def _patch(self, what: str, patch: Any, whole: Any = None, **headers: Any) -> Exchange:
        sent = {"Content-Type": MERGE, "If-Match": TAG, **headers}
        return self._of(PATCH, what, headers=sent, text=json.dumps(patch), content=whole)

    def _replace(self, what: str, content: Any = None, **headers: Any) -> Exchange:
        content = self._sample if content is None else content
        return self._of(REPLACE, what, headers={**TAGGED, **headers}, text=json.dumps(content), content=content)

    def listing(self) -> Exchange:
        """Return the request that lists what there is."""
        return self._of(LIST, "to settle")

    def purge(self) -> Exchange:
        """Return the request that deletes for good."""
        query = {"purge": "true"} if "purge" in self._judges[0].parameters(self._described.operation(DELETE).id) else {}
        return self._of(DELETE, "for good, to clean up", headers={"If-Match": "*"}, query=query)

    def apart(self) -> Iterator[Iterator[Exchange]]:
        """Yield the chains that need nothing of each other."""
        for name in self._fields:
            yield self._stored(name)
            yield self._patched(name)
        yield self._bodies()
        yield self._reads()
        yield self._replaced()
        yield self._changed()
        yield self._repeated()
        yield self._by_others()
        yield self._deleted()
        if self._described.trash:
            yield self._restored()
        yield self._others()

    def _values(self, name: str) -> Iterator[tuple[str, Any]]:
        """Yield the values of a field by both contracts, each once."""
        found: dict[str, tuple[str, Any]] = {}
        for schemas in self._schemas:
            for what, value in values.of(schemas[name], self._sample.get(name)):
                found.setdefault(json.dumps(value), (what, value))
        yield from ((f"{what} ({number})", value) for number, (what, value) in enumerate(found.values()))

    def _stored(self, name: str) -> Iterator[Exchange]:
        """Yield a create for each value of a field, and a read of what it made."""
        for what, value in self._values(name):
            content = {**self._sample, name: value}
            yield self._create(f"with /{name} {what}", content)
            if self._takes(content):
                yield self._of(GET, f"with /{name} {what}")
        without = {key: value for key, value in self._sample.items() if key != name}
        yield self._create(f"without /{name}", without)
        if self._takes(without):
            yield self._of(GET, f"without /{name}")

    def _patched(self, name: str) -> Iterator[Exchange]:
        """Yield patches of a field: its first values that are valid and that are not, none, and parts of an object."""
        yield self._create(f"to be patched at /{name}")
        given = [(what, value, self._takes({**self._sample, name: value})) for what, value in self._values(name)]
        chosen = [one for one in given if one[2] and one[1] is not None][:3]
        chosen += [one for one in given if not one[2] and one[1] is not None][:2]
        for what, value, _ in chosen:
            yield self._patch(f"with /{name} {what}", {name: value}, {**self._sample, name: value})
        for number, part in enumerate(self._parts(name)):
            yield self._patch(f"with part {number} of /{name}", {name: part})
        yield self._patch(f"without /{name}", {name: None}, {k: v for k, v in self._sample.items() if k != name})
        if name in self._sample:
            yield self._patch(f"with /{name} again", {name: self._sample[name]}, self._sample)
        yield self._of(GET, f"patched at /{name}")

    def _parts(self, name: str) -> Iterator[Any]:
        """Yield patches of an object: of each property, what is removed, and what is put in its place."""
        if any(
            schemas[name].get("type") != "object" or schemas[name] != self._fields[name] for schemas in self._schemas
        ):
            return
        schema = self._fields[name]
        inner = {**schema.get("properties", {}), "key": schema.get("additionalProperties", True)}
        for key, own in inner.items():
            value = next(iter(values.made(own if isinstance(own, dict) else {})), "text")
            yield from ({key: value}, {key: None}, {key: {"no": ["value"]}}, {key: value})
        yield from (
            {"key": None, "other": {"deep": None}},
            {f"k{number}": "v" for number in range(60)},
            {"k" * 256: "v"},
        )
        yield from ("text", None, {"key": "text", "\ud800": "text"})

    def _bodies(self) -> Iterator[Exchange]:
        """Yield requests whose bodies are no content."""
        for body in bodies.of(self._sample):
            yield self._of(CREATE, f"with a body {body.what}", headers=body.headers, text=body.text, base64=body.base64)
        for number, content in enumerate(bodies.contents(self._sample)):
            yield self._create(f"with content {number} that is not allowed", content)
        yield self._create("without properties", {})
        yield self._create("with what is required", self._least)
        yield self._of(GET, "with what is required")
        texts = {**self._sample, "id": "0", "version": 7, "created_at": "x", "updated_at": 1}
        yield replace(self._create("with what the service sets"), text=json.dumps(texts))
        yield self._of(GET, "with what the service sets")

    def _reads(self) -> Iterator[Exchange]:
        yield self._create("to be read")
        for what, headers in (*CONDITIONS, *TRACED):
            yield self._of(GET, what, headers=headers)
        yield self._of(GET, "of a list of tags with gaps", headers={"If-None-Match": f' , "0" ,{TAG},'})
        yield self._of(GET, "of two conditions", headers={"If-None-Match": [STALE, TAG]})
        yield self._of(GET, "by HEAD", method="HEAD")
        yield self._of(GET, "by a method that the path has not", method="TRACE")
        yield self._of(GET, "that does not exist", target=UNKNOWN)
        yield self._of(GET, "by what is no id", target=NO_ID)
        yield self._of(GET, "with an unknown parameter", query={"no-such-parameter": "1"})
        yield self._of(GET, "with many unknown parameters", query={f"no-{n}": "1" for n in range(25)})

    def _replaced(self) -> Iterator[Exchange]:
        yield self._create("to be replaced")
        for what, headers in CONDITIONS:
            yield self._of(
                REPLACE, what, headers={**SEND_JSON, **headers}, text=json.dumps(self._sample), content=self._sample
            )
        yield self._replace("by what is required", self._least)
        yield self._of(GET, "after it was replaced by what is required")
        yield self._replace("by what was there")
        yield replace(
            self._replace("by what the service returned"), text=json.dumps({**self._sample, "id": "x", "version": 0})
        )
        yield self._replace("by nothing", {})
        yield self._replace("by an unknown property", {**self._sample, "no-such-property": 1})
        yield replace(self._replace("that does not exist"), target=UNKNOWN)
        yield replace(self._replace("by a list"), text="[]", content=None)
        yield self._of(GET, "after it was replaced")

    def _changed(self) -> Iterator[Exchange]:
        yield self._create("to be changed")
        name = next(iter(self._sample))
        patch = {name: self._sample[name]}
        for what, headers in CONDITIONS:
            sent = {"Content-Type": MERGE, **headers}
            yield self._of(PATCH, what, headers=sent, text=json.dumps(patch), content=self._sample)
        yield self._patch("with nothing", {})
        yield self._patch("of plain JSON", patch, self._sample, **SEND_JSON)
        yield self._patch("with what the service sets", {"id": "x", "version": 9, **patch})
        yield self._patch("with an unknown property", {"no-such-property": 1})
        yield self._patch("with many unknown properties", {f"no-{n}": 1 for n in range(25)})
        yield self._patch("without an unknown property", {"no-such-property": None})
        yield self._patch(
            "of two faults and a parameter", {"no-such-property": 1, name: {"no": "value"}}, **{"If-Match": "x"}
        )
        yield replace(self._patch("with a list", []))
        yield replace(self._patch("that does not exist", patch), target=UNKNOWN)
        yield replace(self._patch("by what is no id", patch), target=NO_ID)
        yield self._of(GET, "after it was changed")

    def _repeated(self) -> Iterator[Exchange]:
        """Yield requests with keys, and their repeats."""
        key, name = {"Idempotency-Key": f"{KEY}-1"}, next(iter(self._sample))
        patch = {name: self._sample[name]}
        yield (first := self._create("with a key", **key))
        yield replace(first, name=f"{first.name}, again")
        yield self._create("with the key in quotes", **{"Idempotency-Key": f'"{KEY}-1"'})
        yield self._create("with the key, and other content", self._least if self._least != self._sample else {}, **key)
        yield self._create("with the key, and no content", {}, **key)
        keys = {"empty": "", "longest": "k" * 255, "too long": "k" * 256, "odd": "a b", "escaped": r'"a\"b"'}
        for what, wrong in keys.items():
            yield self._create(f"with a key that is {what}", {}, **{"Idempotency-Key": wrong})
        second = {"Idempotency-Key": f"{KEY}-2"}
        yield (changed := self._patch("with a key", patch, self._sample, **second))
        yield replace(changed, name=f"{changed.name}, again")
        yield self._patch("with the key, and another change", {}, **second)
        yield self._replace("with the key", **second)
        yield self._replace("with another key", **{"Idempotency-Key": f"{KEY}-3"})
        yield self._replace("with another key, again", **{"Idempotency-Key": f"{KEY}-3"})
        yield self._create("with a key, after changes", **key)
        if self._described.trash:
            fourth = {"If-Match": TAG, "Idempotency-Key": f"{KEY}-4"}
            yield self._of(DELETE, "with a key", headers=fourth)
            yield self._of(DELETE, "with a key, again", headers=fourth)
            yield self._of(
                CREATE,
                "with a key, after it was deleted",
                headers={**SEND_JSON, **key},
                text=first.text,
                content=first.content,
            )
            fifth = {"If-Match": "*", "Idempotency-Key": f"{KEY}-5"}
            yield self._of(RESTORE, "with a key", headers=fifth)
            yield self._of(RESTORE, "with a key, again", headers=fifth)
            yield self._of(GET, "after it was restored with a key")

    def _by_others(self) -> Iterator[Exchange]:
        """Yield requests of those who may not do this."""
        yield self._create("to be kept from others")
        for caller in (ANOTHER, STRANGER, UNSCOPED):
            yield self._of(GET, f"by {caller}", caller=caller)
            yield replace(self._patch(f"by {caller}", {}), caller=caller)
            yield replace(self._replace(f"by {caller}"), caller=caller)
            yield self._of(DELETE, f"by {caller}", headers={"If-Match": TAG}, caller=caller)
        for caller in (STRANGER, UNSCOPED):
            yield self._of(LIST, f"by {caller}", caller=caller)
            yield replace(self._create(f"by {caller}"), caller=caller)
        yield self._of(GET, "after others tried")

    def _deleted(self) -> Iterator[Exchange]:
        """Yield deletes. The reserved owner leaves no memory of what is deleted for good, so nothing is tried after that."""
        for what, headers in CONDITIONS:
            yield self._create(f"to be deleted {what}")
            yield self._of(DELETE, what, headers=headers)
            yield self._of(GET, f"after a delete {what}")
        yield self._create("to be deleted")
        yield self._of(DELETE, "that does not exist", headers={"If-Match": TAG}, target=UNKNOWN)
        yield self._of(DELETE, "with an unknown parameter", headers={"If-Match": TAG}, query={"no-such-parameter": "1"})
        yield self._of(DELETE, "with purge=x", headers={"If-Match": TAG}, query={"purge": "x"})
        yield self._of(DELETE, "for good, of another version", headers={"If-Match": STALE}, query={"purge": "true"})
        yield self._of(DELETE, "that exists", headers={"If-Match": TAG}, query={"purge": "false"})
        yield self._of(DELETE, "that exists, to be sure", headers={"If-Match": TAG})
        yield self._of(GET, "that was deleted")
        yield self._of(GET, "that was deleted, if it has its tag", headers={"If-None-Match": TAG})
        yield self._patch("that was deleted", {})
        yield self._replace("that was deleted")
        yield self._of(DELETE, "that was deleted", headers={"If-Match": TAG})

    def _restored(self) -> Iterator[Exchange]:
        yield self._create("to be restored")
        yield self._of(RESTORE, "that exists", headers={"If-Match": "*"})
        yield self._of(RESTORE, "that does not exist", target=UNKNOWN, headers={"If-Match": "*"})
        for what, headers in CONDITIONS:
            yield self._of(DELETE, f"to be restored {what}", headers={"If-Match": TAG})
            yield self._of(RESTORE, what, headers=headers)
        yield self._of(GET, "that was restored")
        yield self._of(DELETE, "for good", headers={"If-Match": "*"}, query={"purge": "true"})
        yield self._of(GET, "that was deleted for good")
        yield self._of(RESTORE, "that was deleted for good", headers={"If-Match": "*"})
        yield self._create("to be purged from the trash")
        yield self._of(DELETE, "before it is purged", headers={"If-Match": TAG})
        yield self._of(DELETE, "from the trash", headers={"If-Match": TAG}, query={"purge": "true"})
        yield self._of(RESTORE, "that was purged from the trash", headers={"If-Match": "*"})

    def _others(self) -> Iterator[Exchange]:
        """Yield the operations that the round trip of a release calls, beside those of the resource."""
        yield self._create("for other operations")
        for call in self._trip.calls:
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
                    scopes=self._scopes,
                )
                if "{id}" not in call.path:
                    yield one
                    continue
                yield replace(one, target=MADE)
                yield replace(one, name=f"{one.name} that does not exist", target=UNKNOWN)
        yield self._of(GET, "after other operations")

    def story(self) -> Iterator[Exchange]:
        """Yield the chain that lists what there is."""
        yield self._of(LIST, "of nothing")
        for number in range(4):
            yield self._create(f"as number {number} of a list")
        for order in ("asc", "desc"):
            yield self._of(LIST, f"{order}, all", query={"order": order})
            yield self._of(LIST, f"{order}, page 1", query={"order": order, "limit": "2"})
            yield self._of(LIST, f"{order}, page 1 again", query={"order": order, "limit": "3"})
            yield self._of(LIST, f"{order}, page 2", query={"order": order, "limit": "3", "cursor": CURSOR})
        yield self._of(LIST, "without parameters")
        yield from self._of_parameters()
        yield self._of(LIST, "by one", query={"limit": "1"})
        yield self._of(LIST, "by one, with a cursor that was changed", query={"limit": "1", "cursor": f"{CURSOR}x"})
        yield self._of(LIST, "by one, before it is continued in another order", query={"limit": "1"})
        yield self._of(
            LIST, "by one, continued in another order", query={"limit": "1", "order": "desc", "cursor": CURSOR}
        )
        yield self._of(LIST, "with a parameter twice", query={"limit": ["1", "2"]})
        yield self._of(LIST, "with an unknown parameter", query={"no-such-parameter": "1"})
        yield self._of(LIST, "with a character that is not UTF-8", query={"order": "\ufffd"})
        yield self._patch("in a list", {})
        yield self._of(LIST, "after a change")
        yield self._of(DELETE, "in a list", headers={"If-Match": TAG})
        yield self._of(LIST, "after a delete")
        if self._described.trash:
            yield from self._trash()

    def _of_parameters(self) -> Iterator[Exchange]:
        """Yield a list for each value of each of its parameters."""
        operation = self._described.operation(LIST).id
        for name, schema in self._judges[0].parameters(operation).items():
            for number, (what, value) in enumerate(values.of(schema)):
                if isinstance(value, (str, int, float)) and str(value).isascii() and len(str(value)) < 500:
                    text = json.dumps(value) if not isinstance(value, str) else value
                    yield self._of(LIST, f"with {name} {what} ({number})", query={name: text})

    def _trash(self) -> Iterator[Exchange]:
        gone = {"deleted": "true"}
        yield self._of(LIST, "of the trash", query=gone)
        yield self._create("to be deleted too")
        yield self._of(DELETE, "too", headers={"If-Match": TAG})
        yield self._of(LIST, "of the trash, page 1", query={**gone, "limit": "1"})
        yield self._of(LIST, "of the trash, page 2", query={**gone, "limit": "1", "cursor": CURSOR})
        yield self._of(LIST, "of the trash, before it is continued elsewhere", query={**gone, "limit": "1"})
        yield self._of(LIST, "of no trash, with the cursor of the trash", query={"limit": "1", "cursor": CURSOR})
        yield self._of(RESTORE, "in a list", headers={"If-Match": "*"})
        yield self._of(LIST, "of the trash, after a restore", query=gone)
        yield self._of(LIST, "after a restore")
