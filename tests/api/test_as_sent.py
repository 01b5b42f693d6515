"""What is stored is exactly what was sent, or the request is a 400: bytes that are no text, properties twice, deep nesting."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import httpx
import pytest

from tests.api.test_items import MERGE, Make, problem

JSON = {"Content-Type": "application/json"}


def writes(api: httpx.Client, path: str, content: bytes | str) -> Iterator[httpx.Response]:
    """Send a body to create, replace and patch."""
    yield api.post("items", content=content, headers=JSON)
    yield api.put(path, content=content, headers=JSON)
    yield api.patch(path, content=content, headers=MERGE)


def pointers(response: httpx.Response) -> list[str]:
    return [fault["pointer"] for fault in problem(response, 400)["errors"]]


@pytest.mark.parametrize(
    "octets",
    [b"b\xfcro", b"\xc0\x80", b"\xe2\x82", b"\xed\xa0\x80", b"\xed\xa0\xbd\xed\xb8\x80", b"\xf5\x80\x80\x80", b"\xff",
     "\ufffd".encode()],
    ids=["Latin-1", "overlong", "cut", "surrogate", "surrogate pair", "beyond Unicode", "no UTF-8", "the stand-in itself"],
)  # fmt: skip
def test_bytes_that_are_not_utf_8_are_400(api: httpx.Client, make: Make, octets: bytes) -> None:
    item = make()
    path = f"items/{item['id']}"
    for text in (b'{"name": "' + octets + b'"}', b'{"attributes": {"' + octets + b'": "x"}, "name": "x"}'):
        for response in writes(api, path, text):
            (fault,) = problem(response, 400)["errors"]
            assert fault["pointer"] == ""
            assert "UTF-8" in fault["detail"]
            assert r"\ufffd" in fault["detail"]
    assert api.get(path).json() == item


def test_the_replacement_character_can_be_sent_escaped(api: httpx.Client, make: Make) -> None:
    path = f"items/{make()['id']}"
    for response in writes(api, path, r'{"name": "\ufffd", "attributes": {"\ufffd": "x"}}'):
        assert (response.json()["name"], response.json()["attributes"]) == ("\ufffd", {"\ufffd": "x"})
        if response.status_code == 201:
            assert api.delete(f"items/{response.json()['id']}").status_code == 204


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"name": "x", "name": "x"}', ["/name"]),
        (r'{"name": "x", "n\u0061me": "y", "name": "z"}', ["/name", "/name"]),
        ('{"name": "x", "colour": 1, "colour": 2}', ["/colour"]),
        ('{"name": "x", "version": 1, "version": 1}', ["/version"]),
        ('{"name": "x", "attributes": {"a/b": "1", "c": "2", "a/b": "3"}}', ["/attributes/a~1b"]),
        ('{"name": "x", "attributes": {"a": [0, {"b": 1, "b": 2}]}}', ["/attributes/a/1/b"]),
        ('{"name": {"a": 1, "a": 2}, "tags": [{"b": 1, "b": 1}], "name": 1}', ["/name", "/tags/0/b"]),
        (r'{"name": "x", "\ud800": 1, "\ud800": 2}', ["/?"]),
        (r'{"name": "x", "attributes": {"\udfff": {"a": 1, "a": 2}}}', ["/attributes/?/a"]),
        ('{"name": "x", "a": ' + "[" * 40 + '{"b": 1, "b": 2}' + "]" * 40 + ', "name": "y"}', ["/name", "/a" + "/0" * 30]),
    ],
)  # fmt: skip
def test_a_property_that_is_sent_twice_is_400(api: httpx.Client, make: Make, text: str, expected: list[str]) -> None:
    path = f"items/{make()['id']}"
    for response in writes(api, path, text):
        assert pointers(response) == expected


def test_a_body_of_thousands_of_repeated_properties_has_a_small_response(api: httpx.Client) -> None:
    text = '{"name": "x", ' + ", ".join(['"a": 1'] * 10_000) + "}"
    response = api.post("items", content=text, headers=JSON)
    assert len(pointers(response)) == 101
    assert len(response.text) < 10_000


@pytest.mark.parametrize(
    ("text", "pointer"),
    [(r'{"\ud800": 1}', "/?"), (r'{"a": {"\udfff": 1}}', "/a"), (r'{"attributes": {"\ud83d": "x"}}', "/attributes"),
     (r'{"attributes": {"\ud83d": null}}', "/attributes"), (r'{"name": "\ude00\ud83d"}', "/name"),
     (r'{"tags": [{"\ud800": "\ud800"}]}', "/tags/0"), (r'{"\ud800~/\udfff": null}', "/?~0~1?")],
)  # fmt: skip
def test_an_unpaired_surrogate_is_400_wherever_it_is(api: httpx.Client, make: Make, text: str, pointer: str) -> None:
    path = f"items/{make()['id']}"
    for response in writes(api, path, text):
        assert pointer in pointers(response)
        assert response.headers["access-control-allow-origin"] == "*"


def test_an_unknown_parameter_can_have_any_name(api: httpx.Client) -> None:
    for name in ("%ED%A0%80", "%FF", "%00", "x" * 300, "%F0%9F%92%A1"):
        (fault,) = problem(api.get(f"items?{name}=1"), 400)["errors"]
        assert fault["detail"] == "is not a known parameter"


@pytest.mark.parametrize("levels", [40, 990, 3000, 20_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")], ids=["arrays", "objects"])
def test_deep_nesting_is_400_in_every_field(
    api: httpx.Client, make: Make, levels: int, opening: str, closing: str
) -> None:
    item = make(attributes={"a": "x"})
    path = f"items/{item['id']}"
    deep = opening * levels + "1" + closing * levels
    for text in (deep, *(f'{{"{name}": {deep}}}' for name in ("name", "attributes", "colour", "id", "version"))):
        for response in writes(api, path, text):
            assert "nested" in problem(response, 400)["errors"][0]["detail"]
    assert api.get(path).json() == item


def test_the_fault_of_a_deep_value_is_where_it_becomes_too_deep(api: httpx.Client) -> None:
    deep = "[" * 40 + "]" * 40
    text = json.dumps({"name": "x", "tags": [1, 2]})[:-1] + f', "b": [0, {deep}], "c/d": {{"e": {deep}}}}}'
    response = api.post("items", content=text, headers=JSON | {"Idempotency-Key": str(uuid.uuid4())})
    assert pointers(response) == ["/b/1" + "/0" * 29, "/c~1d/e" + "/0" * 29]
