"""Writes what has a price in each environment, from Terraform's plan, and the outputs of `crudctl cost` in docs/cost.md.

Run it after a change of infra/ or of the prices: `.venv/bin/python scripts/write_costs.py`. Tests fail when either is stale.
"""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import sys
import tempfile
from pathlib import Path

from click.testing import CliRunner

from crudctl.cli import main
from crudctl.cost import deployed
from crudctl.cost.prices import price_list

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # for the tests' plan
from tests import contracts  # noqa: E402
from tests.oracles import rendered  # noqa: E402

PAGE = ROOT / "docs" / "cost.md"
EXAMPLE = re.compile(r"(```console\n\$ crudctl cost ?(.*)\n)(?:.*\n)*?(```)")


def environments() -> str:
    """Return what src/crudctl/cost/environments.json has to contain."""
    found = {name: deployed.of_resources(rendered.environment(name)).as_json() for name in rendered.ENVIRONMENTS}
    rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(values)}" for name, values in found.items())
    return f"{{\n{rows}\n}}\n"


def page(text: str) -> str:
    """Return the page with what the command prints today, in a project with the tests' contract."""

    def printed(match: re.Match[str]) -> str:
        result = CliRunner().invoke(main, ["cost", *shlex.split(match[2])])
        if result.exit_code:
            raise SystemExit(result.output)
        return f"{match[1]}{result.stdout.strip()}\n{match[3]}"

    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        contracts.put(Path(folder))
        names = {"name": "items", "region": price_list()["region"]}
        Path("infra").mkdir()
        Path("infra", "terraform.tfvars.json").write_text(json.dumps(names), encoding="utf-8")
        return EXAMPLE.sub(printed, text)


if __name__ == "__main__":
    deployed.ENVIRONMENTS.write_text(environments(), encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
