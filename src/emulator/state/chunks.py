"""Splits the state of a MiniStack service into chunks, and yields those that changed; knows no file.

Small services are one chunk. What grows with use (table items, log events, metrics) is a chunk
each, so that the cost of saving depends on what has changed and not on the size of the whole.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from ministack.core import persistence as ministack_persistence
from ministack.core import responses

Chunk = tuple[str, bytes | None] | None
Scope = tuple[str, str, str]  # account, region, name
ItemKey = tuple[str, str]  # partition and sort key values
WHOLE = "state"
EVENTS_PER_CHUNK = 500
PAUSE_EVERY = 100
SEPARATOR = "\x1f"


def encode(value: Any) -> bytes:
    """Return a value as JSON, with MiniStack's tags for types that JSON lacks."""
    return json.dumps(value, default=ministack_persistence._json_default, separators=(",", ":")).encode()


def decode(value: bytes) -> Any:
    """Return the value of `encode`'s result."""
    return json.loads(value, object_hook=ministack_persistence._json_object_hook)


class WholeState:
    """A service whose state is one chunk.

    Attributes:
        stores: names of tables of the module, without the leading underscore, that are saved as they are.
    """

    stores = ""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self._last: bytes | None = None

    def state(self) -> Any:
        """Return the part of the state that is one chunk, as `load_persisted_state` accepts it."""
        return self.module.get_state()

    def changed(self) -> Iterator[Chunk]:
        """Yield the chunks that differ from the last time, with the value None for those that no longer exist.

        The caller may pause or stop between any two; a bare None is only a place to pause.

        Raises:
            RuntimeError: another thread changed the state meanwhile; call again later.
        """
        value = encode(self.state())
        if value != self._last:
            self._last = value
            yield WHOLE, value

    def restored(self, chunks: dict[str, bytes]) -> Any:
        """Return the state that the chunks describe, for `load_persisted_state`."""
        return decode(chunks[WHOLE]) if WHOLE in chunks else None


class Tables(WholeState):
    """DynamoDB: every item is a chunk. MiniStack replaces items and never changes one in place.

    Attributes:
        touched: the items that were written or removed since `written` was called, by table and key.
    """

    stores = (
        "tags ttl_settings pitr_settings kinesis_destinations contributor_insights backups "
        "resource_policies exports imports"
    )

    def __init__(self, module: ModuleType) -> None:
        super().__init__(module)
        self.touched: set[tuple[Scope, ItemKey]] = set()
        self._saved: defaultdict[Scope, dict[ItemKey, Any]] = defaultdict(dict)

    def state(self) -> Any:
        tables = responses.AccountRegionScopedDict()
        for key, table in self.module._tables.all_items():
            bare = {k: v for k, v in table.items() if k not in ("items", "_index_members")}
            tables.set_scoped(*key, {**bare, "items": {}})
        stores = {name: getattr(self.module, f"_{name}") for name in self.stores.split()}
        return {"tables": tables, **stores}

    def changed(self) -> Iterator[Chunk]:
        yield from super().changed()
        tables = dict(self.module._tables.all_items())
        for scope in {*self._saved, *tables}:
            items = tables[scope]["items"] if scope in tables else {}
            yield from self._changed_items(scope, items)

    def written(self) -> Iterator[tuple[str, bytes | None]]:
        """Yield the chunks of the touched items, and forget which those are."""
        while self.touched:
            scope, key = self.touched.pop()
            table = self.module._tables.get_scoped(*scope)
            item = table["items"].get(key[0], {}).get(key[1]) if table else None
            value = None if item is None else encode(item)
            if item is None:
                self._saved[scope].pop(key, None)
            else:
                self._saved[scope][key] = item
            yield _item(scope, key), value

    def _changed_items(self, scope: Scope, items: dict[str, dict[str, Any]]) -> Iterator[Chunk]:
        saved, count = self._saved[scope], 0
        for partition, sorted_items in list(items.items()):
            if count % PAUSE_EVERY == 0:
                yield None
            for sort_key, item in list(sorted_items.items()):
                count += 1
                key = (partition, sort_key)
                if saved.get(key) is not item:
                    value = encode(item)
                    saved[key] = item
                    yield _item(scope, key), value
        if len(saved) > count:
            for key in [k for k in saved if k[1] not in items.get(k[0], {})]:
                del saved[key]
                yield _item(scope, key), None

    def restored(self, chunks: dict[str, bytes]) -> Any:
        state = super().restored(chunks)
        if state is None:
            return None
        for name, value in chunks.items():
            if name == WHOLE:
                continue
            account, region, table_name, keys = name.split(SEPARATOR, 3)
            partition, sort_key = json.loads(keys)
            scope = (account, region, table_name)
            item = self._saved[scope][partition, sort_key] = decode(value)
            table = state["tables"].get_scoped(*scope)
            if table is not None:
                table["items"].setdefault(partition, {})[sort_key] = item
        for table in state["tables"].all_values():
            self.module._update_counts(table)
        return state


