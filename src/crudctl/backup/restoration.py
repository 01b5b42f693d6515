"""Brings the entries of a backup back into a table: looks, writes on condition, looks again. Asks and prints nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from crudctl.backup import attributes, entries
from crudctl.backup.attributes import Entry, key
from crudctl.backup.entries import DELETED, DIFFERENT, MISSING

WRITERS = 8  # requests at a time; boto3 keeps ten connections
EXAMPLES = 5
EXPIRED = "expired"

REFUSE, KEEP, UNDELETE, OVERWRITE = "refuse", "keep", "undelete", "overwrite"
# By policy, what a restore writes besides what is missing.
REPLACED: dict[str, tuple[str, ...]] = {
    REFUSE: (),
    KEEP: (),
    UNDELETE: (DELETED,),
    OVERWRITE: (DELETED, DIFFERENT),
}

Progress = Callable[[str], None]


@dataclass
class Look:
    """How the table compares with the backup: the number of entries by comparison (see `entries`), with some of their keys."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, found: str, entry: Entry) -> None:
        """Count an entry."""
        self.counts[found] += 1
        if len(self.examples[found]) < EXAMPLES:
            self.examples[found].append(key(entry))


class Restoration:
    """The restoration of some entries to a table.

    Args:
        client: of DynamoDB.
        table: the name of the table.
        source: returns the entries, as often as it is called.
        policy: what becomes of entries that the table has otherwise than the backup. REFUSE and KEEP leave them, UNDELETE puts
            back those that were deleted since, OVERWRITE all. What is only in the table always stays.
        now: seconds since the epoch. What has expired by then is not written: time to live would remove it.
    """

    def __init__(self, client: Any, table: str, source: Callable[[], Iterable[Entry]], policy: str, now: float) -> None:
        self._client = client
        self._table = table
        self._source = source
        self._replaced = (MISSING, *REPLACED[policy])
        self._now = now

    def look(self, progress: Progress) -> Look:
        """Compare the table with the backup."""
        result = Look()
        for batch in self._pairs(progress):
            for found, entry, _ in batch:
                result.add(found, entry)
        return result

    def pending(self, look: Look) -> int:
        """Return how many entries are to be written."""
        return sum(look.counts[found] for found in self._replaced)

    def write(self, progress: Progress) -> int:
        """Write what is to be written. Return how many entries somebody else wrote meanwhile, which were left as they are."""

        def put(pair: tuple[str, Entry, Entry | None]) -> bool:
            _, entry, existing = pair
            return entries.put(self._client, self._table, entries.raised(entry, existing), existing)

        overtaken = 0
        with ThreadPoolExecutor(WRITERS) as pool:
            for batch in self._pairs(progress):
                wanted = [pair for pair in batch if pair[0] in self._replaced]
                overtaken += list(pool.map(put, wanted)).count(False)
        return overtaken

    def _pairs(self, progress: Progress) -> Iterator[list[tuple[str, Entry, Entry | None]]]:
        """Yield batches of comparison, entry of the backup and entry of the table."""
        done = 0
        for batch in entries.batches(self._source()):
            existing = entries.fetch(self._client, self._table, batch)
            yield [
                (self._compared(entry, existing.get(key(entry))), entry, existing.get(key(entry))) for entry in batch
            ]
            done += len(batch)
            progress(f"{done:,} entries")

    def _compared(self, entry: Entry, existing: Entry | None) -> str:
        found = entries.comparison(entry, existing)
        return EXPIRED if found == MISSING and attributes.expires_at(entry) <= self._now else found
