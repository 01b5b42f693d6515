"""`crudctl cost`: its arguments and output. The prices are in prices.json."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from crudctl import naming, project
from crudctl.build import contract, service
from crudctl.build.service import Service
from crudctl.console import Failed, out
from crudctl.cost import deployed, model, tables
from crudctl.cost.deployed import METHODS, Deployed
from crudctl.cost.neighbours import Neighbour, neighbours
from crudctl.cost.prices import KB, Line, price_list, total
from crudctl.cost.workload import Workload
from crudctl.cost.worst import Case, cases


class Number(click.ParamType[float]):
    """A number with a unit, such as 1M, 2KB or 80%."""

    def __init__(self, name: str, units: dict[str, float], most: float) -> None:
        self.name = name
        self._units = units
        self._most = most

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number in its smallest unit."""
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z%]*)", str(value).replace(",", "").lower())
        if not match or match[2] not in self._units:
            units = ", ".join(unit.upper() if unit != "k" else unit for unit in self._units if unit)
            self.fail(f"Invalid {self.name} {value!r}: use a number, optionally with a unit ({units}).", param, ctx)
        number = float(match[1]) * self._units[match[2]]
        if number > self._most:
            self.fail(f"Invalid {self.name} {value!r}: the maximum is {self._most:,.0f}.", param, ctx)
        return number


AMOUNT = Number("amount", {"": 1, "k": 1e3, "m": 1e6, "b": 1e9}, 1e12)
SIZE = Number("size", {"": 1, "b": 1, "kb": KB}, 380 * KB)
SHARE = Number("share", {"": 1, "%": 0.01}, 1)
DAYS = Number("number of days", {"": 1}, 3650)


@click.command()
@click.option(
    "--env",
    "environment",
    default="prod",
    show_default=True,
    metavar="NAME",
    help="The environment.",
)
@click.option(
    "--plan",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Count what has a price in this plan instead: what `terraform show -json` printed.",
)
@click.option("--requests", type=AMOUNT, default="1M", show_default=True, help="Requests to the API in a month.")
@click.option("--size", type=SIZE, default="1KB", show_default=True, help="Size of the content of one resource.")
@click.option("--reads", type=SHARE, default="80%", show_default=True, help="Share of the requests that read.")
@click.option(
    "--lists", type=SHARE, default="25%", show_default=True, help="Share of the reads that list a page of 25."
)
@click.option("--deletes", type=SHARE, default="10%", show_default=True, help="Share of the writes that delete.")
@click.option(
    "--trash-days",
    type=DAYS,
    default="30",
    show_default=True,
    help="Days for which a deleted resource can be restored.",
)
@click.option("--stored", type=AMOUNT, help="Resources in the table.  [default: those that twelve months create]")
@click.option("--users", type=AMOUNT, default="100", show_default=True, help="Users who sign in during a month.")
@click.option(
    "--machines", type=AMOUNT, default="0", show_default=True, help="Machine clients, which sign in without a user."
)
@click.option("--releases", type=AMOUNT, default="0", show_default=True, help="Releases, each of an hour.")
@click.option(
    "--waf/--no-waf",
    "web_acl",
    default=None,
    help="With or without AWS WAF in front of the API.  [default: as deployed]",
)
@click.option("--worst", is_flag=True, help="Print what the worst month can cost, and what limits it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def cost(environment: str, plan: Path | None, web_acl: bool | None, worst: bool, as_json: bool, **use: Any) -> None:
    """Print the cost of a month of this service on AWS, line by line, in US dollars.

    Alarms, metrics, dashboards and web ACLs are counted in Terraform's plan.

    Example: crudctl cost --env test --requests 1M --size 1KB --reads 80%
    """  # fmt: skip
    served = _service()
    there = _with_web_acl(deployed.read(plan) if plan else _deployed(environment, served), web_acl)
    month = Workload(**use) if served.trash else replace(Workload(**use), trash_days=0)
    bill, others, ill = model.lines(month, there), neighbours(month, there), cases(month, there)
    if as_json:
        click.echo(json.dumps(_document(month, there, bill, others, ill), indent=2))
        return
    region = naming.read(project.root(), environment).region
    if worst:
        out.print(f"{tables.head(region, 'The worst month')}\n\n{tables.worst(ill)}")
        return
    notes = tables.left_out(there)
    out.print(f"{tables.head(region, 'A month')}\n\n{tables.bill(bill)}" + (f"\n{notes}" if notes else ""))
    out.print(f"\n{tables.comparison(others)}")


def _service() -> Service:
    try:
        return service.load(project.root())
    except contract.ContractError as error:
        raise Failed(f"The contract is invalid: {error}", "Fix contract/openapi.yaml.") from error


def _deployed(environment: str, served: Service) -> Deployed:
    """Return what an environment has, with the functions and methods of this contract."""
    called = {(operation.method, operation.path) for operation in served.operations.values()}
    methods = called | {("HEAD", path) for method, path in called if method == "GET"}
    without_token = METHODS * len({path for _, path in called}) - len(methods)
    there = deployed.with_functions(deployed.environment(environment), len(served.functions))
    return replace(there, methods=len(methods), methods_without_token=without_token)


def _with_web_acl(there: Deployed, wanted: bool | None) -> Deployed:
    """Return it with the web ACL of prod, without any, or as it is."""
    if wanted is None or wanted == bool(there.web_acls):
        return there
    prod = deployed.environment("prod")
    return replace(there, web_acls=prod.web_acls if wanted else (), waf_rate=prod.waf_rate if wanted else None)


def _document(
    month: Workload, there: Deployed, bill: list[Line], others: list[Neighbour], ill: list[Case]
) -> dict[str, object]:
    known = {key: price_list()[key] for key in ("region", "currency", "date")}
    return {
        **known,
        "workload": asdict(month),
        "deployed": there.as_json(),
        "lines": [
            asdict(line) | {"usd": line.usd, "usd_after_free": line.usd_after_free, "monitoring": model.is_monitoring(line)}
            for line in bill
        ],
        "usd": total(bill),
        "usd_after_free": total(bill, after_free=True),
        "neighbours": [{"what": each.what, "usd": each.usd, "usd_after_free": each.usd_after_free} for each in others],
        "worst": [{"what": case.what, "usd": case.usd, "usd_a_day": case.usd_a_day, "cap": case.cap} for case in ill],
    }  # fmt: skip
