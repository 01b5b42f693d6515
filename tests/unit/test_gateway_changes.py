"""What only adds goes out before the functions, and what removes or narrows after them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from crudctl.build import gateway_changes, service
from crudctl.build.aws_profile import aws_profile
from crudctl.build.gateway_changes import Rollout, rollout
from tests import contracts
from tests.contracts import shapes

Json = dict[str, Any]
LEAVING = {"archive_item": {"key": "functions/1.zip", "sha256": "1", "actions": ["dynamodb:UpdateItem"]}}
ARCHIVE = "/items/{id}/archive"


@pytest.fixture
def plain() -> Json:
    """The contract of the tests."""
    return copy.deepcopy(contracts.document())


@pytest.fixture
def grown(plain: Json) -> Json:
    """The same with another operation."""
    document = copy.deepcopy(plain)
    document["paths"][ARCHIVE] = {"post": operation(document, "archive_item")}
    return document


def operation(document: Json, name: str, path: str = "/items/{id}") -> Json:
    """Return an operation like the one that reads a resource, with another operationId."""
    like: Json = copy.deepcopy(document["paths"][path])
    return {**like["get"], "operationId": name, "parameters": like.get("parameters", like["get"].get("parameters", []))}


def methods(document: Json) -> set[tuple[str, str]]:
    return {(path, method) for path, found in document["paths"].items() for method in found if method != "parameters"}


def scopes(result: Json, path: str, method: str) -> set[str]:
    return {scope for need in result["paths"][path][method]["security"] for each in need.values() for scope in each}


def is_at_once(result: Rollout) -> bool:
    return not result.adds and not result.later and not result.at_once and not result.wide


def test_the_same_contract_goes_out_in_one_step_and_is_what_the_package_has(plain: Json) -> None:
    for old in (plain, None):
        result = rollout(old, plain)
        assert is_at_once(result)
        assert result.before == result.after == aws_profile(plain)
        assert result.service == service.describe(plain).as_json()


def test_an_operation_that_is_added_goes_out_before_the_functions(plain: Json, grown: Json) -> None:
    result = rollout(plain, grown)
    assert result.adds == [f"POST {ARCHIVE} is added"]
    assert not result.wide
    assert result.before == aws_profile(grown)


def test_an_operation_that_is_removed_stays_until_promotion_with_the_code_and_permissions_that_it_has(
    plain: Json, grown: Json
) -> None:
    result = rollout(grown, plain, leaving=LEAVING)
    assert result.later == [f"POST {ARCHIVE} is removed"]
    assert methods(result.before) == methods(grown)
    assert result.after == aws_profile(plain)
    function = result.service["functions"]["archive_item"]
    assert function["leaving"] == LEAVING["archive_item"]
    assert function["handler"] == "functions.handlers.archive_item"
    assert result.service["operations"]["archive_item"]["path"] == ARCHIVE


def test_once_it_is_out_of_service_its_function_is_kept_for_the_way_back(plain: Json, grown: Json) -> None:
    result = rollout(plain, plain, kept=grown, leaving=LEAVING)
    assert is_at_once(result)
    assert methods(result.before) == methods(plain)
    assert "archive_item" in result.service["functions"]
    assert rollout(plain, plain).service["functions"].keys() == service.describe(plain).functions.keys()


def test_what_has_no_function_cannot_be_kept(plain: Json, grown: Json) -> None:
    result = rollout(grown, plain)
    assert result.at_once == [f"POST {ARCHIVE}: the function of archive_item does not exist"]
    assert result.before == aws_profile(plain)
    assert "archive_item" not in rollout(plain, plain, kept=grown).service["operations"]


def test_an_operation_whose_function_stays_is_removed_after_promotion(plain: Json) -> None:
    without = copy.deepcopy(plain)
    del without["paths"]["/items/{id}/restore"]
    result = rollout(plain, without)
    assert result.later == ["POST /items/{id}/restore is removed"]
    assert result.service["operations"]["restore_item"]["function"] == "update_item"


def test_scopes_are_those_of_both_until_promotion(plain: Json) -> None:
    other = copy.deepcopy(plain)
    (scheme,) = other["components"]["securitySchemes"]
    other["paths"]["/items/{id}"]["get"]["security"] = [{scheme: ["items/write"]}]
    result = rollout(plain, other)
    assert scopes(result.before, "/items/{id}", "get") == {"items/read", "items/write"}
    assert scopes(result.after, "/items/{id}", "get") == {"items/write"}
    assert result.adds == ["GET /items/{id} accepts the scope items/write"]
    assert result.later == ["GET /items/{id} no longer accepts the scope items/read"]


def test_a_parameter_is_required_only_when_both_contracts_require_it(plain: Json) -> None:
    needed = copy.deepcopy(plain)
    parameter = {"name": "reason", "in": "query", "required": True, "schema": {"type": "string"}}
    needed["paths"]["/items/{id}"]["delete"].setdefault("parameters", []).append(parameter)
    result = rollout(plain, needed)
    assert result.later == ["DELETE /items/{id} requires the query parameter reason"]
    found = result.before["paths"]["/items/{id}"]["delete"]["parameters"]
    assert [each["required"] for each in found if each["name"] == "reason"] == [False]
    assert is_at_once(rollout(needed, needed))
    assert not rollout(needed, plain).wide


def test_a_renamed_operation_takes_over_at_promotion(plain: Json, grown: Json) -> None:
    renamed = copy.deepcopy(plain)
    renamed["paths"][ARCHIVE] = {"post": operation(renamed, "shelve_item")}
    result = rollout(grown, renamed, leaving=LEAVING)
    assert result.later == [f"POST {ARCHIVE}: shelve_item takes over"]
    assert result.before["paths"][ARCHIVE]["post"]["operationId"] == "archive_item"
    assert result.after["paths"][ARCHIVE]["post"]["operationId"] == "shelve_item"
    assert {"archive_item", "shelve_item"} <= result.service["functions"].keys()


def test_an_operation_that_moves_under_the_same_name_is_at_both_paths_until_promotion(plain: Json, grown: Json) -> None:
    moved = copy.deepcopy(plain)
    moved["paths"]["/items/{id}/shelf"] = {"post": operation(moved, "archive_item")}
    result = rollout(grown, moved, leaving=LEAVING)
    assert result.adds == ["POST /items/{id}/shelf is added"]
    assert result.later == [f"POST {ARCHIVE} is removed"]
    assert result.before["paths"][ARCHIVE]["post"]["operationId"] == "archive_item_before"
    back = rollout(moved, moved, kept=grown)
    for service_ in (result.service, back.service):
        before = service_["operations"]["archive_item_before"]
        assert (before["path"], before["function"], before["moved"]) == (ARCHIVE, "archive_item", True)


def test_a_path_whose_variable_gets_another_name_cannot_wait() -> None:
    assert gateway_changes._clash("/a/{id}/x", "/a/{key}")
    assert not gateway_changes._clash("/a/{id}/x", "/a/{id}/y")
    assert not gateway_changes._clash("/a/{id}", "/a/b/{key}")


def test_both_bodies_have_every_schema_that_they_refer_to(plain: Json, grown: Json) -> None:
    for old, new in ((plain, grown), (grown, plain)):
        result = rollout(old, new, leaving=LEAVING)
        named = str(result.before["paths"]).split("#/components/schemas/")[1:]
        assert {name.partition("'")[0] for name in named} <= result.before["components"]["schemas"].keys()


def test_scopes_of_another_resource_server_go_out_at_once(plain: Json) -> None:
    renamed = copy.deepcopy(dict(contracts.document(shapes.PATH)))
    result = rollout(plain, renamed, kept=plain, leaving=LEAVING)
    alone = rollout(None, renamed)
    assert (result.before, result.service, result.wide) == (alone.before, alone.service, False)
    assert [line.partition(":")[0] for line in result.at_once] == ["every scope is another one"]
