"""A month of use: how much of what is billed by use a number of requests needs. Pure; knows no prices."""

from __future__ import annotations

import math
from dataclasses import dataclass

from crudctl.cost.prices import KB

# The sizes of one request and one stored resource. Tests compare them with what the service writes.
STORED_OVERHEAD = 300  # bytes of a resource in addition to its content: keys, version, times, fingerprint, receipt
TRASH_OVERHEAD = 70  # bytes that deleting adds to it: when it was deleted, when it expires
MEMORY = 200  # bytes that remain of a resource that was deleted for good
MEMORY_DAYS = 30
INDEX_OVERHEAD = 100  # bytes that DynamoDB adds to each row, in the table and in the index
RESPONSE_OVERHEAD = 800  # bytes of the headers and system fields of a response

PAGE = 25  # resources in a page of a list
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html
LARGEST_PAGE = 1024 * KB  # bytes that DynamoDB reads for a page


@dataclass(frozen=True)
class Workload:
    """A month of use.

    Args:
        requests: requests to the API.
        size: bytes of a resource's content, as JSON.
        reads: share of the requests that read.
        lists: share of the reads that list a page of 25 resources; the others read one.
        deletes: share of the writes that delete.
        trash_days: days for which a deleted resource can be restored; with 0, only a memory of its id remains.
        stored: resources in the table; by default those created in twelve months, if half of the writes create one.
        users: users who sign in at least once.
        machines: machine clients, which get a token every hour.
        releases: releases, each of an hour.
        duration: milliseconds that a function is billed for a request, cold starts included.
        cold: share of the requests that start a function.
    """

    requests: float
    size: float = KB
    reads: float = 0.8
    lists: float = 0.25
    deletes: float = 0.1
    trash_days: float = 30
    stored: float | None = None
    users: float = 100
    machines: float = 0
    releases: float = 0
    duration: float = 15
    cold: float = 0.01

    @property
    def count(self) -> float:
        """The number of resources in the table."""
        return self.requests * (1 - self.reads) / 2 * 12 if self.stored is None else self.stored

    @property
    def bytes_of_one(self) -> float:
        """The size of one resource that DynamoDB charges for."""
        return self.size + STORED_OVERHEAD

    @property
    def bytes_in_trash(self) -> float:
        """The size of one deleted resource that DynamoDB charges for."""
        return self.bytes_of_one + TRASH_OVERHEAD

    @property
    def writes(self) -> float:
        """The number of requests that write."""
        return self.requests * (1 - self.reads)

    @property
    def deleted(self) -> float:
        """The number of resources that are deleted in the month."""
        return self.writes * self.deletes

    @property
    def write_units(self) -> float:
        """Write units of the table and of its index, which every write updates too.

        A write costs the larger of the sizes before and after. Into the trash, an entry gets another key in the index, which is
        two writes there. What expires is removed for nothing.
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
        """
        one, in_trash = math.ceil(self.bytes_of_one / KB), math.ceil(self.bytes_in_trash / KB)
        into_trash = self.deleted if self.trash_days else 0
        return (self.writes - into_trash) * 2 * one + into_trash * (in_trash + one + in_trash)

    @property
    def table_bytes(self) -> float:
        """Bytes of the table, with what is in the trash, or remembered of what was deleted for good."""
        live, month = self.count * (self.bytes_of_one + INDEX_OVERHEAD), self.deleted / 30
        return live + self._trash_bytes + (0 if self.trash_days else month * MEMORY_DAYS * (MEMORY + INDEX_OVERHEAD))

    @property
    def index_bytes(self) -> float:
        """Bytes of the index, which has no memories."""
        return self.count * (self.bytes_of_one + INDEX_OVERHEAD) + self._trash_bytes

    @property
    def _trash_bytes(self) -> float:
        return self.deleted / 30 * self.trash_days * (self.bytes_in_trash + INDEX_OVERHEAD)

    @property
    def read_units(self) -> float:
        """Read units. One resource is read consistently; a page of the index is not, so the sum of its sizes counts half."""
        one = math.ceil(self.bytes_of_one / (4 * KB))
        page = math.ceil(min(PAGE * self.bytes_of_one, LARGEST_PAGE) / (4 * KB)) / 2
        return self.requests * self.reads * ((1 - self.lists) * one + self.lists * page)

    @property
    def bytes_out(self) -> float:
        """Bytes of responses to the internet."""
        page = min(PAGE * self.bytes_of_one, LARGEST_PAGE)
        return self.requests * (self.reads * self.lists * page + self.size + RESPONSE_OVERHEAD)
