"""The cost model against bills worked out by hand, its figures against the service, and its output in docs/cost.md."""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from crudctl.cli import main
from crudctl.cost import deployed, model, neighbours, workload, worst
from crudctl.cost.deployed import Deployed
from crudctl.cost.prices import HOURS, KB, SECONDS, Line, price_list, total
from crudctl.cost.workload import Workload
from crudctl.release import canary_alarms, client_errors, line_filters
from crudctl.release.metrics import Metrics
from functions import entry
from functions.resource import Resource
from tests import contracts

DOCS = (Path(__file__).parents[2] / "docs" / "cost.md").read_text(encoding="utf-8")


# As prod, with a web ACL and X-Ray's default rule.
PROD = Deployed(alarm_metrics=15, dashboards=(50,), metrics=2, traced=0.05, reservoir=1, web_acls=(3,), retention=90)


def lines(month: Workload, there: Deployed = PROD) -> list[Line]:
    return model.lines(month, there)


def bill(deployed: Deployed = PROD, **month: Any) -> dict[str, float]:
    """US dollars by line, with nothing free."""
    return {f"{line.service}: {line.what}": round(line.usd, 2) for line in lines(Workload(**month), deployed)}


def put_region(home: Path, region: str) -> None:
    """Write the name and region of the project at `home`."""
    (home / "infra").mkdir(exist_ok=True)
    (home / "infra" / "terraform.tfvars.json").write_text(json.dumps({"name": "items", "region": region}), "utf-8")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with the tests' contract, whatever this one's is."""
    contracts.put(tmp_path)
    put_region(tmp_path, "eu-west-2")
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["cost", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_million_requests_cost_what_was_worked_out_by_hand() -> None:
    """1,000,000 requests, of 700 bytes an item, 80 % reads, 10,000 items, a tenth of the writes deletes.

    With 300 bytes of system fields an item is one write unit; with 70 more, in the trash, it is two.
    """
    costs = bill(requests=1e6, size=700, reads=0.8, lists=0.25, stored=10_000, users=0)
    assert costs["API Gateway: REST API"] == 3.50  # 1 M x 3.50 a million
    assert costs["Lambda: requests"] == 0.20  # 1 M x 0.20 a million
    assert costs["Lambda: duration"] == 0.10  # 1 M x 15 ms x 0.5 GB = 7,500 GB-s x 0.0000133334
    assert (
        costs["DynamoDB: writes, table and index"] == 0.34
    )  # 180,000 writes x 2 x 1 unit + 20,000 deletes x (2 + 1 + 2) = 460,000 x 0.7423 a million
    # 600,000 single reads x 1 unit, 200,000 pages x ceil(25 x 1,000 / 4,096) = 7 units, of which half count: 700,000
    assert costs["DynamoDB: reads"] == 0.19  # 1,300,000 x 0.1485 a million
    assert costs["X-Ray: traces"] == 5.00  # fewer than one a second: every one of them, x 5 a million
    assert costs["WAF: web ACL"] == 5.00
    assert costs["WAF: requests"] == 0.60  # 1 M x 0.60 a million
    assert costs["CloudWatch: logs, written"] == round(1e6 * (1350 + 4 * 26) / 2**30 * 0.5985, 2) == 0.81


def test_a_hundred_million_requests_cost_what_was_worked_out_by_hand() -> None:
    without = replace(PROD, web_acls=())
    costs = bill(without, requests=100e6, size=3 * KB, reads=0.5, lists=0, deletes=0, stored=0, users=30_000)
    assert costs["API Gateway: REST API"] == 350.00
    assert costs["DynamoDB: writes, table and index"] == 296.92  # 50 M x 2 x ceil(3,372 / 1,024) = 4 units: 400 M
    assert costs["DynamoDB: reads"] == pytest.approx(
        7.425, abs=0.01
    )  # 50 M x 1 unit, for 3,372 bytes are less than 4,096
    # 2,628,000 seconds with one each, and 5 % of the other 97,372,000
    assert costs["X-Ray: traces"] == round((2_628_000 + 4_868_600) * 0.000005, 2) == 37.48
    assert costs["Cognito: users"] == 450.00  # 30,000 x 0.015
    assert not any(name.startswith("WAF") for name in costs)


def units(**month: Any) -> float:
    return Workload(requests=1000, size=500, reads=0, **month).write_units


def test_a_delete_writes_the_index_twice_if_there_is_a_trash() -> None:
    assert units(deletes=0) == 2 * 1000
    assert units(deletes=1) == 3 * 1000  # the table once, the index twice: the entry moves to another key
    assert units(deletes=1, trash_days=0) == 2 * 1000


def test_what_is_in_the_trash_is_stored_in_table_and_index_and_what_is_remembered_in_the_table_alone() -> None:
    """1,000 deletes a month, of 700 bytes with 300 of system fields, and DynamoDB's 100 for each row."""
    month = partial(Workload, requests=1000, size=700, reads=0, deletes=1, stored=0)
    assert month().table_bytes == month().index_bytes == pytest.approx(1000 * (1000 + 70 + 100))
    assert month(trash_days=3).table_bytes == pytest.approx(100 * 1170)
    assert month(trash_days=0).table_bytes == pytest.approx(1000 * (200 + 100))
    assert month(trash_days=0).index_bytes == 0


