"""Prints bills and comparisons as text."""

from __future__ import annotations

from collections.abc import Sequence

from crudctl.cost.deployed import Deployed
from crudctl.cost.neighbours import Neighbour
from crudctl.cost.prices import Line, price_list, total
from crudctl.cost.worst import Case


def head(region: str, what: str) -> str:
    """Return what the figures are, for a project in a region."""
    known = price_list()
    note = f"\nThis project is in {region}, where prices may differ" if region != known["region"] else ""
    return (
        f"{what} in {known['region']}, in {known['currency']}, at list prices of {known['date']}, without taxes{note}"
    )


def bill(lines: Sequence[Line]) -> str:
    """Return a bill, line by line, and its sum."""
    if not lines:
        return "Nothing here has a price."
    rows = [
        (
            f"{line.service}: {line.what}",
            _amount(line.quantity, line.unit),
            _exact(line.price),
            _usd(line.usd),
            _usd(line.usd_after_free),
        )
        for line in lines
    ]
    sums = ("Total", "", "", _usd(total(lines)), _usd(total(lines, after_free=True)))
    return _table(("", "quantity", "USD each", "USD", "after free tier"), rows, sums)


def comparison(others: Sequence[Neighbour]) -> str:
    """Return what each would cost."""
    rows = [(other.what, _usd(other.usd), _usd(other.usd_after_free)) for other in others]
    return _table(("The same month with", "USD", "after free tier"), rows)


def worst(cases: Sequence[Case]) -> str:
    """Return what each case costs, and below the table what limits it."""
    rows = [(f"{number}. {case.what}", _usd(case.usd_a_day), _usd(case.usd)) for number, case in enumerate(cases, 1)]
    caps = [f"{number}. {case.cap}" for number, case in enumerate(cases, 1)]
    return "\n".join([_table(("", "USD a day", "USD a month"), rows), "\nWhat limits each", *caps])


def left_out(deployed: Deployed) -> str:
    """Return what of a plan is not in its bill, empty if nothing is."""
    notes = [f"Not in this bill, because its price is not known here: {one}" for one in deployed.unpriced]
    if None in deployed.dashboards:
        notes.append("The plan does not know yet what its dashboard shows; it is counted as one of at most 50 metrics.")
    return "\n".join(notes)


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], last: tuple[str, ...] | None = None) -> str:
    known = [heads, *rows, *([last] if last else [])]
    widths = [max(len(row[column]) for row in known) for column in range(len(heads))]

    def aligned(row: tuple[str, ...]) -> str:
        cells = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        return "  ".join([row[0].ljust(widths[0]), *cells]).rstrip()

    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join([aligned(heads), rule, *map(aligned, rows), *([rule, aligned(last)] if last else [])])


def _usd(number: float) -> str:
    return f"{number:,.2f}"


def _exact(price: float) -> str:
    return f"{price:.10f}".rstrip("0").rstrip(".")


def _amount(number: float, unit: str) -> str:
    text = f"{number:,.0f}" if number >= 100 or number == int(number) else f"{number:,.3g}"
    return f"{text} {unit}" + ("s" if number != 1 and not unit.endswith("GB") else "")
