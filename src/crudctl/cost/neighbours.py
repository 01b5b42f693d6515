"""What others would cost with the same use: the same resources, sizes, reads and writes, logs, alarms and users. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from crudctl.cost import model
from crudctl.cost.deployed import DEFAULT_RULE, Deployed
from crudctl.cost.prices import GB, HOURS, KB, SECONDS, Line, line, shared, total
from crudctl.cost.workload import RESPONSE_OVERHEAD, Workload

# Powertools with boto3 and Pydantic: the CPU above ours of a warm request, at the 0.29 of a processor that 512 MB have, and of a
# cold start, which has a whole one. docs/performance.md has the measurements.
POWERTOOLS_WARM, POWERTOOLS_COLD = 2.1 / 0.29, 449  # milliseconds
POWERTOOLS_METRICS = 2  # the cold starts that its Metrics capture, and one of the service
WITH_A_KEY = 0.5  # share of the writes that carry an idempotency key: the creates

USED = 0.5  # of provisioned capacity
TASK_REQUESTS, PEAK = 100, 4  # requests a second that a task of half a vCPU and 1 GB serves; the peak, in mean rates
ADDRESSES = 2  # of the load balancer, one in each zone; each task has one more
SYSTEM_GB = 3  # of a snapshot of a machine without data


@dataclass(frozen=True)
class Neighbour:
    """Another way to run the service.

    Attributes:
        what: in a few words.
        bill: of the same month.
    """

    what: str
    bill: list[Line]

    @property
    def usd(self) -> float:
        """US dollars a month, without the free tier."""
        return total(self.bill)

    @property
    def usd_after_free(self) -> float:
        """US dollars a month, if nothing else in the account uses the free tier."""
        return total(self.bill, after_free=True)


def neighbours(month: Workload, deployed: Deployed) -> list[Neighbour]:
    """Return this service and others, each with its bill of the month."""
    ours = model.lines(month, deployed)
    trash = Neighbour("This service without a trash", model.lines(replace(month, trash_days=0), deployed))
    return [
        Neighbour("This service", ours),
        *([trash] if month.trash_days and month.requests else []),
        Neighbour("This service on an HTTP API", _http_api(month, deployed)),
        Neighbour("This service with provisioned capacity, half of it used", _provisioned(month, ours)),
        Neighbour("Powertools for AWS Lambda, with its idempotency table", _powertools(month, deployed)),
        Neighbour(f"Containers: {tasks(month)} Fargate tasks behind a load balancer", _containers(month, ours)),
        Neighbour("PocketBase on the smallest virtual machine of Lightsail", _pocketbase(month)),
    ]


def _without(bill: Iterable[Line], *parts: str) -> list[Line]:
    return [each for each in bill if each.service not in parts and f"{each.service}: {each.what}" not in parts]


def _http_api(month: Workload, deployed: Deployed) -> list[Line]:
    """AWS WAF cannot be in front of one, and X-Ray does not see it."""
    bare = replace(deployed, web_acls=())
    rest = _without(model.lines(month, bare), "API Gateway")
    return shared([line("API Gateway", "HTTP API", "http_request", month.requests), *rest])


def _provisioned(month: Workload, ours: list[Line]) -> list[Line]:
    """At least one unit each for table and index."""
    writes, reads = (max(2.0, math.ceil(units / SECONDS / USED)) for units in (month.write_units, month.read_units))
    rest = _without(ours, "DynamoDB: writes, table and index", "DynamoDB: reads")
    capacity = [
        line("DynamoDB", "write capacity", "write_unit_hour", writes * HOURS),
        line("DynamoDB", "read capacity", "read_unit_hour", reads * HOURS),
    ]
    return [*shared(capacity), *rest]


def _powertools(month: Workload, deployed: Deployed) -> list[Line]:
    """Its Tracer traces by X-Ray's default rule; its idempotency writes a record before, and the response into it afterwards.

    https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/
    """
    slower = POWERTOOLS_WARM + month.cold * POWERTOOLS_COLD
    theirs = replace(
        deployed,
        traced=DEFAULT_RULE["fixed_rate"],
        reservoir=DEFAULT_RULE["reservoir_size"],
        metrics=POWERTOOLS_METRICS,
        snap_start=False,
    )
    records = month.writes * WITH_A_KEY * (1 + math.ceil((month.size + RESPONSE_OVERHEAD) / KB))
    table = line("DynamoDB", "writes, idempotency table", "write_unit", records)
    return shared([*model.lines(replace(month, duration=month.duration + slower), theirs), table])


def tasks(month: Workload) -> int:
    """Return how many tasks serve the peak; at least two."""
    return max(2, math.ceil(PEAK * month.requests / SECONDS / TASK_REQUESTS))


def _containers(month: Workload, ours: list[Line]) -> list[Line]:
    """A load balancer's capacity unit is a gigabyte an hour. Tracing would be another container."""
    capacity, number = max(1.0, month.bytes_out / GB / HOURS), tasks(month)
    return shared([
        line("Fargate", "processors", "fargate_vcpu_hour", number * 0.5 * HOURS),
        line("Fargate", "memory", "fargate_gb_hour", number * HOURS),
        line("Load balancer", "hours", "balancer_hour", HOURS),
        line("Load balancer", "capacity", "balancer_lcu_hour", capacity * HOURS),
        line("VPC", "public addresses", "address_hour", (ADDRESSES + number) * HOURS),
        *_without(ours, "API Gateway", "Lambda", "X-Ray"),
    ])  # fmt: skip


def _pocketbase(month: Workload) -> list[Line]:
    """One machine, its disk and a snapshot a day. It has users of its own and no web ACL, and nothing watches it."""
    data = month.table_bytes / GB
    return shared([
        line("Lightsail", "machine", "lightsail_month", 1),
        line("Lightsail", "disk", "lightsail_disk_gb", SYSTEM_GB + data),
        line("Lightsail", "snapshots", "lightsail_snapshot_gb", SYSTEM_GB + data),
        line("Lightsail", "responses to the internet", "lightsail_out_gb", month.bytes_out / GB),
    ])  # fmt: skip
