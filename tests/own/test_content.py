"""Content that the project's own contract allows is accepted and returned as it was sent."""

from __future__ import annotations

from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crudctl.build import service
from crudctl.build.service import Service
from tests.own import content
from tests.own.test_service import DESCRIBED, DOCUMENT

SCHEMA = service.content_of(DOCUMENT, DESCRIBED.content_schema)


def plain(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of the content without fields whose pattern nothing can be made from, which no content has to have."""
    required = schema.get("required", [])
    open_pattern = {
        name for name, field in schema["properties"].items()
        if "pattern" in field and not {"example", "default"} & field.keys() and name not in required
    }  # fmt: skip
    return schema | {"properties": {k: v for k, v in schema["properties"].items() if k not in open_pattern}}


@given(made=content.of(plain(SCHEMA)))
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_content_that_the_contract_allows_is_stored_as_it_was_sent(
    in_process: httpx.Client, described: Service, made: dict[str, Any]
) -> None:
    response = in_process.post(described.collection, json=made)
    assert response.status_code == 201, (made, response.text)
    stored = in_process.get(f"{described.collection}/{response.json()['id']}").json()
    assert {name: value for name, value in stored.items() if name in described.fields} == made


@given(made=content.of(plain(SCHEMA)), names=st.sets(st.sampled_from(sorted(DESCRIBED.fields))))
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_a_merge_patch_changes_what_it_names_and_nothing_else(
    in_process: httpx.Client, described: Service, made: dict[str, Any], names: set[str]
) -> None:
    created = in_process.post(described.collection, json=made).json()
    change = {name: made[name] for name in names if name in made and not isinstance(made[name], dict)}
    response = in_process.patch(
        f"{described.collection}/{created['id']}",
        json=change,
        headers={"Content-Type": "application/merge-patch+json"},
    )
    assert response.status_code == 200, (made, change, response.text)
    after = {name: value for name, value in response.json().items() if name in described.fields}
    gone = {name for name, value in change.items() if value is None}
    assert after == {name: value for name, value in made.items() if name not in gone}
