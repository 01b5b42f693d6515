"""What Terraform's plan of each environment has of a price, beside the figures that `crudctl cost` uses."""

from __future__ import annotations

import importlib.util

import pytest

from crudctl.cost import deployed
from crudctl.cost.deployed import FREE, PRICED
from tests.oracles import rendered
from tests.stack import ROOT

SCRIPT = ROOT / "scripts" / "write_costs.py"


def test_the_figures_of_the_environments_are_those_of_their_plans() -> None:
    spec = importlib.util.spec_from_file_location("write_costs", SCRIPT)
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    stale = "run `.venv/bin/python scripts/write_costs.py`"
    assert deployed.ENVIRONMENTS.read_text(encoding="utf-8") == script.environments(), stale


def test_each_further_function_adds_to_the_dashboard_what_the_command_assumes() -> None:
    usual, most = (deployed.of_resources(each) for each in (rendered.environment("prod"), rendered.longest()))
    assert deployed.with_functions(usual, most.functions).dashboards == most.dashboards


def test_every_kind_of_resource_is_known_to_be_priced_or_free() -> None:
    kinds = {one["type"] for one in rendered.longest()}
    assert not kinds - FREE - PRICED, "add its price to crudctl.cost.model, or list it as free in crudctl.cost.deployed"


@pytest.mark.parametrize("name", rendered.ENVIRONMENTS)
def test_an_environment_has_nothing_whose_price_is_unknown(name: str) -> None:
    assert deployed.environment(name).unpriced == ()