def test_a_service_without_a_trash_pays_for_none() -> None:
    month = Workload(1e6)
    compared = {other.what: other.usd for other in neighbours.neighbours(month, PROD)}
    assert compared["This service without a trash"] == total(lines(replace(month, trash_days=0)))
    assert "This service without a trash" not in {
        other.what for other in neighbours.neighbours(replace(month, trash_days=0), PROD)
    }


def test_the_free_tier_is_deducted_from_each_line_once() -> None:
    by_name = {f"{line.service} {line.what}": line for line in lines(Workload(3e6, users=12_000))}
    assert by_name["Lambda requests"].usd_after_free == pytest.approx(2e6 * 0.0000002)
    assert by_name["Lambda duration"].usd_after_free == 0  # 22,500 of 400,000 GB-seconds
    assert by_name["Cognito users"].usd_after_free == pytest.approx(2_000 * 0.015)


def test_lines_with_one_price_share_what_is_free() -> None:
    many = replace(PROD, alarm_metrics=9, metrics=8)
    by_name = {f"{line.service} {line.what}": line for line in lines(Workload(1e6, releases=2 * HOURS), many)}
    assert by_name["CloudWatch alarms"].usd_after_free == 0
    assert by_name["CloudWatch alarms of releases"].free == 1
    assert by_name["CloudWatch metrics of releases"].free == 2


def test_an_idle_service_costs_its_alarms_and_its_dashboard() -> None:
    idle = bill(replace(PROD, web_acls=()), requests=0, users=0)
    assert idle == {"CloudWatch: alarms": 1.50, "CloudWatch: dashboard": 3.00}
    large = bill(replace(PROD, web_acls=(), dashboards=(51,), alarm_metrics=0), requests=0, users=0)
    assert large == {"CloudWatch: dashboard of more than 50 metrics": 3.00}


def test_each_thing_of_a_plan_that_has_a_price_changes_the_bill_by_it() -> None:
    def more(**other: Any) -> float:
        month = Workload(1e6)
        return total(lines(month, replace(PROD, **other)), after_free=True) - total(lines(month), after_free=True)

    assert more(alarm_metrics=16) == pytest.approx(0.10)
    assert more(fine_alarm_metrics=2) == pytest.approx(0.60)
    assert more(composite_alarms=1) == pytest.approx(0.50)
    assert more(dashboards=(50, 50, 50, 50)) == pytest.approx(3.00)
    assert more(dashboards=(51,)) == pytest.approx(3.00)
    assert more(metrics=11) == pytest.approx(0.30)
    assert more(web_acls=()) == pytest.approx(-8.60)
    assert more(pool_acls=(1,)) == pytest.approx(6.00)
    assert more(tier="PLUS") == pytest.approx(2.00)
    assert more(traced=0.05, reservoir=0) == pytest.approx(-4.50)
    assert more(traced=0.2, reservoir=0) == pytest.approx(-4.00)
    assert more(backups=False) == pytest.approx(-0.385, abs=0.001)
    assert more(retention=30) == pytest.approx(-0.0128, abs=0.001)
    assert more(retention=0) > more(retention=180) > 0
    # 0.5 GB of each of five functions for a month, and 10,000 restores of 0.5 GB
    assert more(snap_start=True) == pytest.approx(5 * 0.5 * SECONDS * 0.0000015046 + 10_000 * 0.5 * 0.0001397998)


