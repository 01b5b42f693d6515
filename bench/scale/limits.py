"""AWS's quotas that requests meet, in the order in which a growing service does. Values and pages as of November 2026."""

from __future__ import annotations

from dataclasses import dataclass

from bench.scale.arithmetic import units
from bench.scale.lambda_ import REQUESTS_EACH

WRITES, READS = units(1)[1], sum(units(1)[2:])  # for each request of the everyday mix: of the index, and of both

AWS = "https://docs.aws.amazon.com"


@dataclass(frozen=True)
class Quota:
    """One quota.

    Args:
        value: of a new account in most regions, as text.
        at: requests a second of the everyday mix at which it is used up; None where the mix does not decide.
        more: how to get more.
    """

    name: str
    value: str
    at: float | None
    more: str
    page: str


QUOTAS = (
    Quota(
        "Lambda: concurrency of a very new account",
        "10",
        10 * REQUESTS_EACH,
        "quota L-B99A9384; `crudctl doctor` reports it",
        f"{AWS}/lambda/latest/dg/gettingstarted-limits.html",
    ),
    Quota(
        "this project: `throttling.rate` of each method",
        "100/s",
        100 / 0.6,
        "`throttling` in `infra/envs`",
        f"{AWS}/apigateway/latest/developerguide/api-gateway-request-throttling.html",
    ),
    Quota(
        "Cognito: sign-ins and refreshed tokens",
        "120/s",
        None,
        "quota, billed for each request a second; a token lasts an hour, so 120/s are 432,000 people at once",
        f"{AWS}/cognito/latest/developerguide/quotas.html",
    ),
    Quota(
        "STS: AssumeRole, with `abac = true` only",
        "600/s",
        None,
        "ask support; see owners below",
        f"{AWS}/IAM/latest/UserGuide/reference_iam-quotas.html",
    ),
    Quota(
        "DynamoDB: a new table on demand, and its index",
        "4,000 write and 12,000 read units/s",
        4_000 / WRITES,
        "warm throughput, or twice the peak every 30 minutes",
        f"{AWS}/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html",
    ),
    Quota(
        "API Gateway: requests of the account in a region",
        "10,000/s, burst 5,000; 2,500 and 1,250 in newer regions",
        10_000,
        "quota L-8A5B8E43; the burst follows",
        f"{AWS}/apigateway/latest/developerguide/limits.html",
    ),
    Quota(
        "Lambda: requests a second, ten for each unit of concurrency",
        "10,000/s at a concurrency of 1,000",
        10_000,
        "quota L-B99A9384; ask for a tenth of the requests a second, although a seventh of that runs at once",
        f"{AWS}/lambda/latest/dg/lambda-concurrency.html",
    ),
    Quota(
        "Lambda: new environments of one function",
        "1,000 in 10 s",
        None,
        "none: ramp up, or provisioned concurrency before a known peak",
        f"{AWS}/lambda/latest/dg/scaling-behavior.html",
    ),
    Quota(
        "X-Ray: segments, two for each recorded request",
        "2,600/s",
        26_000,
        "lower `trace_share` from 0.05",
        f"{AWS}/general/latest/gr/xray.html",
    ),
    Quota(
        "DynamoDB: units of one table on demand together with its index",
        "40,000 write and 40,000 read units/s",
        40_000 / READS,
        "quotas, for reads and for writes",
        f"{AWS}/amazondynamodb/latest/developerguide/ServiceQuotas.html",
    ),
    Quota(
        "AWS WAF: requests of one web ACL",
        "100,000/s",
        100_000,
        "quota, or several regions",
        f"{AWS}/waf/latest/developerguide/limits.html",
    ),
    Quota(
        "DynamoDB: one partition, so one resource, and one owner in the index",
        "1,000 write and 3,000 read units/s",
        None,
        "none; see owners below",
        f"{AWS}/amazondynamodb/latest/developerguide/bp-partition-key-design.html",
    ),
)


def table() -> list[str]:
    """Return the quotas as rows of Markdown."""
    lines = ["| quota | a new account | used up at | more |", "|---|---|--:|---|"]
    for quota in QUOTAS:
        at = "-" if quota.at is None else f"{quota.at:,.0f}/s"
        lines.append(f"| [{quota.name}]({quota.page}) | {quota.value} | {at} | {quota.more} |")
    return lines
