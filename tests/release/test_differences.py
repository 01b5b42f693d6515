"""Which differences between two versions a comparison of answers reports, in a service of one table and a few lines."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from crudctl.build import service
from crudctl.build.judge import Judge
from crudctl.build.script import Exchange
from crudctl.build.service import CREATE, DELETE, GET, LIST, PATCH, REPLACE
from crudctl.release.differential import differences
from crudctl.release.offered import REQUIRE_IF_MATCH, Intended, asked
from crudctl.release.order import TRASH_DAYS
from tests import contracts

Json = dict[str, Any]
CONTRACT: Any = contracts.document()
DESCRIBED = service.describe(CONTRACT)
SCRIPT, SAME = asked(CONTRACT, CONTRACT)
OLD, NEW = dict.fromkeys(DESCRIBED.functions, "1"), dict.fromkeys(DESCRIBED.functions, "2")
FIELD = next(iter(DESCRIBED.sample))
Change = Callable[[Exchange, Json], Json | None]  # of a response, in place or by another one


class Table:
    """What both versions work on. `changes` is what a version does otherwise, `judges` which content it takes."""

    def __init__(self, judges: Mapping[str, Judge] | None = None, **changes: Change) -> None:
        self.judges = judges or {}
        self.stored: dict[str, Json] = {}
        self.changes = {name.removeprefix("v"): change for name, change in changes.items()}
        self._ids = itertools.count(1)

    def __call__(self, version: str, exchange: Exchange, resource: str) -> Mapping[str, Any]:
        judge = self.judges.get(version)
        refused = judge is not None and exchange.content is not None and not judge.takes(exchange.content)
        status, body = (400, {}) if refused else self._served(exchange, resource)
        response = {"statusCode": status, "headers": {"ETag": '"1"'}, "body": json.dumps(body)}
        change = self.changes.get(version)
        other = change(exchange, response) if change else None
        return response if other is None else other

    def _served(self, exchange: Exchange, resource: str) -> tuple[int, Any]:
        if exchange.kind == LIST:
            return 200, {DESCRIBED.page: copy.deepcopy(list(self.stored.values())), "next_cursor": None}
        if exchange.kind == CREATE:
            return self._created(exchange) if exchange.content is not None else (400, {"title": "Bad request"})
        if resource not in self.stored:
            return 404, {"title": "Not found"}
        if exchange.kind in (PATCH, REPLACE):
            self.stored[resource]["updated_at"] = now()
        if exchange.kind == DELETE:
            del self.stored[resource]
            return 204, None
        return 200, copy.deepcopy(self.stored[resource])

    def _created(self, exchange: Exchange) -> tuple[int, Any]:
        number, time = f"00000000-0000-4000-8000-{next(self._ids):012d}", now()
        self.stored[number] = {**exchange.content, "id": number, "created_at": time, "updated_at": time}
        return 201, copy.deepcopy(self.stored[number])


def now() -> str:
    """Return the time as the functions write it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def found(table: Table, known: Intended = SAME) -> list[str]:
    """Return the differences between both versions."""
    return differences(table, SCRIPT, OLD, NEW, known, at_once=1)


def of(kind: str, change: Callable[[Json], object]) -> Change:
    """Return what a version does otherwise in the body of its good answers to one kind of operation."""

    def changed(exchange: Exchange, response: Json) -> Json | None:
        if exchange.kind != kind or response["statusCode"] not in (200, 201):
            return None
        body = json.loads(response["body"])
        change(body)
        return {**response, "body": json.dumps(body)}

    return changed


def entries(change: Callable[[Json], object]) -> Callable[[Json], object]:
    """Return a change of each entry of a list."""
    return lambda page: [change(entry) for entry in page[DESCRIBED.page]]


def refuses(exchange: Exchange, response: Json) -> Json | None:
    """Refuse every good patch."""
    return {**response, "statusCode": 400} if exchange.kind == PATCH and response["statusCode"] == 200 else None


