"""Models the cost of a month: a workload and a service in, lines with quantity and price out. Pure; prices are in prices.json."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from crudctl.build.service import GET, LIST, Service

HOURS = 730  # in a month, as AWS counts them
SECONDS = HOURS * 3600
KB, GB = 1024, 1024**3

# The sizes of one request and one stored resource. Tests compare them with what the service writes.
STORED_OVERHEAD = 300  # bytes of a resource in addition to its content: keys, version, times, fingerprint, receipt
TRASH_OVERHEAD = 70  # bytes that deleting adds to it: when it was deleted, when it expires
MEMORY = 200  # bytes that remain of a resource that was deleted for good
MEMORY_DAYS = 30
INDEX_OVERHEAD = 100  # bytes that DynamoDB adds to each row, in the table and in the index
RESPONSE_OVERHEAD = 800  # bytes of the headers and system fields of a response
LOG_LINES = 4  # for a request: gateway, function, and the platform's start and report
LOG_BYTES = 1900  # of these four; 1,700 on the local stack, and AWS adds the trace to its report
EVENT_OVERHEAD = 26  # bytes that CloudWatch Logs adds to each line
COMPRESSED = 0.15  # share of the bytes that CloudWatch Logs stores after compression

# Independent of traffic.
VERSIONS = 1  # of each function, that have a request in the month
METRICS_BY_VERSION = 3  # latency, faults, cold starts: for each function, and for each version of it
OTHER_METRICS = 3  # replays, throttled requests, start-up time; and the conflicts of each function that writes
ALARM_METRICS = 33  # of the API, the table, sign-in and releases
ALARM_METRICS_EACH = 5  # of a function: its faults (two), throttles, and two while a version of it is being released
COMPOSITE_ALARMS = 4
DASHBOARDS = 1
WEB_ACL_RULES = 3

PAGE = 25  # resources in a page of a list
SAMPLED = 0.05  # share of the requests that X-Ray records, in addition to the first of each second


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
        web_acl: whether AWS WAF is in front of the API.
        memory: megabytes of a function.
        duration: milliseconds that a function is billed for a request, cold starts included.
        retention: days for which logs are kept.
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
    web_acl: bool = True
    memory: float = 512
    duration: float = 15
    retention: float = 90

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
    def deleted(self) -> float:
        """The number of resources that are deleted in the month."""
        return self.requests * (1 - self.reads) * self.deletes

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
        return (self.requests * (1 - self.reads) - into_trash) * 2 * one + into_trash * (in_trash + one + in_trash)

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
        page = math.ceil(PAGE * self.bytes_of_one / (4 * KB)) / 2
        return self.requests * self.reads * ((1 - self.lists) * one + self.lists * page)

    @property
    def bytes_out(self) -> float:
        """Bytes of responses to the internet."""
        pages = self.requests * self.reads * self.lists * PAGE * (self.size + STORED_OVERHEAD)
        return pages + self.requests * (self.size + RESPONSE_OVERHEAD)


@dataclass(frozen=True)
class Shape:
    """What of a service has a price by itself.

    Args:
        functions: number of functions.
        writers: number of those that write, which can meet a conflict.
        trash: whether what was deleted can be restored.
    """

    functions: int
    writers: int
    trash: bool = True

    @classmethod
    def of(cls, service: Service) -> Shape:
        """Return the shape of a service."""
        kinds = [operations[0].kind for operations in service.functions.values()]
        return cls(len(kinds), sum(kind not in (GET, LIST) for kind in kinds), service.trash)

    @property
    def metrics(self) -> int:
        """Custom metrics that the functions and the gateway's log write."""
        return self.functions * METRICS_BY_VERSION * (1 + VERSIONS) + self.writers + OTHER_METRICS

    @property
    def alarm_metrics(self) -> int:
        """Metrics of all alarms together."""
        return ALARM_METRICS + ALARM_METRICS_EACH * self.functions


@dataclass(frozen=True)
class Line:
    """One line of the bill: `quantity` of `unit` at `price` US dollars each, of which `free` are free of charge."""

    service: str
    what: str
    quantity: float
    unit: str
    price: float
    free: float

    @property
    def usd(self) -> float:
        """US dollars a month, without the free tier."""
        return self.quantity * self.price

    @property
    def usd_after_free(self) -> float:
        """US dollars a month, if nothing else in the account uses the free tier."""
        return max(0.0, self.quantity - self.free) * self.price


@dataclass(frozen=True)
class Alternative:
    """Another design, and the US dollars a month that it would save; negative if it would cost more."""

    what: str
    saves: float


@cache
def price_list() -> dict[str, Any]:
    """Return `region`, `currency`, `date` and `prices`, each with `usd`, `unit`, `free` units a month, and `source`."""
    prices: dict[str, Any] = json.loads(Path(__file__).with_name("prices.json").read_text(encoding="utf-8"))
    return prices


