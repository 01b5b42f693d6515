"""What is stored and what is shown, for a contract of many shapes: numbers, nulls, names, and what other versions stored."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import boto3
import httpx
import pytest
import yaml

from functions.aws.dynamodb import marshal, unmarshal
from tests import contracts
from tests.api.test_items import MERGE, content, problem
from tests.stack import ROOT

SIZE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["width"],
    "properties": {"width": {"type": "number"}, "unit": {"type": "string", "enum": ["cm", "in"]}},
}
FIELDS = {
    "size": SIZE,
    "sizes": {"type": "object", "additionalProperties": SIZE},
    "lines": {"type": "array", "items": SIZE},
    "open": {"type": "object", "properties": {"shown": {"type": "integer"}}},
    "any": {},
    "kind": {"type": "string", "nullable": True, "enum": ["a", "b", None]},
    "code": {"type": "string", "pattern": r"^(?<start>[A-Z]+\d?$)"},
    "price": {"type": "number"},
    "count": {"type": "integer", "format": "int64"},
    "numbers": {"type": "array", "items": {"type": "number"}},
    "notes": {"type": "array", "items": {"type": "string", "nullable": True}},
    "labels": {"type": "object", "additionalProperties": {"type": "string", "nullable": True}},
    **{name: {"type": "string"} for name in ("constructor", "toString", "valueOf", "a.b c", "#x", ":y")},
    **{f"field{n}": {"type": "string"} for n in range(180)},
}
WIDE = {"Authorization": "Bearer wide"}  # an owner of its own
Make = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def api(table: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The functions with these fields besides those of the tests' contract, and a real table."""
    document: Any = contracts.document()
    document["components"]["schemas"]["ItemContent"]["properties"] |= FIELDS
    path = tmp_path_factory.mktemp("contract") / "wide.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    log = path.with_suffix(".log")
    command = [sys.executable, "-m", "tests.contracts.serve", str(path)]
    with log.open("w") as lines:
        server = subprocess.Popen(command, cwd=ROOT, env=os.environ | table, stdout=lines)
    try:
        while not (printed := log.read_text(encoding="utf-8")).endswith("\n"):
            assert server.poll() is None
            time.sleep(0.05)
        with httpx.Client(base_url=f"http://127.0.0.1:{printed.strip()}/", headers=WIDE, timeout=60) as client:
            yield client
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def make(api: httpx.Client) -> Iterator[Make]:
    """Create an item and return it. It is deleted after the test."""
    created: list[str] = []

    def create(**fields: Any) -> dict[str, Any]:
        response = api.post(
            "items", content=json.dumps({"name": "x"} | fields), headers={"Content-Type": "application/json"}
        )
        assert response.status_code == 201, response.text
        created.append(response.json()["id"])
        item: dict[str, Any] = response.json()
        return item

    yield create
    for item_id in created:
        assert api.delete(f"items/{item_id}").status_code == 204


