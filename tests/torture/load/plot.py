"""Draws the plot of an overload: JSON on standard input, SVG on standard output. Runs where pygal is installed.

Input: {"seconds": […], "series": {name: [value for each second, …], …}, "memory": [megabytes, …]}
"""

from __future__ import annotations

import json
import sys

import pygal
from pygal.style import CleanStyle


def main() -> None:
    """Read the figures and print the plot."""
    figures = json.load(sys.stdin)
    chart = pygal.Line(
        js=(),  # no script from elsewhere
        style=CleanStyle(font_family="sans-serif", background="white", plot_background="white"),
        width=900,
        height=420,
        show_dots=False,
        legend_at_bottom=True,
        x_title="seconds",
        y_title="requests per second",
        x_labels_major_every=10,
        show_minor_x_labels=False,
        disable_xml_declaration=True,
    )
    chart.x_labels = [str(second) for second in figures["seconds"]]
    for name, values in figures["series"].items():
        chart.add(name, values)
    chart.add("memory (MB, right)", figures["memory"], secondary=True, stroke_style={"dasharray": "4, 4"})
    print(chart.render(is_unicode=True))


if __name__ == "__main__":
    main()
