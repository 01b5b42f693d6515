"""Lists: order, pages and cursors."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from functions import handlers
from tests.api.conftest import Service
from tests.api.test_items import problem

ITEMS = 1000


@pytest.fixture(scope="module")
def thousand(service: Service) -> Iterator[list[str]]:
    """1,000 items of the second user, who has no others; their ids in order of creation."""
    api = service.client("second")
    for item_id in listed(api, "asc"):
        assert api.delete(f"items/{item_id}").status_code == 204

    def create(number: int) -> tuple[str, str]:
        item = api.post("items", json={"name": f"Item {number}"}).json()
        return item["created_at"], item["id"]

    with ThreadPoolExecutor(4) as pool:
        made = sorted(pool.map(create, range(ITEMS)))
    deadline = time.monotonic() + 30
    while len(listed(api, "asc")) < ITEMS and time.monotonic() < deadline:  # the index may lag
        time.sleep(0.5)
    yield [item_id for _, item_id in made]
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda entry: api.delete(f"items/{entry[1]}?purge=true").status_code, made)) <= {204, 404}


def pages(api: httpx.Client, **params: Any) -> Iterator[dict[str, Any]]:
    while True:
        response = api.get("items", params=params)
        assert response.status_code == 200, response.text
        page: dict[str, Any] = response.json()
        yield page
        if page["next_cursor"] is None:
            assert "link" not in response.headers
            return
        params["cursor"] = page["next_cursor"]


def listed(api: httpx.Client, order: str) -> list[str]:
    return [item["id"] for page in pages(api, limit=100, order=order) for item in page["items"]]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_paging_returns_each_of_1000_items_once_and_in_order(service: Service, thousand: list[str], order: str) -> None:
    ids = listed(service.client("second"), order)
    assert len(ids) == len(set(ids)) == ITEMS
    assert ids == (thousand if order == "asc" else thousand[::-1])


def test_a_page_has_at_most_limit_items_and_25_by_default(service: Service, thousand: list[str]) -> None:
    api = service.client("second")
    assert len(api.get("items").json()["items"]) == 25
    assert len(api.get("items", params={"limit": 7}).json()["items"]) == 7


def test_the_last_page_has_no_next_cursor(service: Service, thousand: list[str]) -> None:
    seen = list(pages(service.client("second"), limit=100))
    assert [len(page["items"]) for page in seen] == [100] * 10
    assert seen[-1]["next_cursor"] is None


def test_the_link_header_points_to_the_next_page(service: Service, thousand: list[str]) -> None:
    api = service.client("second")
    first = api.get("items", params={"limit": 3, "order": "desc"})
    match = re.fullmatch(r'<([^>]+)>; rel="next"', first.headers["link"])
    assert match
    following = api.get(first.request.url.join(match[1])).json()
    assert [item["id"] for item in first.json()["items"] + following["items"]] == thousand[:-7:-1]


def test_a_page_continues_after_an_item_that_was_deleted(service: Service, thousand: list[str]) -> None:
    api = service.client("first")
    made = [api.post("items", json={"name": "x"}).json()["id"] for _ in range(4)]
    page = api.get("items", params={"limit": 2, "order": "desc"}).json()
    assert api.delete(f"items/{page['items'][-1]['id']}").status_code == 204
    rest = api.get("items", params={"limit": 2, "order": "desc", "cursor": page["next_cursor"]}).json()
    assert [item["id"] for item in rest["items"]] == made[1::-1]
    assert {api.delete(f"items/{item_id}").status_code for item_id in made} == {204, 404}


def test_an_owner_without_items_has_an_empty_page(service: Service) -> None:
    if service.name == "in-process":
        response = service.client("first").get("items", headers={"Authorization": "Bearer nobody"})
        assert response.json() == {"items": [], "next_cursor": None}


def flipped(cursor: str) -> str:
    return ("A" if cursor[0] != "A" else "B") + cursor[1:]


def moved(cursor: str) -> str:
    check, _, item_id = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split("|")
    text = f"{check}|2020-01-01T00:00:00.000000Z|{item_id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def empty(_cursor: str) -> str:
    """Return a cursor for an empty position, with a valid check."""
    return handlers._cursor("second|asc", "", "")


@pytest.mark.parametrize(
    "forge",
    [flipped, moved, empty, lambda c: c[:-4], lambda c: c + "AAAA",
     lambda c: "x", lambda c: "\u00e9", lambda c: "%%%", lambda c: "a" * 400],
    ids=["bit flipped", "moved", "empty", "cut", "longer", "short", "not ascii", "not base64", "long"],
)  # fmt: skip
def test_a_forged_cursor_is_400(service: Service, thousand: list[str], forge: Any) -> None:
    api = service.client("second")
    cursor = api.get("items", params={"limit": 1}).json()["next_cursor"]
    faults = problem(api.get("items", params={"cursor": forge(cursor)}), 400)["errors"]
    assert faults[0]["parameter"] == "cursor"


def test_a_cursor_is_valid_only_for_its_owner_and_order(service: Service, thousand: list[str]) -> None:
    cursor = service.client("second").get("items", params={"limit": 1}).json()["next_cursor"]
    problem(service.client("first").get("items", params={"cursor": cursor}), 400)
    problem(service.client("second").get("items", params={"cursor": cursor, "order": "desc"}), 400)
    assert service.client("second").get("items", params={"cursor": cursor, "limit": 2}).status_code == 200


@pytest.mark.parametrize(
    ("params", "parameter"),
    [({"limit": 0}, "limit"), ({"limit": 101}, "limit"), ({"limit": "x"}, "limit"), ({"order": "up"}, "order"),
     ({"cursor": ""}, "cursor"), ({"limt": 1}, "limt")],
)  # fmt: skip
def test_an_invalid_parameter_is_400(service: Service, params: dict[str, Any], parameter: str) -> None:
    response = service.client("first").get("items", params=params)
    assert {fault["parameter"] for fault in problem(response, 400)["errors"]} == {parameter}
