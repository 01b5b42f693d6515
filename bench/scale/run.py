"""Runs the simulation and writes its tables into docs/scale.md.

PYTHONPATH=src:. python -m bench.scale.run
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from bench.scale import arithmetic, limits, scenarios

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
RATES = (10.0, 1_000.0, 100_000.0)

# What is computed, and what takes minutes.
COMPUTED: dict[str, Callable[[], list[str]]] = {
    "plan": lambda: arithmetic.plan(RATES),
    "quotas": limits.table,
    "owners": lambda: arithmetic.owners((10, 100, 1_000, 10_000, 1_000_000)),
    "releases": lambda: arithmetic.releases(RATES),
    "counts": lambda: arithmetic.counts(RATES),
}
SIMULATED: dict[str, Callable[[], list[str]]] = {
    "breaks": scenarios.breaks,
    "budgets": scenarios.budgets,
    "neighbours": scenarios.neighbours,
    "outages": scenarios.outages,
}


def main() -> None:
    """Print every table, and write it into the page."""
    parser = argparse.ArgumentParser(
        description="Simulate growth and write the tables of docs/scale.md; takes two minutes."
    )
    parser.parse_args()
    for name, made in {**COMPUTED, **SIMULATED}.items():
        lines = made()
        print(f"{name}\n\n" + "\n".join(lines) + "\n", flush=True)
        PAGE.write_text(placed(PAGE.read_text(encoding="utf-8"), name, lines), encoding="utf-8")


def placed(page: str, name: str, lines: list[str]) -> str:
    """Return a page with a table between the markers of its name. Raises KeyError if the page has no such markers."""
    marked = re.compile(rf"(<!-- figures: {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not marked.search(page):
        raise KeyError(f"docs/scale.md has no place for the table {name!r}")
    return marked.sub(lambda found: f"{found[1]}\n" + "\n".join(lines) + f"\n\n{found[2]}", page)


if __name__ == "__main__":
    main()