@pytest.mark.parametrize(
    ("change", "place", "matters"),
    [
        (of(LIST, entries(lambda one: one.pop("updated_at"))), "/0/updated_at is missing", "callers that read it find nothing"),
        (of(GET, lambda one: one.update(extra=1)), "/body/extra is new", "the contract does not announce it"),
        (of(GET, lambda one: one.update({FIELD: "secret"})), f"/body/{FIELD} is another value", "read something else"),
        (of(GET, lambda one: one.update({FIELD: [1]})), f"/body/{FIELD} is missing", "find nothing"),
        (of(GET, lambda one: one.update({FIELD: 7})), f"/body/{FIELD} is another type", "read something else"),
        (of(GET, lambda one: one.update(id="00000000-0000-4000-8000-000000000000")), "/body/id is another value", "else"),
        (of(PATCH, lambda one: one.update(updated_at=one["created_at"])), "/body/updated_at is another value", "else"),
        (refuses, "200 -> 400", "what callers send today is refused"),
        (lambda exchange, _: {} if exchange.kind == GET else None, "200 -> a crash", "the request fails"),
        (lambda one, response: {**response, "headers": {}} if one.kind == GET else None, "/headers/etag is missing", "nothing"),
    ],
)  # fmt: skip
def test_a_difference_is_named_by_path_with_why_it_matters(change: Change, place: str, matters: str) -> None:
    lines = found(Table(v2=change))
    assert any(place in line and matters in line for line in lines), lines
    assert not any("secret" in line for line in lines)


def test_the_same_answers_are_no_difference() -> None:
    assert found(Table()) == []


def test_a_place_is_named_once_however_many_requests_show_it() -> None:
    lines = found(Table(v2=of(LIST, entries(lambda one: one.pop("updated_at")))))
    assert len([line for line in lines if "updated_at" in line]) == 1
    assert "other requests" in lines[0]


def test_what_the_old_version_does_now_and_then_is_no_difference() -> None:
    flips = itertools.cycle((True, False))
    assert not any(
        "extra" in line for line in found(Table(v1=of(GET, lambda one: next(flips) and one.update(extra=1))))
    )


def test_what_happens_once_is_no_difference() -> None:
    once = iter([True])
    assert found(Table(v2=of(GET, lambda one: one.update(extra=1) if next(once, False) else None))) == []


def test_what_the_new_version_stores_has_to_suit_the_old_one() -> None:
    table = Table()

    def stores_and_hides(exchange: Exchange, response: Json) -> Json:
        if exchange.kind == CREATE and response["statusCode"] == 201:
            table.stored[json.loads(response["body"])["id"]]["stored_by"] = "2"
        return {**response, "body": response["body"].replace(', "stored_by": "2"', "")}

    table.changes["2"] = stores_and_hides
    lines = found(table)
    assert any("of what the new version made: /body/stored_by is new" in line for line in lines), lines


def test_all_that_was_created_is_deleted_by_the_old_version() -> None:
    table = Table(v2=lambda exchange, response: {**response, "statusCode": 204} if exchange.kind == DELETE else None)
    found(table)
    assert table.stored == {}


def test_what_was_created_is_deleted_if_a_request_fails_in_between() -> None:
    def fails(exchange: Exchange, _: Json) -> None:
        if exchange.kind == PATCH:
            raise ConnectionError

    table = Table(v2=fails)
    with pytest.raises(ConnectionError):
        found(table)
    assert table.stored == {}


WHOLE = next(one.content for one in SCRIPT.exchanges if one.name.endswith("with a key"))


