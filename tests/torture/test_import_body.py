"""The body of PutRestApi for every contract of the tests, as Terraform sends it; tests/oracles has the project's own."""

from __future__ import annotations

from pathlib import Path

from tests.contracts import shapes
from tests.oracles.gateway import body, planned


def test_api_gateway_imports_the_body_of_every_contract(tmp_path: Path) -> None:
    found = {path.stem: path for path in Path(shapes.__file__).parent.glob("*.yaml")}
    plans = planned.plans(tmp_path, found)
    assert {name: body.faults(plan.body) for name, plan in plans.items()} == {name: [] for name in found}
