"""What the worst month can cost: what can run away, how fast, and what stops it. Pure; by the same model as a usual month."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from crudctl.cost import model
from crudctl.cost.deployed import Deployed
from crudctl.cost.prices import GB, HOURS, KB, SECONDS, Line, line, shared, total
from crudctl.cost.workload import RESPONSE_OVERHEAD, Workload

LARGEST_BODY = 128 * KB  # src/functions/body.py: MAX_BODY
LARGEST_EVENT = (
    256 * KB
)  # bytes of a line of a function. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
GATEWAY_LINE = 650  # bytes, of which a request that reaches no function writes one
FLOOD = 1000  # requests a second of a flood that nothing limits; a few rented machines send as many
TOKENS = 1  # a second, of a machine client that fetches one for each request
WAF_WINDOW = 300  # seconds that the web ACL counts


@dataclass(frozen=True)
class Case:
    """Something that can run away.

    Attributes:
        what: what happens.
        bill: what a month of it costs, in addition to the usual.
        cap: what limits it.
    """

    what: str
    bill: list[Line]
    cap: str

    @property
    def usd(self) -> float:
        """US dollars, if nobody does anything for a month."""
        return total(self.bill)

    @property
    def usd_a_day(self) -> float:
        """US dollars of one day of it, by which the budget has notified somebody."""
        return self.usd * 24 / HOURS


def cases(month: Workload, deployed: Deployed) -> list[Case]:
    """Return what can run away beside a usual month of a service."""
    requests = min(deployed.rate, _of_one_address(deployed)) * SECONDS
    each = f"throttling.rate: {deployed.rate:g} a second for each method; {_by_address(deployed)}"
    limit, methods = deployed.rate_without_token, deployed.methods_without_token
    free = f"throttling.without_token: {limit:g} a second for each of {methods} methods; {_by_address(deployed)}"
    quiet = Workload(requests, size=month.size, stored=0, users=0, trash_days=0)
    nothing = f"nothing here; the budget {_notifies(deployed)}"
    created = replace(
        quiet, reads=0.0, deletes=0.0, stored=requests / 2
    )  # of what is there at the end, half on the average
    return [
        Case("OPTIONS flood, on all paths, at the limit", _flood(deployed, limit * methods * SECONDS), free),
        Case(
            f"Flood of {FLOOD:,} requests a second that are refused: 401, 429, the web ACL's 403",
            _refused(deployed, FLOOD * SECONDS),
            nothing,
        ),
        Case("A client that reads one resource in a loop", _extra(replace(quiet, reads=1.0, lists=0.0), deployed), each),
        Case("A client that creates in a loop", _extra(created, deployed), each),
        Case("The same, each of 128 KB", _extra(replace(created, size=LARGEST_BODY), deployed), each),
        Case(
            "A client that lists pages of 1 MB in a loop",
            _extra(replace(quiet, reads=1.0, lists=1.0, size=LARGEST_BODY), deployed),
            each,
        ),
        Case(
            "A machine client that fetches a token for each request, one a second",
            shared([line("Cognito", "tokens", "machine_token", TOKENS * SECONDS)]),
            f"Cognito's quota of the account; the budget {_notifies(deployed)}",
        ),
        Case(
            "Log loop: a version that writes 256 KB with each request of a usual month",
            shared([line("CloudWatch", "logs, written", "log_gb", month.requests * LARGEST_EVENT / GB)]),
            "the number of requests, and the function's timeout; a release back ends it",
        ),
    ]  # fmt: skip


def _flood(deployed: Deployed, requests: float) -> list[Line]:
    """Requests that the gateway answers itself: billed, traced and logged."""
    return shared([
        line("API Gateway", "REST API", "rest_request", requests),
        line("X-Ray", "traces", "trace", requests * deployed.traced),
        *_refused(deployed, requests),
    ])  # fmt: skip


def _refused(deployed: Deployed, requests: float) -> list[Line]:
    """API Gateway bills no request that it throttles or whose token it refuses, but logs it, and the web ACL bills it.

    https://aws.amazon.com/api-gateway/faqs/
    """
    return shared([
        line("CloudWatch", "logs, written", "log_gb", requests * (GATEWAY_LINE + model.EVENT_OVERHEAD) / GB),
        line("WAF", "requests", "web_acl_request", requests * len(deployed.web_acls)),
        line("Data transfer", "responses to the internet", "data_out_gb", requests * RESPONSE_OVERHEAD / GB),
    ])  # fmt: skip


def _extra(month: Workload, deployed: Deployed) -> list[Line]:
    """Return what a month costs beyond what is there without requests."""
    idle = Deployed(
        functions=deployed.functions, memory=deployed.memory, traced=deployed.traced, reservoir=deployed.reservoir,
        retention=deployed.retention, backups=deployed.backups,
    )  # fmt: skip
    acl = [line("WAF", "requests", "web_acl_request", month.requests * len(deployed.web_acls))]
    return [*model.lines(month, idle), *shared(acl)]


def _of_one_address(deployed: Deployed) -> float:
    """Return the requests a second that the web ACL lets through from one address."""
    return deployed.waf_rate / WAF_WINDOW if deployed.waf_rate else math.inf


def _by_address(deployed: Deployed) -> str:
    if not deployed.waf_rate:
        return "one address may use it all, for there is no web ACL"
    return f"waf_rate_limit: {_of_one_address(deployed):g} a second from one address"


def _notifies(deployed: Deployed) -> str:
    return "would notify, but none is set" if deployed.budget is None else f"of USD {deployed.budget:,.0f} notifies"
