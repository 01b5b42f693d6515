"""The cost model against bills worked out by hand, its figures against the service, and its output in docs/cost.md."""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from crudctl.build import service
from crudctl.cli import main
from crudctl.cost import model
from crudctl.cost.model import KB, Alternative, Line, Shape, Workload, price_list
from functions import entry
from functions.resource import Resource
from tests import contracts

DOCS = (Path(__file__).parents[2] / "docs" / "cost.md").read_text(encoding="utf-8")


SHAPE = Shape.of(service.describe(contracts.document()))


def lines(month: Workload) -> list[Line]:
    return model.lines(month, SHAPE)


def alternatives(month: Workload) -> list[Alternative]:
    return model.alternatives(month, SHAPE)


def bill(**month: Any) -> dict[str, float]:
    """US dollars by line, with nothing free."""
    return {f"{line.service}: {line.what}": round(line.usd, 2) for line in lines(Workload(**month)) if line.usd}


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
    assert costs["CloudWatch: logs, written"] == round(1e6 * (1900 + 4 * 26) / 2**30 * 0.5985, 2) == 1.12


def test_a_hundred_million_requests_cost_what_was_worked_out_by_hand() -> None:
    costs = bill(requests=100e6, size=3 * KB, reads=0.5, lists=0, deletes=0, stored=0, users=30_000, web_acl=False)
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
    month, without = Workload(1e6), replace(SHAPE, trash=False)
    assert model.lines(month, without) == lines(replace(month, trash_days=0))
    assert [other.what for other in model.alternatives(month, SHAPE)][3:] == [
        "No trash (trash_days = 0): what is deleted is lost"
    ]
    assert len(model.alternatives(month, without)) == len(alternatives(Workload(1e6, trash_days=0))) == 3


def test_the_free_tier_is_deducted_from_each_line_once() -> None:
    by_name = {f"{line.service} {line.what}": line for line in lines(Workload(3e6, users=12_000))}
    assert by_name["Lambda requests"].usd_after_free == pytest.approx(2e6 * 0.0000002)
    assert by_name["Lambda duration"].usd_after_free == 0  # 22,500 of 400,000 GB-seconds
    assert by_name["Cognito users"].usd_after_free == pytest.approx(2_000 * 0.015)


def test_an_idle_service_costs_its_alarms_and_its_dashboard() -> None:
    assert set(bill(requests=0, users=0, web_acl=False)) == {"CloudWatch: alarms", "CloudWatch: dashboard"} | (
        {"CloudWatch: composite alarms"} if model.COMPOSITE_ALARMS else set()
    )


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


def test_containers_become_cheaper_at_the_documented_volume() -> None:
    def saves(requests: float) -> float:
        return alternatives(Workload(requests))[2].saves

    low, high = 1e6, 100e6
    while high - low > 1e4:
        middle = (low + high) / 2
        low, high = (low, middle) if saves(middle) > 0 else (middle, high)
    assert f"from {round(high / 1e6)} M requests a month" in DOCS


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
    assert math.isclose(size(live), model.STORED_OVERHEAD, rel_tol=0.1)
    assert math.isclose(size(trashed) - size(live), model.TRASH_OVERHEAD, rel_tol=0.2)
    assert math.isclose(size(memory), model.MEMORY, rel_tol=0.2)
    assert entry.MEMORY_DAYS == model.MEMORY_DAYS


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


def test_another_operation_costs_its_metrics_and_its_alarms() -> None:
    six = Shape(SHAPE.functions + 1, SHAPE.writers + 1)
    assert (six.metrics - SHAPE.metrics, six.alarm_metrics - SHAPE.alarm_metrics) == (7, 5)