def lines(month: Workload, shape: Shape) -> list[Line]:
    """Return the bill of a month of a service of that shape, line by line."""
    month = month if shape.trash else replace(month, trash_days=0)
    gb_logged = month.requests * (LOG_BYTES + LOG_LINES * EVENT_OVERHEAD) / GB
    traced = min(month.requests, SECONDS)
    acl = int(month.web_acl)
    table, index = month.table_bytes / GB, month.index_bytes / GB
    return [
        _line("API Gateway", "REST API", "rest_request", month.requests),
        _line("Lambda", "requests", "lambda_request", month.requests),
        _line("Lambda", "duration", "lambda_gb_second", month.requests * month.duration / 1000 * month.memory / 1024),
        _line("DynamoDB", "writes, table and index", "write_unit", month.write_units),
        _line("DynamoDB", "reads", "read_unit", month.read_units),
        _line("DynamoDB", "storage, table and index", "table_gb", table + index),
        _line("DynamoDB", "point-in-time recovery", "backup_gb", table),
        _line("CloudWatch", "logs, written", "log_gb", gb_logged),
        _line("CloudWatch", "logs, kept", "log_gb_month", gb_logged * COMPRESSED * month.retention / 30),
        _line(
            "CloudWatch",
            "metrics",
            "metric",
            shape.metrics if month.requests else 0,
        ),
        _line("CloudWatch", "alarms", "alarm_metric", shape.alarm_metrics),
        _line("CloudWatch", "composite alarms", "composite_alarm", COMPOSITE_ALARMS),
        _line("CloudWatch", "dashboard", "dashboard", DASHBOARDS),
        _line("X-Ray", "traces", "trace", traced + SAMPLED * (month.requests - traced)),
        _line("Cognito", "users", "user", month.users),
        _line("Cognito", "machine clients", "machine_client", month.machines),
        _line("Cognito", "their tokens", "machine_token", month.machines * HOURS),
        _line("WAF", "web ACL", "web_acl", acl),
        _line("WAF", "rules", "web_acl_rule", acl * WEB_ACL_RULES),
        _line("WAF", "requests", "web_acl_request", acl * month.requests),
        _line("Data transfer", "responses to the internet", "data_out_gb", month.bytes_out / GB),
    ]


def alternatives(month: Workload, shape: Shape) -> list[Alternative]:
    """Return what other designs would save at this volume, without the free tier."""
    month = month if shape.trash else replace(month, trash_days=0)
    bill = {(line.service, line.what): line.usd for line in lines(month, shape)}
    gateway = bill["API Gateway", "REST API"]
    functions = bill["Lambda", "requests"] + bill["Lambda", "duration"]
    units = bill["DynamoDB", "writes, table and index"] + bill["DynamoDB", "reads"]
    at_once = sum(line.usd for line in lines(replace(month, trash_days=0), shape))
    trash = [Alternative("No trash (trash_days = 0): what is deleted is lost", sum(bill.values()) - at_once)]
    return [
        Alternative(
            "HTTP API: no WAF, no validation and no custom error responses at the gateway",
            gateway + bill["WAF", "requests"] - month.requests * _usd("http_request"),
        ),
        Alternative("Provisioned capacity, 50 % used around the clock", units - _provisioned(month, 0.5)),
        Alternative(
            f"Containers: {_tasks(month)} Fargate tasks behind a load balancer, no API Gateway, no Lambda",
            gateway + functions - _containers(month),
        ),
        *(trash if month.trash_days else []),
    ]


def _provisioned(month: Workload, used: float) -> float:
    """Return the US dollars for capacity of which a share is used, at least one unit each for table and index."""
    writes, reads = (max(2.0, math.ceil(units / SECONDS / used)) for units in (month.write_units, month.read_units))
    return HOURS * (writes * _usd("write_unit_hour") + reads * _usd("read_unit_hour"))


def _tasks(month: Workload) -> int:
    """Return how many tasks of half a vCPU and 1 GB serve four times the mean rate, each 100 requests a second; at least two."""
    return max(2, math.ceil(4 * month.requests / SECONDS / 100))


def _containers(month: Workload) -> float:
    """Return the US dollars for the tasks and their load balancer, one capacity unit of which is a gigabyte an hour."""
    capacity = max(1.0, month.bytes_out / GB / HOURS)
    balancer = _usd("balancer_hour") + capacity * _usd("balancer_lcu_hour")
    return HOURS * (_tasks(month) * (0.5 * _usd("fargate_vcpu_hour") + _usd("fargate_gb_hour")) + balancer)


def _line(service: str, what: str, key: str, quantity: float) -> Line:
    price = price_list()["prices"][key]
    return Line(service, what, quantity, price["unit"], price["usd"], price["free"])


def _usd(key: str) -> float:
    return float(price_list()["prices"][key]["usd"])