class LogGroups(WholeState):
    """CloudWatch Logs: the events of each stream in chunks of a few hundred."""

    stores = (
        "destinations resource_policies log_group_policies metric_filters queries log_records "
        "delivery_sources delivery_destinations deliveries"
    )

    def __init__(self, module: ModuleType) -> None:
        super().__init__(module)
        self._saved: dict[str, tuple[list[Any], int]] = {}

    def state(self) -> Any:
        groups = responses.AccountRegionScopedDict()
        for key, group in self.module._log_groups.all_items():
            streams = {name: {**stream, "events": []} for name, stream in list(group["streams"].items())}
            groups.set_scoped(*key, {**group, "streams": streams})
        stores = {name: getattr(self.module, f"_{name}") for name in self.stores.split()}
        return {"log_groups": groups, "query_definitions": self.module._query_definitions, **stores}

    def changed(self) -> Iterator[Chunk]:
        yield from super().changed()
        seen = set()
        for scope, group in self.module._log_groups.all_items():
            for stream_name, stream in list(group["streams"].items()):
                name = SEPARATOR.join((*scope, stream_name))
                seen.add(name)
                if len(seen) % PAUSE_EVERY == 0:
                    yield None
                yield from self._changed_events(name, stream["events"])
        for name in self._saved.keys() - seen:
            _, count = self._saved.pop(name)
            yield from ((_block(name, start), None) for start in range(0, count, EVENTS_PER_CHUNK))

    def _changed_events(self, name: str, events: list[Any]) -> Iterator[Chunk]:
        saved, count = self._saved.get(name, (events, 0))
        if saved is not events:
            count = 0  # a late batch made MiniStack sort the stream into a new list
        end = len(events)
        for start in range(count - count % EVENTS_PER_CHUNK, end, EVENTS_PER_CHUNK):
            if end > count:
                yield _block(name, start), encode(events[start : start + EVENTS_PER_CHUNK])
        self._saved[name] = (events, end)

    def restored(self, chunks: dict[str, bytes]) -> Any:
        state = super().restored(chunks)
        if state is None:
            return None
        for name, value in sorted(chunks.items()):
            if name == WHOLE:
                continue
            account, region, group_name, stream_name, _ = name.split(SEPARATOR)
            group = state["log_groups"].get_scoped(account, region, group_name)
            stream = group["streams"].get(stream_name) if group else None
            events = stream["events"] if stream else []
            events.extend(decode(value))
            owner = SEPARATOR.join((account, region, group_name, stream_name))
            self._saved[owner] = (events, len(events))
        return state


class Metrics(WholeState):
    """CloudWatch: the points of each metric are a chunk, written if `touched` contains the metric."""

    stores = "alarms composite_alarms composite_triggers alarm_history dashboards resource_tags"

    def __init__(self, module: ModuleType) -> None:
        super().__init__(module)
        self.touched: set[Any] = set(module._metrics._data)

    def state(self) -> Any:
        stores = {name: getattr(self.module, f"_{name}") for name in self.stores.split()}
        return {"metrics": responses.AccountRegionScopedDict(), **stores}

    def changed(self) -> Iterator[Chunk]:
        yield from super().changed()
        while self.touched:
            key = self.touched.pop()
            account, region, metric = key
            points = self.module._metrics._data.get(key)
            try:
                value = encode(points) if points else None
            except RuntimeError:
                self.touched.add(key)
                raise
            yield SEPARATOR.join((account, region, *metric)), value

    def restored(self, chunks: dict[str, bytes]) -> Any:
        state = super().restored(chunks)
        if state is None:
            return None
        for name, value in chunks.items():
            if name != WHOLE:
                account, region, *metric = name.split(SEPARATOR)
                state["metrics"].set_scoped(account, region, tuple(metric), decode(value))
        return state


CHUNKED: dict[str, type[WholeState]] = {
    "dynamodb": Tables,
    "cloudwatch_logs": LogGroups,
    "cloudwatch": Metrics,
}


def chunks_of(service: str, module: ModuleType) -> WholeState:
    """Return how the state of `service` is split into chunks."""
    return CHUNKED.get(service, WholeState)(module)


def _item(scope: Scope, key: ItemKey) -> str:
    return SEPARATOR.join((*scope, json.dumps(key)))


def _block(stream: str, start: int) -> str:
    return f"{stream}{SEPARATOR}{start // EVENTS_PER_CHUNK:08d}"
