"""What an environment may cost, line by line, after the free tier: idle, and at a million requests.

The figures of the environments are those of Terraform's plan, which `tests/oracles/test_costs.py` proves.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crudctl.cost import deployed, model
from crudctl.cost.deployed import Deployed
from crudctl.cost.prices import total
from crudctl.cost.workload import Workload
from tests.stack import ROOT

IDLE, MILLION = Workload(0, users=0), Workload(1e6)
# The most that a line may cost in prod, in US dollars. Those that it does not name cost nothing, or are not there.
SERVING = {
    "API Gateway: REST API": 3.50,
    "DynamoDB: writes, table and index": 0.63,
    "DynamoDB: reads": 0.23,
    "DynamoDB: point-in-time recovery": 0.39,
}
MONITORING = {"CloudWatch: logs, kept": 0.04, "CloudWatch: alarms": 0.50}


def plain(environment: str) -> Deployed:
    """An environment without what a team may switch on, and pays for by choice."""
    off: dict[str, Any] = {"web_acls": (), "pool_acls": (), "waf_rate": None, "snap_start": False}
    return replace(deployed.environment(environment), tier="ESSENTIALS", retention=90, **off)


def bill(month: Workload, there: Deployed) -> dict[str, float]:
    """US dollars after the free tier by line, without lines that are free."""
    found = {f"{line.service}: {line.what}": line.usd_after_free for line in model.lines(month, there)}
    return {name: usd for name, usd in found.items() if usd}


@pytest.mark.parametrize(("environment", "most"), [("test", 0.10), ("prod", 1.00), ("pr", 0.00)])
def test_an_idle_environment_costs_cents(environment: str, most: float) -> None:
    found = bill(IDLE, plain(environment))
    assert sum(found.values()) <= most + 1e-9
    assert set(found) <= {"CloudWatch: alarms"}


def test_the_web_acl_costs_what_the_variable_says() -> None:
    with_it, without = (bill(IDLE, replace(plain("prod"), web_acls=acls)) for acls in ((3,), ()))
    assert sum(with_it.values()) - sum(without.values()) == pytest.approx(8.00)
    assert "USD 8 a month (the ACL 5, each of its three rules 1)" in (ROOT / "infra" / "variables.tf").read_text(
        "utf-8"
    )
    assert deployed.environment("prod").web_acls in {(3,), ()}


def test_a_million_requests_cost_six_dollars_of_which_watching_them_is_one() -> None:
    lines, found = model.lines(MILLION, plain("prod")), bill(MILLION, plain("prod"))
    assert total(lines, after_free=True) <= 6.00
    assert total((line for line in lines if model.is_monitoring(line)), after_free=True) <= 1.00
    assert found.keys() <= SERVING.keys() | MONITORING.keys()
    assert {name: usd for name, usd in found.items() if usd > (SERVING | MONITORING)[name] + 1e-9} == {}


@pytest.mark.parametrize("environment", ["test", "prod"])
def test_what_watches_stays_in_the_free_tier_or_close_to_it(environment: str) -> None:
    there = deployed.environment(environment)
    assert there.metrics <= 6
    assert there.alarm_metrics <= 16
    assert there.composite_alarms == there.fine_alarm_metrics == 0
    assert [shown for shown in there.dashboards if shown is None or shown > model.FREE_ON_A_DASHBOARD] == []
    traces = next(line for line in model.lines(MILLION, there) if line.service == "X-Ray")
    assert traces.quantity <= traces.free


def test_an_hour_of_a_release_costs_cents() -> None:
    releases = replace(IDLE, releases=1)
    assert total(model.lines(releases, plain("prod"))) - total(model.lines(IDLE, plain("prod"))) < 0.35
