"""`crudctl cost`: its arguments and output. The prices are in model."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import Any

import click

from crudctl import naming, project
from crudctl.build import contract, service
from crudctl.console import Failed, out
from crudctl.cost.model import KB, Alternative, Line, Shape, Workload, alternatives, lines, price_list


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
@click.option(
    "--waf/--no-waf", "web_acl", default=True, help="AWS WAF in front of the API, as in prod.  [default: waf]"
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def cost(as_json: bool, **month: Any) -> None:
    """Print the cost of a month of this service on AWS, line by line, in US dollars.

    Example: crudctl cost --requests 1M --size 1KB --reads 80%
    """
    workload, shape = Workload(**month), _shape()
    bill, others = [line for line in lines(workload, shape) if line.quantity], alternatives(workload, shape)
    if as_json:
        click.echo(json.dumps(_document(workload, bill, others), indent=2))
        return
    out.print(_table(bill))
    if workload.requests:
        out.print(_others(others))


def _shape() -> Shape:
    try:
        return Shape.of(service.load(project.root()))
    except contract.ContractError as error:
        raise Failed(f"The contract is invalid: {error}", "Fix contract/openapi.yaml.") from error


def _document(month: Workload, bill: list[Line], others: list[Alternative]) -> dict[str, object]:
    known = {key: price_list()[key] for key in ("region", "currency", "date")}
    return {
        **known,
        "workload": asdict(month),
        "lines": [asdict(line) | {"usd": line.usd, "usd_after_free": line.usd_after_free} for line in bill],
        "usd": sum(line.usd for line in bill),
        "usd_after_free": sum(line.usd_after_free for line in bill),
        "alternatives": [asdict(other) for other in others],
    }


def _table(bill: list[Line]) -> str:
    heads = ("", "quantity", "USD each", "USD", "after free tier")
    rows = [
        (f"{line.service}: {line.what}", _amount(line.quantity, line.unit), f"{line.price:.10f}".rstrip("0").rstrip("."),
         f"{line.usd:,.2f}", f"{line.usd_after_free:,.2f}")
        for line in bill
    ]  # fmt: skip
    total = (
        "Total",
        "",
        "",
        f"{sum(line.usd for line in bill):,.2f}",
        f"{sum(line.usd_after_free for line in bill):,.2f}",
    )
    known = price_list()
    widths = [max(len(row[column]) for row in (heads, *rows, total)) for column in range(len(heads))]

    def aligned(row: tuple[str, ...]) -> str:
        return "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )

    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    elsewhere = naming.read(project.root(), "prod").region
    note = f"\nThis project is in {elsewhere}, where prices may differ" if elsewhere != known["region"] else ""
    head = f"A month in {known['region']}, in {known['currency']}, at list prices of {known['date']}, without taxes"
    return "\n".join([head + note, "", aligned(heads).rstrip(), rule, *map(aligned, rows), rule, aligned(total)])


def _others(others: list[Alternative]) -> str:
    rows = [f"  {abs(o.saves):>12,.2f} {'less' if o.saves > 0 else 'more'}  {o.what}" for o in others]
    return "\n".join(["\nAnother design would cost", *rows])


def _amount(number: float, unit: str) -> str:
    text = f"{number:,.0f}" if number >= 100 or number == int(number) else f"{number:,.3g}"
    return f"{text} {unit}" + ("s" if number != 1 and not unit.endswith("GB") else "")
