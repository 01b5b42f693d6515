"""How a dashboard is queried and drawn, without CloudWatch."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from crudctl.operate import commands, dashboard, drawing
from crudctl.operate.alarms import Alarm
from crudctl.operate.dashboard import Dashboard, Panel, Series, period_of, queries

FIRING = Alarm(
    "get_item-faults", "ALARM", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "why", "It <fails>", "docs/runbook.md#x"
)
QUIET = Alarm("latency-fast", "OK", datetime(2026, 1, 2, tzinfo=UTC), "", "Slow", "docs/runbook.md#y")


def drawn(*panels: Panel) -> Dashboard:
    """Ten minutes from zero, by the minute."""
    return Dashboard("items-test", 0, 600, 60, panels)


def test_the_metrics_of_a_widget_become_queries_with_their_ids_and_the_period() -> None:
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
def test_a_period_is_in_whole_minutes_and_as_short_as_a_panel_can_show(seconds: float, period: int) -> None:
    assert period_of(seconds) == period


DAY = 86400


@pytest.mark.parametrize(
    ("days", "age", "unit"),
    [(1, 1, 60), (14, 14, 60), (15, 15, 300), (30, 30, 300), (62, 62, 300), (63, 63, 3600), (400, 400, 3600), (3653, 3653, 3600),
     (1, 16, 300), (0.01, 70, 3600)],
)  # fmt: skip
def test_a_period_is_one_of_which_data_points_that_old_are_kept(days: float, age: float, unit: int) -> None:
    """A range of a day that began 16 days ago too."""
    period = period_of(days * DAY, age * DAY)
    assert period % unit == 0
    assert days * DAY / period <= dashboard.POINTS


@pytest.mark.parametrize(("limit", "kept"), [(15 * DAY, 300), (63 * DAY, 3600)])
def test_a_range_that_begins_with_a_whole_period_has_data_points_in_that_period_too(limit: int, kept: int) -> None:
    """Beginning with a whole period makes the range longer, which must not make it too old."""
    assert period_of(limit - 60, limit - 60) % kept == 0


def text(board: Dashboard) -> str:
    return "\n".join(line.plain for line in drawing.lines(board))


def test_the_page_is_the_text_in_one_file_that_runs_nothing() -> None:
    board = drawn(
        Panel("timeSeries", "Requests", (Series("a", ((0, 1.0), (60, 2.0))),)),
        Panel("alarm", "Alarms", alarms=(QUIET,)),
    )
    page = drawing.page(board)
    assert "<title>items-test</title>" in page
    assert "<script" not in page
    assert not re.search(r'(src|href)="|url\(|@import', page)
    body = html.unescape(re.sub("<.*?>", "", page.partition("<pre>")[2].partition("</pre>")[0]))
    assert [line.rstrip() for line in body.splitlines()] == [line.rstrip() for line in text(board).splitlines()]


def test_a_label_cannot_become_markup() -> None:
    """Neither HTML's nor that of the library that prints."""
    series = Series("<img onerror=x>", ((0, 1.0),))
    board = drawn(
        Panel("timeSeries", "<b>[bold]", (series,)),
        Panel("alarm", "A", alarms=(FIRING,)),
        Panel("text", "", text="**Read** [this](javascript:alert(1)) <script>"),
    )
    assert not re.search(r"<(img|b>|fails|script)", drawing.page(board))
    assert all(label in text(board) for label in ("<img onerror=x>", "<b>[bold]", "It <fails>", "Read this"))


def test_an_alarm_that_fires_is_shown_with_its_runbook() -> None:
    board = drawn(Panel("alarm", "Alarms", alarms=(FIRING, QUIET)))
    assert re.search(r"▲ get_item-faults +since [0-9:]{8}  It <fails>  docs/runbook.md#x", text(board))
    assert "1 of 2 are not in ALARM" in text(board)
    assert "latency-fast" not in text(board)


def test_long_names_have_columns_of_their_own() -> None:
    long = replace(QUIET, name="reopen_purchase_orders-latency-fast")
    board = drawn(Panel("timeSeries", "Requests", tuple(Series(name, ((0, 1.0),)) for name in (long.name, "get_item"))))
    shown = [line.plain for line in commands.lines([FIRING, long])]
    assert len({line.index("  since ") for line in shown}) == 1
    one, other, axis = text(board).splitlines()[-3:]
    assert one.index("█") == other.index("█") == len(axis) - len(axis.lstrip())


def test_a_panel_without_data_is_marked_as_such() -> None:
    assert "no data in this period" in text(drawn(Panel("timeSeries", "Throttles", (Series("reads", ()),))))


@pytest.mark.parametrize(("seconds", "middle"), [(600, "00:05"), (7 * 86400, "04 Jan 12:00")])
def test_the_axis_has_the_times_of_a_row_of_bars(seconds: int, middle: str) -> None:
    start = datetime(2026, 1, 1).astimezone().timestamp()
    axis = drawing.axis(Dashboard("items-test", start, start + seconds, 60, ()))
    assert len(axis) == drawing.CELLS
    assert axis.partition(middle)[0].rstrip().endswith("00:00")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (180, "180"), (99.95, "99.95"), (0.1234, "0.123"), (9999, "9,999"), (12345, "12.3k"), (2.5e6, "2.5M")],
)
def test_numbers_have_three_significant_digits(value: float, text: str) -> None:
    assert drawing.number(value) == text


def test_a_bar_is_as_wide_as_its_period_and_missing_data_is_blank() -> None:
    row = drawing.bars(Series("a", ((0, 5.0), (300, 10.0))), drawn(), 10)
    assert row == "▅▅▅▅▅" + " " * 19 + "█████" + " " * 19


def test_a_bar_of_several_values_shows_the_highest() -> None:
    points = tuple((float(at), 9.0 if at == 60 else 1.0) for at in range(0, 1200, 5))
    row = drawing.bars(Series("a", points), Dashboard("items-test", 0, 1200, 5, ()), 9)
    assert (row[2], set(row) - {"█"}, len(row)) == ("█", {"▂"}, drawing.CELLS)


def test_a_release_is_a_line_at_its_time_and_one_outside_of_the_range_is_left_out() -> None:
    vertical = [{"label": f"release {number}: promoted", "value": at, "color": "#2ca02c"}
                for number, at in ((1, "1969-12-31T23:59:59Z"), (2, "1970-01-01T00:05:00Z"))]  # fmt: skip
    shown = tuple(dashboard.lines({"annotations": {"vertical": vertical}}, (0, 600, 60)))
    assert shown == ((300.0, "release 2: promoted"),)
    assert tuple(dashboard.lines({}, (0, 600, 60))) == ()
    panel = Panel("timeSeries", "Faults", (Series("5xx", ((0.0, 1.0),)),), lines=shown)
    (row,) = [line.plain for line in drawing.lines(drawn(panel)) if "release 2" in line.plain]
    bars = next(line.plain for line in drawing.lines(drawn(panel)) if "5xx" in line.plain)
    assert row.index("│") - bars.index("█") == drawing.CELLS // 2
