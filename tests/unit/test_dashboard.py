"""How a dashboard is read, asked for and drawn, without CloudWatch."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from crudctl.operate import terminal
from crudctl.operate.alarms import Alarm
from crudctl.operate.dashboard import Dashboard, Panel, Series, fitting, queries
from crudctl.operate.page import page, runs, scale, shown

RINGING = Alarm(
    "get_item-faults", "ALARM", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "why", "It <fails>", "docs/runbook.md#x"
)
QUIET = Alarm("latency-fast", "OK", datetime(2026, 1, 2, tzinfo=UTC), "", "Slow", "docs/runbook.md#y")


def drawn(*panels: Panel) -> Dashboard:
    """Ten minutes from zero, by the minute."""
    return Dashboard("items-test", 0, 600, 60, panels)


def test_a_widgets_metrics_become_queries_with_the_periods_and_ids_of_the_dashboard() -> None:
    metrics: list[list[Any]] = [
        ["items", "Faults", "operation", "get_item", {"id": "f", "stat": "Sum", "visible": False}],
        ["items", "Throttled"],
        [{"expression": "FILL(f, 0)", "label": "faults", "id": "s"}],
    ]
    hidden, plain, expression = queries(metrics, 300)
    of = {"Namespace": "items", "MetricName": "Faults", "Dimensions": [{"Name": "operation", "Value": "get_item"}]}
    assert hidden == {
        "Id": "f", "ReturnData": False, "Label": "Faults", "MetricStat": {"Metric": of, "Period": 300, "Stat": "Sum"}
    }  # fmt: skip
    assert plain["MetricStat"]["Stat"] == "Average"
    assert plain["Label"] == "Throttled"
    assert expression == {"Id": "s", "ReturnData": True, "Expression": "FILL(f, 0)", "Label": "faults", "Period": 300}


@pytest.mark.parametrize(("seconds", "period"), [(600, 60), (7200, 60), (7300, 120), (86400, 720), (604800, 5040)])
def test_a_period_is_whole_minutes_and_as_short_as_a_panel_can_show(seconds: float, period: int) -> None:
    assert fitting(seconds) == period


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing() -> None:
    text = page(drawn(Panel("timeSeries", "Requests", 12, 6, (Series("a", ((0, 1.0), (60, 2.0))),))), "items-test")
    assert "<script" not in text
    assert not re.search(r'(src|href)="|url\(|@import', text)
    assert "light-dark(" in text


def test_what_is_named_by_others_cannot_become_markup() -> None:
    series = Series("<img onerror=x>", ((0, 1.0),))
    text = page(
        drawn(Panel("timeSeries", "<b>", 12, 6, (series,)), Panel("alarm", "A", 12, 4, alarms=(RINGING,))), "<i>"
    )
    assert not re.search(r"<(img|b>|i>|fails)", text.partition("<main>")[2].replace("<b>1</b>", ""))
    assert "It &lt;fails&gt;" in text


def test_a_link_in_the_guide_goes_to_a_path_or_https_only() -> None:
    text = page(drawn(Panel("text", "", 24, 2, text="[ok](docs/a.md#b) [no](javascript:alert(1)) `code`")), "t")
    assert '<a href="docs/a.md#b">ok</a>' in text
    assert "javascript:alert(1)" in text
    assert 'href="javascript' not in text
    assert "<code>code</code>" in text


def test_an_alarm_that_rings_stands_out_with_its_page() -> None:
    board = drawn(Panel("alarm", "Alarms", 12, 4, alarms=(RINGING, QUIET)))
    assert re.search(r'<li class="ALARM">get_item-faults <small>.*docs/runbook.md#x</small>', page(board, "t"))
    assert '<li class="OK">latency-fast</li>' in page(board, "t")
    said = "\n".join(line.plain for line in terminal.lines(board))
    assert "▲ get_item-faults" in said
    assert "1 of 2 do not ring" in said


def test_a_gap_breaks_the_line_and_a_single_point_is_a_dot() -> None:
    points = ((0, 1.0), (60, 2.0), (300, 3.0))
    assert runs(points, 150) == [[(0, 1.0), (60, 2.0)], [(300, 3.0)]]
    text = page(drawn(Panel("timeSeries", "Requests", 12, 6, (Series("a", points),))), "t")
    assert text.count("<path ") == 1
    assert text.count("<circle ") == 1


def test_a_chart_without_data_says_so() -> None:
    board = drawn(Panel("timeSeries", "Throttles", 12, 6, (Series("reads", ()),)))
    assert "No data in this time for reads." in page(board, "t")
    assert "no data in this time" in "\n".join(line.plain for line in terminal.lines(board))


@pytest.mark.parametrize(
    ("most", "ticks"),
    [(0, [0, 1]), (1, [0, 0.25, 0.5, 0.75, 1]), (180, [0, 50, 100, 150, 200]), (0.03, [0, 0.01, 0.02, 0.03])],
)
def test_a_scale_is_round_and_reaches_the_highest_value(most: float, ticks: list[float]) -> None:
    assert scale(most) == ticks


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (180, "180"), (99.95, "99.95"), (0.1234, "0.123"), (9999, "9,999"), (12345, "12.3k"), (2.5e6, "2.5M")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert shown(value) == text


def test_bars_show_the_highest_of_each_cell_and_leave_silence_blank() -> None:
    row = terminal.bars(Series("a", ((0, 0.0), (1, 5.0), (300, 10.0))), drawn(), 10)
    assert (row[0], row[terminal.CELLS // 2], len(row)) == ("▅", "█", terminal.CELLS)
    assert row.count(" ") == terminal.CELLS - 2
