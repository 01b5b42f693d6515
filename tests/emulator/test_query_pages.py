"""A Query of an index finds the same with our addition as without it, and reads only its page. In this process."""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ministack.core.responses import request_scope
from ministack.services import dynamodb

from emulator.dynamodb import query_pages
from emulator.process import ACCOUNT

from .stack import REGION

Json = dict[str, Any]
Call = Callable[..., Json]
QUERY = dynamodb._query
TABLE = {
    "TableName": "items",
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("id", "owner", "at")],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by_owner",
            "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    """The addition, for one test."""
    for name in ("index_members", "index_item", "tokenize", "condition_syntax_error"):
        bound = functools.partial(getattr(query_pages, name), getattr(dynamodb, f"_{name}"))
        monkeypatch.setattr(dynamodb, f"_{name}", bound)


@pytest.fixture
def table() -> Iterator[Json]:
    """An empty table with an index by owner and time."""
    with request_scope(ACCOUNT, REGION):
        assert dynamodb._create_table(TABLE)[0] == 200
        yield dynamodb._tables["items"]
        dynamodb._tables.pop("items")


def put(table: Json, owner: str, number: int, at: str) -> None:
    item = {"id": {"S": f"{owner}#{number}"}, "owner": {"S": owner}, "at": {"S": at}}
    dynamodb._set_item(table, f"{owner}#{number}", "", item)


def query(paged: bool, owner: str = "ann", **more: Any) -> Json:
    data = {
        "TableName": "items",
        "IndexName": "by_owner",
        "KeyConditionExpression": "#owner = :owner",
        "ExpressionAttributeNames": {"#owner": "owner"},
        "ExpressionAttributeValues": {":owner": {"S": owner}},
        **more,
    }
    if not paged:
        return dict(json.loads(QUERY(data)[2]))
    with query_pages.page_of(data):
        return dict(json.loads(QUERY(data)[2]))


def pages(paged: bool, **more: Any) -> list[Json]:
    found = [query(paged, **more)]
    while start := found[-1].get("LastEvaluatedKey"):
        found.append(query(paged, ExclusiveStartKey=start, **more))
    return found


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 3, 20, 21])
@pytest.mark.usefixtures("added")
def test_pages_are_the_same_while_items_come_and_go(table: Json, forward: bool, limit: int) -> None:
    chosen = random.Random(f"{forward} {limit}")
    for step in range(60):
        owner, number = chosen.choice(["ann", "ann", "ben"]), chosen.randrange(20)
        if step % 3 == 2:
            dynamodb._remove_item(table, f"{owner}#{number}", "")
        else:
            put(table, owner, number, f"2026-01-0{chosen.randrange(1, 5)}")  # many at the same time
        if step % 5 == 0:
            assert pages(True, Limit=limit, ScanIndexForward=forward) == pages(
                False, Limit=limit, ScanIndexForward=forward
            )
    assert query(True, "nobody", Limit=limit)["Items"] == []


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"Limit": 0},
        {"Limit": 2, "ExclusiveStartKey": {"id": {"S": "ann#1"}}},
        {"Limit": 2, "KeyConditionExpression": "#owner = :owner AND #at > :at"},
        {"Limit": 2, "FilterExpression": "id > :id"},
        {"Limit": 2, "IndexName": "another"},
        {"Limit": 2, "KeyConditionExpression": "(#owner = :owner)"},
        {"Limit": 2, "Select": "COUNT"},
    ],
    ids=["all", "no limit", "half a key", "range", "filter", "unknown index", "parentheses", "count"],
)
@pytest.mark.usefixtures("added")
def test_other_queries_are_answered_as_before(table: Json, more: Json) -> None:
    for number in range(5):
        put(table, "ann", number, f"2026-01-0{number + 1}")
    values = {":owner": {"S": "ann"}}
    names = {"#owner": "owner"}
    if "#at" in str(more):
        names["#at"], values[":at"] = "at", {"S": "2026-01-02"}
    if ":id" in str(more):
        values[":id"] = {"S": "ann#2"}
    asked = {**more, "ExpressionAttributeNames": names, "ExpressionAttributeValues": values}
    assert query(True, **asked) == query(False, **asked)


def evaluated(table: Json, monkeypatch: pytest.MonkeyPatch, paged: bool) -> tuple[int, int]:
    """How often a page of 10 evaluates a condition and parses an expression, of an owner with 300 items."""
    counts = {"_ExprEval": 0, "_COND_TOKEN_RE": 0}
    for number in range(300):
        put(table, "ann", number, f"2026-01-01T{number:04}")
    query(paged, Limit=10)

    def evaluate(*arguments: Any) -> Any:
        counts["_ExprEval"] += 1
        return evaluator(*arguments)

    class Counting:
        def finditer(self, text: str) -> Any:
            counts["_COND_TOKEN_RE"] += 1
            return pattern.finditer(text)

    evaluator, pattern = dynamodb._ExprEval, dynamodb._COND_TOKEN_RE
    monkeypatch.setattr(dynamodb, "_ExprEval", evaluate)
    monkeypatch.setattr(dynamodb, "_COND_TOKEN_RE", Counting())
    assert query(paged, Limit=10)["Count"] == 10
    return counts["_ExprEval"], counts["_COND_TOKEN_RE"]


@pytest.mark.adds(query_pages.QUERY_PAGES)
@pytest.mark.usefixtures("added")
def test_query_evaluates_the_items_of_its_page_and_parses_nothing_again(
    table: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert evaluated(table, monkeypatch, paged=True) == (10, 0)


@pytest.mark.lacks(query_pages.QUERY_PAGES)
def test_ministack_evaluates_and_parses_for_every_item(table: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    assert evaluated(table, monkeypatch, paged=False) == (300, 300)
