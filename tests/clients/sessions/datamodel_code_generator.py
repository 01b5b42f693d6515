"""A session with the models that datamodel-code-generator generates, over httpx. `mypy --strict` checks it."""

from __future__ import annotations

import os

import httpx
from models import Item, ItemContent, ItemPage, ItemPatch, Problem
from pydantic import BaseModel

api = httpx.Client(
    base_url=os.environ["API"],
    headers={"Authorization": f"Bearer {os.environ['TOKEN']}", "Content-Type": "application/json"},
    timeout=30,
)


def sent(body: BaseModel) -> str:
    """The JSON of a body: what was set, and nothing else."""
    return body.model_dump_json(exclude_unset=True)


def problem(response: httpx.Response, status: int) -> Problem:
    """The problem of a response, which must be one with this status."""
    assert response.status_code == status, response.text
    return Problem.model_validate_json(response.content)


response = api.post("/items", content=sent(ItemContent(name="Lamp", quantity=1)))
created = Item.model_validate_json(response.content)
url = f"/items/{created.id}"
print("create")

response = api.get(url)
read = Item.model_validate_json(response.content)
first_tag = response.headers["ETag"]
assert (read.name, read.version) == ("Lamp", 1)
print("read")

read.quantity = 5
response = api.put(url, content=sent(read), headers={"If-Match": first_tag})
assert Item.model_validate_json(response.content).quantity == 5
print("change and put back")

assert problem(api.put(url, content=sent(read), headers={"If-Match": first_tag}), 412).current_version == 2
print("412")

fault = problem(api.put(url, content='{"name": ""}'), 400)
assert [each.pointer for each in fault.errors or []] == ["/name"]
print("400")

response = api.patch(url, content=sent(ItemPatch(quantity=None, description="Brass")), headers={"If-Match": '"2"'})
patched = Item.model_validate_json(response.content)
assert (patched.quantity, patched.description) == (None, "Brass")
print("patch")

page = ItemPage.model_validate_json(api.get("/items", params={"limit": 100}).content)
assert created.id in [each.id for each in page.items]
assert page.next_cursor is None
print("list")

assert api.delete(url, headers={"If-Match": '"3"'}).status_code == 204
problem(api.get(url), 404)
print("delete")

trash = ItemPage.model_validate_json(api.get("/items", params={"deleted": "true"}).content)
assert created.id in [each.id for each in trash.items]
print("list the trash")

restored = Item.model_validate_json(api.post(f"{url}/restore", headers={"If-Match": '"3"'}).content)
assert (restored.description, restored.version) == ("Brass", 4)
print("restore")

wider = {"name": "x" * 300, "quantity": -5, "tags": [""] * 30, "attributes": {"": "x" * 300}}
later = Item.model_validate(restored.model_dump(mode="json", exclude_unset=True) | wider | {"a_later_field": 1})
assert later.version == 4
Problem.model_validate(fault.model_dump(mode="json") | {"type": "urn:items:problem:later"})
print("a field and a problem of a later version")

assert api.delete(url, params={"purge": "true"}).status_code == 204
