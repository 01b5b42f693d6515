"""Any sequence of writes, against a small model: what exists, what is in the trash, and that no entity tag has two contents."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.api.test_items import MERGE

pytestmark = pytest.mark.parametrize("service", ["in-process"], indirect=True, scope="session")

SLOTS = st.integers(0, 1)  # of items, each with the Idempotency-Key of its create
BODIES = st.sampled_from([{"name": "a"}, {"name": "b"}, {"name": "b", "attributes": {"c": "d"}}])
TAGS = st.sampled_from([None, 0, -1, 1])  # no If-Match, or a version relative to the current one


class Writes(RuleBasedStateMachine):
    """Two items, at most, and every request that changes one."""

    api: httpx.Client

    def __init__(self) -> None:
        super().__init__()
        self.keys = [str(uuid.uuid4()) for _ in range(2)]
        self.items: dict[int, dict[str, Any]] = {}
        self.contents: dict[tuple[str, int], Any] = {}  # of each entity tag that was ever seen

    def sent(self, slot: int, method: str, rest: str, tag: int | None, body: Any = None) -> tuple[httpx.Response, bool]:
        """Send a request to the item of a slot. Return the response, and whether its tag is that of the item."""
        item = self.items.get(slot, {"id": uuid.uuid4(), "version": 1})
        headers = MERGE if method == "PATCH" else {}
        if tag is not None:
            headers = headers | {"If-Match": f'"{item["version"] + tag}"'}
        response = self.api.request(method, f"items/{item['id']}{rest}", headers=headers, json=body)
        return response, tag in (None, 0)

    def moved(self, slot: int, states: tuple[str, ...], status: int, sent: tuple[httpx.Response, bool]) -> bool:
        """Check the status of a response to a request that needs one of these states. Return whether it was carried out."""
        response, matches = sent
        possible = self.items.get(slot, {}).get("state") in states
        expected = (status if matches else 412) if possible else 404
        assert response.status_code == expected, (response.status_code, expected, response.text)
        return possible and matches

    @rule(slot=SLOTS, body=BODIES)
    def create(self, slot: int, body: Any) -> None:
        response = self.api.post("items", json=body, headers={"Idempotency-Key": self.keys[slot]})
        item = self.items.get(slot)
        if item is None:
            assert response.status_code == 201
            created = {"id": response.json()["id"], "version": 1, "content": body, "first": body, "state": "live"}
            self.items[slot] = created
        elif item["state"] == "live":
            assert response.status_code == (201 if body == item["first"] else 422)
        else:
            assert (response.status_code, response.json()["id"]) == (409, item["id"])

    @rule(slot=SLOTS, method=st.sampled_from(["PUT", "PATCH"]), body=BODIES, tag=TAGS)
    def change(self, slot: int, method: str, body: Any, tag: int | None) -> None:
        if self.moved(slot, ("live",), 200, self.sent(slot, method, "", tag, body)):
            item = self.items[slot]
            item["version"] += 1
            item["content"] = body if method == "PUT" else item["content"] | body

    @rule(slot=SLOTS, purge=st.booleans(), tag=TAGS)
    def delete(self, slot: int, purge: bool, tag: int | None) -> None:
        states = ("live", "trash") if purge else ("live",)
        if self.moved(slot, states, 204, self.sent(slot, "DELETE", "?purge=true" if purge else "", tag)):
            self.items[slot]["state"] = "purged" if purge else "trash"

    @rule(slot=SLOTS, tag=TAGS)
    def restore(self, slot: int, tag: int | None) -> None:
        if self.moved(slot, ("trash",), 200, self.sent(slot, "POST", "/restore", tag)):
            self.items[slot]["version"] += 1
            self.items[slot]["state"] = "live"

    @invariant()
    def everything_is_where_it_belongs(self) -> None:
        for item in self.items.values():
            response = self.api.get(f"items/{item['id']}")
            assert response.status_code == (200 if item["state"] == "live" else 404)
            if item["state"] == "live":
                read = response.json()
                content = {name: read[name] for name in ("name", "attributes") if name in read}
                assert (read["version"], content) == (item["version"], item["content"])
                assert self.contents.setdefault((item["id"], read["version"]), content) == content
        for query, state in (("", "live"), ("&deleted=true", "trash")):
            listed = {entry["id"] for entry in self.api.get(f"items?limit=100&order=desc{query}").json()["items"]}
            for item in self.items.values():
                assert (item["id"] in listed) is (item["state"] == state)

    def teardown(self) -> None:
        for item in self.items.values():
            self.api.delete(f"items/{item['id']}?purge=true")


def test_every_sequence_of_writes_leaves_what_the_model_says(api: httpx.Client) -> None:
    machine = type("OfThisApi", (Writes,), {"api": api})
    run_state_machine_as_test(machine, settings=settings(max_examples=10, stateful_step_count=15))
