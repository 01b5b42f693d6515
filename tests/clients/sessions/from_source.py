"""A session with the client that openapi-python-client generates from contract/openapi.yaml itself: create and replace."""

from __future__ import annotations

import os

from source_client import AuthenticatedClient
from source_client.api.items import create_item, delete_item, update_item
from source_client.models import Item, ItemContent

api = AuthenticatedClient(base_url=os.environ["API"], token=os.environ["TOKEN"])

created = create_item.sync(client=api, body=ItemContent(name="Lamp"))
assert isinstance(created, Item), created
print("create")

created.quantity = 5
put = update_item.sync(created.id, client=api, body=ItemContent.from_dict(created.to_dict()))
assert isinstance(put, Item), put
assert (put.name, put.quantity, put.version) == ("Lamp", 5, 2)
print("change and put back")

assert delete_item.sync_detailed(created.id, client=api, purge=True).status_code == 204
