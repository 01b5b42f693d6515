"""A session with the client that openapi-python-client generates: each step prints its name. `mypy --strict` checks it."""

from __future__ import annotations

import os

from client import AuthenticatedClient
from client.api.items import create_item, delete_item, get_item, list_items, patch_item, restore_item, update_item
from client.models import Item, ItemContent, ItemPage, ItemPatch, ItemPatchAttributes, Problem
from client.types import Response

api = AuthenticatedClient(base_url=os.environ["API"], token=os.environ["TOKEN"])


def item(response: Response[Item | Problem]) -> Item:
    """The item of a response, which must be one."""
    assert isinstance(response.parsed, Item), response.content
    return response.parsed


def problem(response: Response[Item | Problem], status: int) -> Problem:
    """The problem of a response, which must be one with this status."""
    assert isinstance(response.parsed, Problem), response.content
    assert response.status_code == response.parsed.status == status
    return response.parsed


response = create_item.sync_detailed(client=api, body=ItemContent(name="Lamp", tags=["red"]), idempotency_key="k-1")
created = item(response)
again = create_item.sync_detailed(client=api, body=ItemContent(name="Lamp", tags=["red"]), idempotency_key="k-1")
assert item(again).id == created.id
assert again.headers["Idempotent-Replayed"] == "true"
print("create")

response = get_item.sync_detailed(created.id, client=api)
read = item(response)
first_tag = response.headers["ETag"]
assert (read.name, read.version) == ("Lamp", 1)
print("read")

whole = read.to_dict() | {"quantity": 4}  # what was read, id and version included
raw = api.get_httpx_client().put(f"/items/{created.id}", json=whole, headers={"If-Match": first_tag})
assert raw.status_code == 200, raw.text
assert (Item.from_dict(raw.json()).quantity, Item.from_dict(raw.json()).version) == (4, 2)
content = ItemContent.from_dict(read.to_dict())  # what was read, without what the service sets
content.quantity = 5
response = update_item.sync_detailed(created.id, client=api, body=content, if_match=raw.headers["ETag"])
assert (item(response).quantity, item(response).tags) == (5, ["red"])
print("change and put back")

conflict = problem(update_item.sync_detailed(created.id, client=api, body=content, if_match=first_tag), 412)
assert conflict.current_version == 3
print("412")

fault = problem(create_item.sync_detailed(client=api, body=ItemContent(name="")), 400)
assert isinstance(fault.errors, list)
assert [each.pointer for each in fault.errors] == ["/name"]
print("400")

attributes = ItemPatchAttributes.from_dict({"room": "2.14", "shelf": None})
changes = ItemPatch(tags=None, quantity=6, attributes=attributes)
patched = patch_item.sync_detailed(created.id, client=api, body=changes, if_match=response.headers["ETag"])
assert (item(patched).quantity, "tags" in item(patched).to_dict()) == (6, False)
print("patch")

page = list_items.sync(client=api, limit=100)
assert isinstance(page, ItemPage)
assert created.id in [each.id for each in page.items]
assert page.next_cursor is None
print("list")

deleted = delete_item.sync_detailed(created.id, client=api, if_match=patched.headers["ETag"])
assert deleted.status_code == 204
problem(get_item.sync_detailed(created.id, client=api), 404)
print("delete")

trash = list_items.sync(client=api, deleted=True)
assert isinstance(trash, ItemPage)
assert created.id in [each.id for each in trash.items]
print("list the trash")

restored = restore_item.sync_detailed(created.id, client=api, if_match=patched.headers["ETag"])
assert (item(restored).quantity, item(restored).version) == (6, 5)
print("restore")

later = Item.from_dict(item(restored).to_dict() | {"a_later_field": 1})
assert later.version == 5
Problem.from_dict(fault.to_dict() | {"type": "urn:items:problem:later"})
print("a field and a problem of a later version")

assert delete_item.sync_detailed(created.id, client=api, purge=True).status_code == 204
