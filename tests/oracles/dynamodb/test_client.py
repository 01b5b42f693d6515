"""The DynamoDB client: calls, responses, and AWS's errors as this client's."""

from __future__ import annotations

import os
from decimal import Decimal

import pytest

from functions.aws import dynamodb
from functions.aws.dynamodb import Client, marshal, unmarshal
from tests.oracles.dynamodb.conftest import soon


def test_a_stored_item_is_read_as_it_was_written(client: Client, table: str) -> None:
    item = {"id": "ä€😀", "n": 12345678901234567890123456789012345678, "d": Decimal("0.1"), "l": [True, None, {}]}
    client.call("PutItem", {"TableName": table, "Item": marshal(item)}, soon)
    response = client.call("GetItem", {"TableName": table, "Key": marshal({"id": "ä€😀"})}, soon)
    assert unmarshal(response["Item"]) == item


def test_a_large_item_is_written_and_read(client: Client, table: str) -> None:
    item = {"id": "a", "text": os.urandom(190_000).hex()}
    client.call("PutItem", {"TableName": table, "Item": marshal(item)}, soon)
    response = client.call("GetItem", {"TableName": table, "Key": marshal({"id": "a"})}, soon)
    assert unmarshal(response["Item"]) == item


def test_a_failed_condition_carries_the_existing_item(client: Client, table: str) -> None:
    write = {
        "TableName": table,
        "Item": marshal({"id": "a", "version": 1}),
        "ConditionExpression": "attribute_not_exists(id)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    client.call("PutItem", write, soon)
    with pytest.raises(dynamodb.ConditionalCheckFailed) as caught:
        client.call("PutItem", write, soon)
    assert caught.value.item == marshal({"id": "a", "version": 1})


def test_a_failed_condition_without_an_item_carries_none(client: Client, table: str) -> None:
    delete = {"TableName": table, "Key": marshal({"id": "a"}), "ConditionExpression": "attribute_exists(id)"}
    with pytest.raises(dynamodb.ConditionalCheckFailed) as caught:
        client.call("DeleteItem", delete, soon)
    assert caught.value.item is None


def test_an_unknown_table_has_its_own_error(client: Client) -> None:
    with pytest.raises(dynamodb.TableNotFound):
        client.call("GetItem", {"TableName": "nowhere", "Key": marshal({"id": "a"})}, soon)


def test_an_invalid_request_has_its_own_error(client: Client, table: str) -> None:
    with pytest.raises(dynamodb.ValidationFailed):
        client.call("GetItem", {"TableName": table, "Key": marshal({"other": "a"})}, soon)


def test_an_unknown_action_keeps_the_error_code_of_aws(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamodb, "ATTEMPTS", 1)
    with pytest.raises(dynamodb.UnknownError) as caught:
        client.call("MakeCoffee", {}, soon)
    assert caught.value.code in ("UnknownOperationException", "UnknownOperation")


def test_the_endpoint_for_dynamodb_takes_precedence_over_the_one_for_all_services(
    environ: dict[str, str], table: str
) -> None:
    endpoints = {"AWS_ENDPOINT_URL_DYNAMODB": environ["AWS_ENDPOINT_URL"], "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    client = Client.from_environment(environ | endpoints)
    assert client.call("GetItem", {"TableName": table, "Key": marshal({"id": "a"})}, soon) == {}


def nested(levels: int) -> object:
    return [nested(levels - 1)] if levels else "x"


def refused(client: Client, table: str, **item: object) -> None:
    with pytest.raises(dynamodb.ValidationFailed):
        client.call("PutItem", {"TableName": table, "Item": {"id": {"S": "a"}, **item}}, soon)


@pytest.mark.parametrize("item", [{"": {"S": "x"}}, {"a": {"M": {"": {"S": "x"}}}}], ids=["attribute", "in a map"])
def test_an_empty_name_is_refused(client: Client, table: str, item: dict[str, object]) -> None:
    refused(client, table, **item)


@pytest.mark.parametrize("number", ["9" * 39, "1E126"], ids=["39 digits", "too large"])
def test_a_number_that_cannot_be_kept_exactly_is_refused(client: Client, table: str, number: str) -> None:
    refused(client, table, a={"N": number})


def test_an_attribute_nested_33_levels_deep_is_refused(client: Client, table: str) -> None:
    refused(client, table, **marshal({"a": nested(32)}))


def test_an_attribute_nested_32_levels_deep_is_stored(client: Client, table: str) -> None:
    item = {"id": "a", "a": nested(31)}
    client.call("PutItem", {"TableName": table, "Item": marshal(item)}, soon)
    response = client.call("GetItem", {"TableName": table, "Key": marshal({"id": "a"})}, soon)
    assert unmarshal(response["Item"]) == item