def test_another_operation_makes_the_dashboard_one_that_is_never_free() -> None:
    six = deployed.with_functions(replace(PROD, web_acls=()), 6)
    assert bill(six, requests=0, users=0)["CloudWatch: dashboard of more than 50 metrics"] == 3.00


def test_a_release_costs_what_its_alarms_metrics_and_looks_cost_in_an_hour() -> None:
    """Five functions: 16 alarm metrics and 90 metrics for an hour, and 120 looks at 44 metrics of each."""
    costs = total(lines(Workload(0, users=0, releases=1))) - total(lines(Workload(0, users=0)))
    assert costs == pytest.approx(16 * 0.1 / 730 + 90 * 0.3 / 730 + 120 * 44 * 5 * 0.00001)


FUNCTIONS = {f"operation_{number}": f"items-prod-operation_{number}" for number in range(5)}
OLD, NEW = dict.fromkeys(FUNCTIONS, "1"), dict.fromkeys(FUNCTIONS, "2")


class CloudWatch:
    """Has a value of every metric, and counts those that are read."""

    def __init__(self) -> None:
        self.read = 0

    def get_paginator(self, _: str) -> CloudWatch:
        return self

    def paginate(self, *, MetricDataQueries: list[Any], **_: Any) -> Iterator[dict[str, Any]]:  # noqa: N803
        self.read += len(MetricDataQueries)
        yield {
            "MetricDataResults": [
                {
                    "Id": each["Id"],
                    "Timestamps": [datetime.fromtimestamp(at, UTC) for at in (600, 900)],
                    "Values": _values(**each["MetricStat"]),
                }
                for each in MetricDataQueries
            ]
        }


def _values(Metric: dict[str, Any], Stat: str, **_: Any) -> list[float]:  # noqa: N803
    """Two values: no faults, many requests, and another duration for each statistic and time."""
    if Metric["MetricName"] in ("Errors", "Faults"):
        return [0.0, 0.0]
    more = float(Stat[1:]) if Stat.startswith("p") else 0.0
    return [100.0 + more, 200.0 + more]


def test_what_a_release_is_priced_with_is_what_it_makes_and_reads() -> None:
    settings = canary_alarms.Settings("items-prod", "arn:rollback", "arn:topic", "docs/runbook.md", 300, 3600)
    alarms = canary_alarms.alarms(settings, FUNCTIONS, NEW, canary_alarms.Traffic({}, 0.1)).values()
    metrics = [[each for each in alarm.get("Metrics", []) if "MetricStat" in each] for alarm in alarms]
    assert sum(len(each) or 1 for each in metrics) == model.RELEASE_ALARMS + 5 * model.RELEASE_ALARMS_EACH
    compared = client_errors.compared(None, contracts.document())
    assert math.ceil(sum(map(len, compared.values())) / len(compared)) == model.REFUSED
    filters = line_filters.filters("items-prod", "items-prod-operation_1")
    assert len(filters) - 1 + model.REFUSED == model.RELEASE_METRICS_EACH  # one of them has a metric for each status
    client = CloudWatch()
    read = Metrics(client, "items-prod", FUNCTIONS, 60, clock=lambda: 1300.0)
    statuses = range(400, 400 + model.REFUSED)
    read.evidence(OLD, NEW, [[0.1, 500.0, 501.0]], 600.0, refusals=dict.fromkeys(FUNCTIONS, statuses))
    read.percentiles(OLD, 500.0)
    read.percentiles(NEW, 500.0)
    assert client.read == model.READ_AT_A_LOOK * len(FUNCTIONS)


@given(
    st.floats(0, 1e9), st.floats(1, 380 * KB), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1e9), st.floats(1, 1e6)
)
def test_a_larger_workload_never_costs_less(
    requests: float, size: float, reads: float, lists: float, items: float, more: float
) -> None:
    def total(**month: Any) -> float:
        return sum(line.usd for line in lines(Workload(reads=reads, lists=lists, **month)))

    least = total(requests=requests, size=size, stored=items)
    slack = 1e-9 * least
    assert total(requests=requests + more, size=size, stored=items) >= least - slack
    assert total(requests=requests, size=size + more, stored=items) >= least - slack
    assert total(requests=requests, size=size, stored=items + more) >= least - slack