@pytest.fixture
def stored(table: dict[str, str]) -> Callable[..., dict[str, Any]]:
    """Return what the table has of an item, after changing some attributes as another version would have written them."""
    client = boto3.client(
        "dynamodb",
        region_name=table["AWS_REGION"],
        endpoint_url=table["AWS_ENDPOINT_URL"],
        aws_access_key_id=table["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=table["AWS_SECRET_ACCESS_KEY"],
    )

    def attributes(item: dict[str, Any], **changed: Any) -> dict[str, Any]:
        key = {"id": {"S": f"wide#{item['id']}"}}
        found = client.get_item(TableName=table["TABLE_NAME"], Key=key)["Item"]
        if changed:
            found |= marshal(changed)
            client.put_item(TableName=table["TABLE_NAME"], Item=found)
        return unmarshal(found)

    return attributes


def patch(api: httpx.Client, item: dict[str, Any], text: str) -> httpx.Response:
    return api.patch(f"items/{item['id']}", content=text, headers=MERGE)


def test_what_this_version_does_not_know_is_hidden_on_read_and_kept_on_write(
    api: httpx.Client, make: Make, stored: Any
) -> None:
    size, shown = {"width": 1, "depth": 3}, {"width": 1}
    item = make(size=shown, sizes={"a": shown, "b": shown}, lines=[shown])
    stored(item, size=size, sizes={"a": size, "b": size}, lines=[size], colour="red")
    path = f"items/{item['id']}"
    assert api.get(path).json() == item
    assert next(entry for entry in api.get("items").json()["items"] if entry["id"] == item["id"]) == item
    assert patch(api, item, '{"name": "y"}').json()["size"] == shown
    assert patch(api, item, '{"size": {"width": 2}, "sizes": {"b": {"width": 2}}}').json()["size"] == {"width": 2}
    assert api.put(path, json=content(item) | {"name": "z"}).json()["size"] == shown
    assert api.put(path, json={"name": "z", "size": {"width": 5}, "sizes": {"b": {"width": 5}}}).status_code == 200
    now = stored(item)
    assert (now["size"], now["sizes"]) == ({"width": 5, "depth": 3}, {"b": {"width": 5, "depth": 3}})
    assert (now["colour"], "lines" in now) == ("red", False)


def test_a_put_with_a_closed_object_respects_the_version(api: httpx.Client, make: Make) -> None:
    path = f"items/{make(size={'width': 1})['id']}"
    body = {"name": "y", "size": {"width": 2}}
    assert api.put(path, json=body, headers={"If-Match": '"1"'}).status_code == 200
    assert problem(api.put(path, json=body, headers={"If-Match": '"1"'}), 412)["current_version"] == 2
    problem(api.put(f"items/{uuid.uuid4()}", json=body), 404)


def test_only_what_a_patch_changes_is_validated(api: httpx.Client, make: Make, stored: Any) -> None:
    item = make()
    stored(item, size={"width": 1, "unit": "ell"}, kind="c", lines=[{}], price="a text once")
    response = patch(api, item, '{"name": "y", "size": {"width": 2}}')
    assert response.status_code == 200, response.text
    assert response.json()["size"] == {"width": 2, "unit": "ell"}
    assert response.json()["kind"] == "c"
    faults = problem(patch(api, item, '{"kind": "c", "size": {"unit": "ell"}, "lines": [{}]}'), 400)["errors"]
    assert sorted(fault["pointer"] for fault in faults) == ["/kind", "/lines/0/width", "/size/unit"]


def test_members_of_an_open_object_are_kept(api: httpx.Client, make: Make) -> None:
    item = make(open={"shown": 1, "other": {"deep": [None, 1]}, "constructor": "x"}, any={"a": [1, "1", None]})
    assert api.get(f"items/{item['id']}").json() == item
    assert patch(api, item, '{"open": {"shown": 2}}').json()["open"] == item["open"] | {"shown": 2}


def test_nulls_in_lists_and_maps_stay_as_they_are(api: httpx.Client, make: Make) -> None:
    item = make(notes=["a", None], labels={"a": None, "b": "x"})
    assert api.get(f"items/{item['id']}").json() == item
    assert patch(api, item, '{"labels": {"b": "y"}}').json()["labels"] == {"a": None, "b": "y"}
    changed = patch(api, item, '{"notes": [null, "b", null], "labels": {"a": null, "c": null}}').json()
    assert (changed["notes"], changed["labels"]) == ([None, "b", None], {"b": "y"})
    assert patch(api, item, '{"any": {"a": null, "b": [null, {"c": null}]}}').json()["any"] == {
        "b": [None, {"c": None}]
    }


def test_a_nullable_enum_takes_null_where_it_can_be_sent(api: httpx.Client, make: Make) -> None:
    item = make(kind=None)
    assert api.get(f"items/{item['id']}").json()["kind"] is None
    assert patch(api, item, '{"kind": "a"}').json()["kind"] == "a"
    assert "kind" not in patch(api, item, '{"kind": null}').json()
    fault = problem(patch(api, item, '{"kind": "null"}'), 400)["errors"]
    assert fault == [{"pointer": "/kind", "detail": "must be one of a, b, null"}]


@pytest.mark.parametrize(
    ("field", "text"),
    [("count", "9223372036854775807"), ("count", "-9223372036854775808"), ("price", "0.1234567890123456789012345678901234567"),
     ("price", "12345678901234567.89"), ("price", "1E+125"), ("price", "1E-130"), ("price", "-0.0004"), ("price", "1.10")],
)  # fmt: skip
def test_numbers_are_kept_exactly(api: httpx.Client, make: Make, field: str, text: str) -> None:
    item = make()
    path = f"items/{item['id']}"
    for response in (
        patch(api, item, f'{{"{field}": {text}}}'),
        api.put(path, content=f'{{"name": "x", "{field}": {text}}}', headers={"Content-Type": "application/json"}),
        api.get(path),
        patch(api, item, '{"name": "beside it"}'),
    ):
        assert response.status_code == 200, response.text
        assert json.loads(response.text, parse_float=Decimal)[field] == Decimal(text)


@pytest.mark.parametrize(
    ("field", "text", "detail"),
    [("count", "9223372036854775808", "int64"), ("price", "0." + "1" * 39, "38 significant digits"), ("price", "1" * 39, "38"),
     ("price", "1e126", "1e126"), ("count", "1" + "0" * 38, "38 digits"), ("price", "1" * 5000, "too many digits")],
)  # fmt: skip
def test_a_number_that_cannot_be_kept_is_refused_with_the_reason(
    api: httpx.Client, make: Make, field: str, text: str, detail: str
) -> None:
    faults = problem(patch(api, make(), f'{{"{field}": {text}}}'), 400)["errors"]
    assert detail in faults[0]["detail"]


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ('"price": 1', '"price": 1.0'),
        ('"price": 1.10', '"price": 1.1'),
        ('"price": 100', '"price": 1e2'),
        ('"price": 0', '"price": 0e400'),
        ('"count": 1', '"count": 1.0'),
        ('"count": 100', '"count": 1e2'),
        ('"count": -30', '"count": -300.0e-1'),
        ('"any": [1.50]', '"any": [15e-1]'),
        ('"any": {"a": 1, "b": 2.0}', '"any": { "b": 2, "a": 1 }'),
        ('"kind": "a"', '"kind": "\\u0061"'),
        ('"any": 1e125', '"any": 10E+124'),
    ],
)
def test_the_same_value_in_another_spelling_is_replayed(api: httpx.Client, first: str, again: str) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"}
    created = api.post("items", content=f'{{"name": "x", {first}}}', headers=headers)
    replayed = api.post("items", content=f'{{{again}, "name": "x"}}', headers=headers)
    assert (created.status_code, replayed.status_code) == (201, 201), replayed.text
    assert replayed.headers["idempotent-replayed"] == "true"
    assert replayed.json() == created.json()
    assert api.delete(f"items/{created.json()['id']}").status_code == 204