def changed(field: str, schema: Json | None, **more: Any) -> Any:
    """Return the contract with another schema of a field, or without the field."""
    document = copy.deepcopy(CONTRACT)
    content = document["components"]["schemas"][DESCRIBED.content_schema]
    content["properties"].pop(field, None)
    if schema is not None:
        content["properties"][field] = schema
    content.update(more)
    media = document["paths"][DESCRIBED.operation(CREATE).path]["post"]["requestBody"]["content"]["application/json"]
    media["examples"] = {
        "whole": {"value": {name: value for name, value in WHOLE.items() if name in content["properties"]}}
    }
    return document


TEXT = next(name for name, schema in DESCRIBED.fields.items() if schema.get("maxLength"))
NARROWER = {**DESCRIBED.fields[TEXT], "maxLength": DESCRIBED.fields[TEXT]["maxLength"] // 2}
INTENDED = {
    "a new optional field": changed("colour", {"type": "string"}),
    "a narrower bound": changed(TEXT, NARROWER),
    "a field that became required": changed(TEXT, DESCRIBED.fields[TEXT], required=list(WHOLE)),
    "a field that was removed": changed([*WHOLE][-1], None),
}


@pytest.mark.parametrize("what", INTENDED)
def test_what_the_contract_has_changed_is_no_difference(what: str) -> None:
    new = INTENDED[what]
    script, known = asked(CONTRACT, new)
    table = Table({"1": Judge(CONTRACT), "2": Judge(new)})
    assert differences(table, script, OLD, NEW, known, at_once=1) == []


@pytest.mark.parametrize("what", INTENDED)
def test_nothing_else_is_excused_by_it(what: str) -> None:
    new = INTENDED[what]
    script, known = asked(CONTRACT, new)
    table = Table({"1": Judge(CONTRACT), "2": Judge(new)}, v2=refuses)
    lines = differences(table, script, OLD, NEW, known, at_once=1)
    assert any("200 -> 400" in line for line in lines)


def test_a_field_in_an_answer_that_the_contract_has_added_is_no_difference_anywhere_but_there() -> None:
    _, new = asked(CONTRACT, changed("title", {"type": "string"}))
    assert found(Table(v2=of(GET, lambda one: one.update(title="x"))), new) == []
    problem = Table(
        v2=lambda one, response: {**response, "body": '{"detail": "x"}'} if response["statusCode"] == 404 else None
    )
    assert any("/body/title is missing" in line for line in found(problem, new))


def test_versions_of_a_contract_that_is_not_known_are_compared_unless_they_differ_in_what_they_take() -> None:
    assert found(Table(v2=refuses), asked(None, CONTRACT)[1])
    wider = changed("colour", {"type": "string"})
    table = Table({"1": Judge(CONTRACT), "2": Judge(wider)}, v2=refuses)
    script, known = asked(None, wider)
    assert differences(table, script, OLD, NEW, known, at_once=1) == []


def test_an_old_contract_that_cannot_be_kept_is_as_good_as_unknown() -> None:
    old = changed(TEXT, {"type": "string", "oneOf": []})
    script, known = asked(old, CONTRACT)
    assert (script, known.before) == (SCRIPT, None)


def requires_if_match(exchange: Exchange, response: Json) -> Json | None:
    """Refuse a change without If-Match."""
    refused = exchange.kind in (PATCH, REPLACE, DELETE) and "If-Match" not in exchange.headers
    return {**response, "statusCode": 428} if refused else None


def hides_deletes(exchange: Exchange, response: Json) -> Json | None:
    """Respond otherwise to a delete."""
    return {**response, "statusCode": 202} if exchange.kind == DELETE else None


@pytest.mark.parametrize(("setting", "change"), [(REQUIRE_IF_MATCH, requires_if_match), (TRASH_DAYS, hides_deletes)])
def test_what_a_setting_has_changed_is_no_difference(setting: str, change: Change) -> None:
    changed_settings = replace(SAME, settings=frozenset([setting]))
    assert found(Table(v2=change)) != []
    assert found(Table(v2=change), changed_settings) == []
    assert any("200 -> 400" in line for line in found(Table(v2=refuses), changed_settings))