def break_even(beginning: str, low: float, high: float, month: Workload, *, after_free: bool) -> float:
    """Requests a month from which a neighbour is cheaper than this service, in prod without a web ACL."""
    deployed = replace(PROD, web_acls=(), reservoir=0)

    def saves(requests: float) -> float:
        ours, *others = neighbours.neighbours(replace(month, requests=requests), deployed)
        other = next(other for other in others if other.what.startswith(beginning))
        return ours.usd_after_free - other.usd_after_free if after_free else ours.usd - other.usd

    assert saves(low) < 0 < saves(high)
    while high - low > 1e4:
        middle = (low + high) / 2
        low, high = (low, middle) if saves(middle) > 0 else (middle, high)
    return high


@pytest.mark.parametrize("beginning", ["Containers", "PocketBase"])
def test_neighbours_become_cheaper_at_the_documented_volume(beginning: str) -> None:
    low, high = (1e6, 100e6) if beginning == "Containers" else (1e5, 10e6)
    found = break_even(beginning, low, high, Workload(0), after_free=True)
    assert f"{beginning} from {found / 1e6:.1f} M requests a month" in DOCS


def named(beginning: str, month: Workload, deployed: Deployed = PROD) -> dict[str, float]:
    """US dollars by line of one of the neighbours."""
    others = {other.what.removeprefix("This service "): other.bill for other in neighbours.neighbours(month, deployed)}
    found = next(bill for what, bill in others.items() if what.startswith(beginning))
    return {f"{line.service}: {line.what}": round(line.usd, 2) for line in found}


def test_the_neighbours_pay_for_the_same_month() -> None:
    month, ours = Workload(1e6), bill(requests=1e6)
    idempotent = named("Powertools", month)
    # 200,000 writes, half of them with a key: one unit for the record, two for the response of 1,824 bytes
    assert idempotent["DynamoDB: writes, idempotency table"] == round(100_000 * 3 * 0.0000007423, 2) == 0.22
    assert idempotent["DynamoDB: writes, table and index"] == ours["DynamoDB: writes, table and index"]
    assert idempotent["Lambda: duration"] > ours["Lambda: duration"]
    assert named("on an HTTP API", month)["API Gateway: HTTP API"] == 1.16
    tasks = named("Containers", month)
    assert tasks["Fargate: processors"] == round(2 * 0.5 * 730 * 0.03725, 2)
    assert tasks["VPC: public addresses"] == round(4 * 730 * 0.005, 2) == 14.60
    assert tasks["CloudWatch: logs, written"] == ours["CloudWatch: logs, written"]
    assert named("PocketBase", Workload(0))["Lightsail: machine"] == 5.00
    assert named("PocketBase", Workload(100e6))["Lightsail: disk"] == pytest.approx(
        16.5, abs=0.5
    )  # 165 GB, 20 of them free


def cases(deployed: Deployed = PROD) -> list[worst.Case]:
    return worst.cases(Workload(1e6), deployed)


LIMITED = replace(
    PROD, web_acls=(), traced=0.05, reservoir=0, rate=100, rate_without_token=20, methods_without_token=12
)


def test_the_worst_months_are_what_was_worked_out_by_hand() -> None:
    flood, refused, reads, creates, large, pages, tokens, loop = (case.usd for case in cases(LIMITED))
    requests = 12 * 20 * 2_628_000  # 631 M: 0.0000035 each, 5 % traced, a line of 676 bytes and a response of 800
    gb = requests / 2**30
    assert flood == pytest.approx(requests * (0.0000035 + 0.05 * 0.000005) + gb * (676 * 0.5985 + 800 * 0.09))
    assert refused == pytest.approx(1000 * 2_628_000 / 2**30 * (676 * 0.5985 + 800 * 0.09))
    assert reads < creates < pages < large
    units = 100 * 2_628_000 * 2 * 129 * 0.0000007423  # 128 KB and 300 bytes, in table and index
    assert units < large < 1.6 * units  # and what is stored
    assert pages > 100 * 2_628_000 * 2**20 / 2**30 * 0.09  # a megabyte each, to the internet
    assert tokens == pytest.approx(2_628_000 * 0.00225)
    assert loop == pytest.approx(1e6 * 256 / 2**20 * 0.5985)


