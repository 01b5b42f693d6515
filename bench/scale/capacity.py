"""Token buckets, and the partitions of a table or an index. Knows no requests."""

from __future__ import annotations

import copy
from bisect import bisect

PARTITION_WRITES, PARTITION_READS = 1000.0, 3000.0  # units a second; see limits.py
HEAT = 300.0  # seconds of refusals after which a partition is split. Assumed: AWS says "sustained", not how long.
BACKLOG = 1.0  # seconds of updates that an index may be behind before the table refuses writes. Assumed too.


class Bucket:
    """Units that refill at `rate` a second, up to `burst`."""

    def __init__(self, rate: float, burst: float | None = None) -> None:
        self.rate = rate
        self.burst = rate if burst is None else burst
        self.level = self.burst
        self._at = 0.0

    def take(self, units: float, now: float, debt: float = 0.0) -> bool:
        """Take units if there are enough, or if no more than `debt` of them are missing. Return whether they were taken."""
        self.level = min(self.burst, self.level + (now - self._at) * self.rate)
        self._at = now
        if self.level + debt < units:
            return False
        self.level -= units
        return True


class Partition:
    """What one partition serves. Unused capacity of one second is kept: burst capacity does not lift a partition's limit."""

    def __init__(self) -> None:
        self.reads = Bucket(PARTITION_READS)
        self.writes = Bucket(PARTITION_WRITES)
        self.hot_since: float | None = None

    def halves(self) -> list[Partition]:
        """Return the two partitions that this one becomes. They begin with what it has left."""
        return [copy.deepcopy(self), copy.deepcopy(self)]


class Keyspace:
    """A table or an index: ranges of the hash of the partition key, each on a partition. A key is a place from 0 up to 1."""

    def __init__(self, partitions: int) -> None:
        self._bounds = [number / partitions for number in range(1, partitions)]
        self._partitions = [Partition() for _ in range(partitions)]

    def __len__(self) -> int:
        return len(self._partitions)

    def write(self, place: float, units: float, now: float) -> bool:
        """Take write units of the partition of a key. Return whether it had them."""
        return self._served(place, now, self._of(place).writes.take(units, now))

    def read(self, place: float, units: float, now: float) -> bool:
        """Take read units of the partition of a key. Return whether it had them."""
        return self._served(place, now, self._of(place).reads.take(units, now))

    def follow(self, place: float, units: float, now: float) -> bool:
        """Take write units for an update that follows a write to the table, as an index does: it may fall behind a little.

        Return whether it could; if not, the table has to refuse the write (back-pressure).
        """
        writes = self._of(place).writes
        return self._served(place, now, writes.take(units, now, BACKLOG * writes.rate))

    def _of(self, place: float) -> Partition:
        return self._partitions[bisect(self._bounds, place)]

    def _served(self, place: float, now: float, served: bool) -> bool:
        """Note how long a partition has been hot, and split it when that is long enough. Return `served`.

        A split halves the range of hashes, so what one key gets stays within one partition: in this table a key is one resource,
        and in the index one owner, whose new entries all come after the others.
        """
        partition = self._of(place)
        if served:
            if (
                partition.writes.level > partition.writes.burst / 2
                and partition.reads.level > partition.reads.burst / 2
            ):
                partition.hot_since = None
        elif partition.hot_since is None:
            partition.hot_since = now
        elif now - partition.hot_since >= HEAT:
            self._split(place)
        return served

    def _split(self, place: float) -> None:
        number = bisect(self._bounds, place)
        low = self._bounds[number - 1] if number else 0.0
        high = self._bounds[number] if number < len(self._bounds) else 1.0
        self._bounds.insert(number, (low + high) / 2)
        hot = self._partitions[number]
        hot.hot_since = None
        self._partitions[number : number + 1] = hot.halves()
