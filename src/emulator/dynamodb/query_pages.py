"""Which items a Query reads of an index: those of its page, however many the partition has.

MiniStack still validates the request, evaluates its conditions and makes the response, of the items that it is given here.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from ministack.services import dynamodb

from emulator.patches import Difference, patch, register, uses

Json = dict[str, Any]
Key = tuple[str, str]  # partition and sort key values in the table
Position = tuple[tuple[Any, ...], Key]  # what an index is ordered by, and the key of the item

QUERY_PAGES = register(
    Difference(
        name="query-pages",
        service="DynamoDB",
        aws="a Query reads the items of its page; its time does not depend on how many the partition has",
        source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html",
        ministack="every Query sorts the whole partition of an index, and parses the key condition again for each of its items",
        here="as AWS for a Query of an index by its partition key, with a limit; expressions are parsed once",
        upstream="remember the tokens of expressions; keep the partitions of indexes in order, and begin at the start key",
    )
)
uses(
    QUERY_PAGES,
    dynamodb,
    "_INDEX_MEMBERS",
    "_index_key_schemas(table)",
    "_index_order_keys(table, sk_name)",
    "_index_order_value(item, name, type_hint)",
    "_index_partition(item, hashes, ranges)",
    "_extract_key_val(attr)",
)

REMEMBERED = 256  # expressions
_BY_PARTITION = re.compile(r"\s*#?\w+\s*=\s*(:\w+)\s*")

_asked: ContextVar[Json | None] = ContextVar("emulator_query", default=None)


class Members(dict[str, Any]):
    """MiniStack's record of what is in the indexes of a table, by index and partition.

    Attributes:
        ordered: the positions in a partition of an index, in order, of the partitions that were asked for.
    """

    def __init__(self, members: Json) -> None:
        super().__init__(members)
        self.ordered: dict[tuple[str, Any], list[Position]] = {}


def install() -> None:
    """Keep indexes in order, and remember expressions."""
    patch(dynamodb, "_index_members", index_members, QUERY_PAGES)
    patch(dynamodb, "_index_item", index_item, QUERY_PAGES)
    patch(dynamodb, "_tokenize", tokenize, QUERY_PAGES)
    patch(dynamodb, "_condition_syntax_error", condition_syntax_error, QUERY_PAGES)


@contextmanager
def page_of(data: Json) -> Iterator[None]:
    """Let what runs meanwhile, a Query, read no more than its page."""
    token = _asked.set(data)
    try:
        yield
    finally:
        _asked.reset(token)


def index_members(original: Callable[[Json], Json], table: Json) -> Json:
    """Return what is in each index: of a Query that `page_of` knows only what is on its page."""
    members = original(table)
    if not isinstance(members, Members):
        members = table[dynamodb._INDEX_MEMBERS] = Members(members)
    data = _asked.get()
    return members if data is None else _page(table, members, data)


def index_item(
    original: Callable[[Json, str, str, Json, bool], None],
    table: Json,
    base_pk: str,
    base_sk: str,
    item: Json,
    add: bool,
) -> None:
    """Put an item into the indexes of a table, or remove it."""
    original(table, base_pk, base_sk, item, add)
    members = table.get(dynamodb._INDEX_MEMBERS)
    if not isinstance(members, Members):
        return
    for name, hashes, ranges in dynamodb._index_key_schemas(table):
        partition = (name, dynamodb._index_partition(item, hashes, ranges))
        positions = members.ordered.get(partition)
        if positions is None:
            continue
        position = (_order(table, ranges, item), (base_pk, base_sk))
        if add:
            insort(positions, position)
        else:
            del positions[bisect_left(positions, position)]
            if not positions:
                del members.ordered[partition]


def _page(table: Json, members: Members, data: Json) -> Json:
    """Return the members of an index that are on the page that a Query asks for; all if it is not one that is read in pages."""
    name, limit, condition = str(data.get("IndexName")), data.get("Limit"), data.get("KeyConditionExpression") or ""
    by_partition = _BY_PARTITION.fullmatch(condition)
    if name not in members or not limit or not by_partition:
        return members
    value = dynamodb._extract_key_val((data.get("ExpressionAttributeValues") or {}).get(by_partition[1]))
    ranges = next(ranges for index, _, ranges in dynamodb._index_key_schemas(table) if index == name)
    positions = _positions(table, members, (name, value), ranges)
    start, forward = data.get("ExclusiveStartKey"), data.get("ScanIndexForward", True)
    if forward:
        first = bisect_right(positions, _order(table, ranges, start), key=_ordered_by) if start else 0
        page = positions[first : first + int(limit)]
    else:
        last = bisect_left(positions, _order(table, ranges, start), key=_ordered_by) if start else len(positions)
        page = positions[max(0, last - int(limit)) : last]
    return {name: {value: [key for _, key in page]}}


def _positions(table: Json, members: Members, partition: tuple[str, Any], ranges: list[str]) -> list[Position]:
    """Return the positions in a partition of an index, in order."""
    name, value = partition
    if partition not in members.ordered:
        keys = members[name].get(value, ())
        found = sorted((_order(table, ranges, table["items"][pk][sk]), (pk, sk)) for pk, sk in keys)
        if not found:
            return []
        members.ordered[partition] = found
    return members.ordered[partition]


def _order(table: Json, ranges: list[str], item: Json) -> tuple[Any, ...]:
    """Return what an index orders an item by: its sort key and the keys in the table."""
    return tuple(dynamodb._index_order_value(item, *key) for key in dynamodb._index_order_keys(table, ranges))


def _ordered_by(position: Position) -> tuple[Any, ...]:
    return position[0]


def tokenize(original: Callable[[str], list[Any]], expr: str) -> list[Any]:
    """Return the tokens of an expression."""
    return list(_tokens(original, expr))


@lru_cache(REMEMBERED)
def _tokens(original: Callable[[str], list[Any]], expr: str) -> tuple[Any, ...]:
    return tuple(original(expr))


def condition_syntax_error(original: Callable[[str, str], str | None], expr: str, slot: str) -> str | None:
    """Return what is wrong with the syntax of a condition, if anything is."""
    return _syntax_error(original, expr, slot)


@lru_cache(REMEMBERED)
def _syntax_error(original: Callable[[str, str], str | None], expr: str, slot: str) -> str | None:
    return original(expr, slot)