def test_each_cap_lowers_the_month_that_it_is_named_for() -> None:
    def lower(**caps: Any) -> list[bool]:
        return [
            after.usd < before.usd
            for before, after in zip(cases(LIMITED), cases(replace(LIMITED, **caps)), strict=True)
        ]

    assert lower(rate_without_token=1) == [True, *[False] * 7]
    assert lower(rate=10) == [False, False, *[True] * 4, False, False]
    assert lower(waf_rate=300.0) == [False, False, *[True] * 4, False, False]


def test_the_caps_are_those_of_the_environment() -> None:
    behind = cases(replace(LIMITED, web_acls=(3,), waf_rate=3000.0, budget=50.0, rate=7, rate_without_token=3))
    assert [case.cap for case in behind][:3] == [
        "throttling.without_token: 3 a second for each of 12 methods; waf_rate_limit: 10 a second from one address",
        "nothing here; the budget of USD 50 notifies",
        "throttling.rate: 7 a second for each method; waf_rate_limit: 10 a second from one address",
    ]
    assert "no web ACL" in cases(LIMITED)[0].cap


def size(attributes: Mapping[str, str | int]) -> int:
    """The size that DynamoDB charges for, a number as half of its digits and one byte."""
    return sum(
        len(name) + (len(value) if isinstance(value, str) else len(str(value)) // 2 + 1)
        for name, value in attributes.items()
    )


def test_an_item_carries_the_attributes_that_the_model_counts_and_so_does_what_is_left_of_it() -> None:
    uuid, now = "3909af87-ffd8-46d4-85ba-8336378c2299", "2026-11-23T02:46:02.655580Z"
    new = Resource(id=uuid, version=1, created_at=now, updated_at=now, content={}, fingerprint="f" * 32)
    live = entry.attributes(new, uuid, receipt=uuid)
    memory = entry.memory(uuid, uuid, now, receipt=uuid)
    trashed = live | memory | {"owner": entry.partition(uuid, deleted=True)}
    assert math.isclose(size(live), workload.STORED_OVERHEAD, rel_tol=0.1)
    assert math.isclose(size(trashed) - size(live), workload.TRASH_OVERHEAD, rel_tol=0.2)
    assert math.isclose(size(memory), workload.MEMORY, rel_tol=0.2)
    assert entry.MEMORY_DAYS == workload.MEMORY_DAYS


def test_the_page_says_how_many_bytes_of_logs_a_request_is_priced_with() -> None:
    assert f"together {model.LOG_BYTES:,} bytes" in DOCS


def test_every_price_has_its_source() -> None:
    assert price_list()["region"] == "eu-west-2"
    for price in price_list()["prices"].values():
        assert price["usd"] > 0
        assert re.match(r"EUW2-|https://aws\.amazon\.com/\w+/pricing/", price["source"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--reads", "120%"], "Invalid share '120%': the maximum is 1."),
        (["--requests", "1X"], "Invalid amount '1X': use a number, optionally with a unit (k, M, B)."),
        (["--requests", "-1"], "Invalid amount '-1'"),
        (["--size", "1MB"], "Invalid size '1MB'"),
        (["--size", "500KB"], "Invalid size '500KB': the maximum is 389,120."),
    ],
)
def test_an_invalid_workload_is_refused(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["cost", *arguments])
    assert result.exit_code == 1
    assert message in result.output


def test_the_json_has_the_lines_and_their_sum() -> None:
    costs = json.loads(run("--requests", "10k", "--json"))
    assert costs["usd"] == pytest.approx(sum(line["usd"] for line in costs["lines"]))
    assert costs["workload"]["requests"] == 10_000
    assert costs["region"] == "eu-west-2"


def test_a_project_in_another_region_is_told_that_the_prices_are_not_of_its_region(tmp_path: Path) -> None:
    note = "This project is in eu-west-1, where prices may differ"
    assert note not in run()
    put_region(tmp_path, "eu-west-1")
    first, second = run().splitlines()[:2]
    assert first.startswith("A month in eu-west-2, in USD, at list prices of ")
    assert second == note


EXAMPLES = re.findall(r"```console\n\$ crudctl cost (.*)\n((?:.*\n)+?)```", DOCS)


@pytest.mark.parametrize(("arguments", "printed"), EXAMPLES, ids=[arguments for arguments, _ in EXAMPLES])
def test_the_examples_in_the_documentation_are_what_is_printed(arguments: str, printed: str) -> None:
    assert run(*shlex.split(arguments)).strip() == printed.strip()