@pytest.mark.parametrize(
    ("first", "other"),
    [("1.5", '"1.5"'), ('["1.5"]', "1.5"), ("1", "true"), ("0", "false"), ("null", '""'), ("[]", "{}")],
)
def test_another_value_is_not_replayed(api: httpx.Client, first: str, other: str) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"}
    created = api.post("items", content=f'{{"name": "x", "any": {first}}}', headers=headers)
    problem(api.post("items", content=f'{{"name": "x", "any": {other}}}', headers=headers), 422)
    assert api.delete(f"items/{created.json()['id']}").status_code == 204


def test_the_end_of_a_pattern_is_the_end_of_the_text(api: httpx.Client, make: Make) -> None:
    item = make(code="AB1")
    for code in ('"AB1\\n"', '"AB\\u0661"', '"AB1\\u2028"', '"\\nAB1"'):
        fault = problem(patch(api, item, f'{{"code": {code}}}'), 400)["errors"]
        assert fault == [{"pointer": "/code", "detail": r"must match ^(?<start>[A-Z]+\d?$)"}]


def test_properties_may_have_the_names_that_objects_inherit(api: httpx.Client, make: Make) -> None:
    names = ["constructor", "toString", "valueOf", "a.b c", "#x", ":y"]
    item = make(**dict.fromkeys(names, "1"))
    path = f"items/{item['id']}"
    assert api.get(path).json() == item
    assert content(api.put(path, json={"name": "x", "toString": "2"}).json()) == {"name": "x", "toString": "2"}
    assert patch(api, item, '{"toString": null, "constructor": "3"}').json()["constructor"] == "3"
    assert patch(api, item, '{"any": {"__proto__": 1}}').json()["any"] == {"__proto__": 1}
    fault = problem(patch(api, item, '{"hasOwnProperty": "x"}'), 400)["errors"]
    assert fault == [{"pointer": "/hasOwnProperty", "detail": "is not a known property"}]


def test_every_field_can_be_changed_and_removed_at_once(api: httpx.Client, make: Make) -> None:
    every = {"name": "x"} | {name: "y" for name, schema in FIELDS.items() if schema == {"type": "string"}}
    item = make()
    path = f"items/{item['id']}"
    assert content(api.put(path, json=every).json()) == every
    assert content(api.put(path, json={"name": "x"}).json()) == {"name": "x"}
    assert content(patch(api, item, json.dumps(every)).json()) == every


def test_an_item_of_numbers_with_many_zeros_fits_a_page(api: httpx.Client, make: Make, stored: Any) -> None:
    item = make(numbers=[10**125])
    stored(item, numbers=[Decimal("1e125")] * 30_000)  # 3.8 MB, were every zero written
    for response in (api.get(f"items/{item['id']}"), api.get("items?order=desc&limit=1")):
        assert response.status_code == 200
        assert len(response.text) < 300_000
    (entry,) = response.json()["items"]
    assert (entry["id"], len(entry["numbers"]), set(entry["numbers"])) == (item["id"], 30_000, {1e125})


def test_a_patch_of_thousands_of_unknown_fields_has_a_small_response(api: httpx.Client, make: Make) -> None:
    item = make(size={"width": 1})
    for text in (
        json.dumps({f"unknown{n}": n for n in range(5000)}),
        json.dumps({f"unknown{n}": None for n in range(5000)}),
        json.dumps({"size": {f"unknown{n}": n for n in range(5000)}}),
        json.dumps({"labels": {f"k{n}": n for n in range(5000)}}),
    ):
        response = patch(api, item, text)
        assert len(problem(response, 400)["errors"]) in (21, 101)
        assert len(response.text) < 10_000


def test_a_patch_nested_thousands_of_levels_is_400(api: httpx.Client, make: Make) -> None:
    item = make(open={"shown": 1})
    for text in (
        '{"open": ' + '{"a": ' * 900 + "1" + "}" * 900 + "}",
        '{"open": {"a": ' + "[" * 900 + "]" * 900 + "}}",
    ):
        assert "levels deep" in problem(patch(api, item, text), 400)["errors"][0]["detail"]
