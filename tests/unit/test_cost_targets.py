"""What an environment may cost, line by line, after the free tier: idle, and at a million requests.

The figures of the environments are those of Terraform's plan, which `tests/oracles/test_costs.py` proves.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from crudctl.cost import deployed, model
from crudctl.cost.deployed import Deployed
from crudctl.cost.prices import total
from crudctl.cost.workload import Workload

IDLE, MILLION = Workload(0, users=0), Workload(1e6)
# The most that a line may cost in prod, in US dollars. Those that it does not name cost nothing, or are not there.
SERVING = {
    "API Gateway: REST API": 3.50,
    "DynamoDB: writes, table and index": 0.63,
    "DynamoDB: reads": 0.23,
    "DynamoDB: point-in-time recovery": 0.39,
}
MONITORING = {"CloudWatch: logs, kept": 0.04, "CloudWatch: alarms": 0.10}


def without_web_acl(environment: str) -> Deployed:
    return replace(deployed.environment(environment), web_acls=(), waf_rate=None)


def bill(month: Workload, there: Deployed) -> dict[str, float]:
    """US dollars after the free tier by line, without lines that are free."""
    found = {f"{line.service}: {line.what}": line.usd_after_free for line in model.lines(month, there)}
    return {name: usd for name, usd in found.items() if usd}


@pytest.mark.parametrize(("environment", "most"), [("test", 0.10), ("prod", 1.00), ("pr", 0.00)])
def test_an_idle_environment_costs_cents(environment: str, most: float) -> None:
    found = bill(IDLE, without_web_acl(environment))
    assert sum(found.values()) <= most + 1e-9
    assert set(found) <= {"CloudWatch: alarms"}


def test_the_web_acl_costs_what_the_variable_says_and_is_in_prod_only() -> None:
    assert not deployed.environment("test").web_acls
    assert not deployed.environment("pr").web_acls
    with_it, without = (bill(IDLE, there) for there in (deployed.environment("prod"), without_web_acl("prod")))
    assert sum(with_it.values()) - sum(without.values()) == pytest.approx(8.00)


def test_a_million_requests_cost_six_dollars_of_which_watching_them_is_one() -> None:
    lines, found = model.lines(MILLION, without_web_acl("prod")), bill(MILLION, without_web_acl("prod"))
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
    assert (
        total(model.lines(releases, without_web_acl("prod"))) - total(model.lines(IDLE, without_web_acl("prod"))) < 0.15
    )
