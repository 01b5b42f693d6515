"""Draws bars: JSON on standard input, SVG on standard output. Runs where pygal is installed.

Input: {"unit": …, "labels": [name of each bar, …], "series": {name: [value for each bar, or null, …], …}}
"""

from __future__ import annotations

import json
import sys

import pygal
from pygal.style import CleanStyle


def main() -> None:
    """Read the figures and print the plot."""
    figures = json.load(sys.stdin)
    chart = pygal.HorizontalBar(
        js=(),  # no script from elsewhere
        style=CleanStyle(font_family="sans-serif", background="white", plot_background="white"),
        width=900,
        height=120 + 45 * len(figures["labels"]),
        legend_at_bottom=True,
        x_title=figures["unit"],
        truncate_label=-1,
        no_prefix=True,
        disable_xml_declaration=True,
    )
    chart.x_labels = figures["labels"]
    for name, values in figures["series"].items():
        chart.add(name, [None if value is None else round(value, 1) for value in values])
    print(chart.render(is_unicode=True))


if __name__ == "__main__":
    main()
