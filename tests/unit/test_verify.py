"""What a verification asks, how it ends when a part fails or takes too long, and what it reports."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from crudctl.console import Failed
from crudctl.project import Environment
from crudctl.verify import alarm_data, summary, trial
from crudctl.verify.commands import PARTS
from crudctl.verify.conduct import chapter
from crudctl.verify.leftovers import PART as LEFT
from crudctl.verify.rows import AS_HERE, DIFFERS, NOT_SEEN, OutOfTime, Part, Result, Row, limit, right, unseen
from crudctl.verify.subject import Subject
from crudctl.verify.summary import Chapter, Found
from crudctl.verify.unasked import UNASKED
from functions import telemetry
from tests.invoke import invoke
from tests.stack import ROOT, put_names

SOURCE = "https://docs.aws.amazon.com/"
FIRST, SECOND, THIRD = (Row(name, "asked", "expected", SOURCE) for name in ("first", "second", "third"))


def test_every_row_of_parity_is_asked_or_has_a_reason_why_not() -> None:
    """A row that is new there is asked by a row of src/crudctl/verify, or gets its reason in unasked.py."""
    page = (ROOT / "docs" / "parity.md").read_text(encoding="utf-8")
    known = set(re.findall(r"^\| `([a-z0-9-]+)` \|", page, re.MULTILINE))
    asked = {name for part in PARTS for row in part.rows for name in row.parity}
    assert asked & UNASKED.keys() == set()
    assert asked | UNASKED.keys() == known


def test_rows_have_names_of_their_own_and_a_source() -> None:
    rows = [row for part in (*PARTS, LEFT) for row in part.rows]
    assert len({row.name for row in rows}) == len(rows)
    assert all(row.source.startswith("https://") for row in rows)
    assert all(row.asked and row.expected for row in rows)


def part(seconds: int, run: Callable[[Any, Callable[[str], None]], Iterator[Result]]) -> Part:
    return Part("part", "A part", seconds, (FIRST, SECOND, THIRD), run)


def test_a_part_is_ended_after_its_time_and_keeps_what_it_has_seen() -> None:
    def run(_subject: Any, _progress: Callable[[str], None]) -> Iterator[Result]:
        yield right(FIRST, "seen")
        try:
            time.sleep(60)
        except Exception:  # noqa: BLE001 - as a library that would try again
            yield right(SECOND, "after a failure")

    ended = chapter(None, part(1, run))
    assert [result.mark for result in ended.results] == [AS_HERE, DIFFERS, NOT_SEEN]
    assert ended.results[1].seen == "its part did not finish within 1 s"
    assert ended.seconds < 30


def test_the_time_limit_ends_with_its_block() -> None:
    with pytest.raises(OutOfTime), limit(1):
        time.sleep(30)
    with limit(1):
        pass
    time.sleep(1.1)  # no signal arrives


def test_a_failure_is_the_result_of_the_row_that_was_next() -> None:
    def run(_subject: Any, _progress: Callable[[str], None]) -> Iterator[Result]:
        yield right(FIRST, "seen")
        raise Failed("There is no stack.", "Start it.")

    ended = chapter(None, part(5, run))
    assert [(result.mark, result.seen) for result in ended.results] == [
        (AS_HERE, "seen"), (DIFFERS, "There is no stack. Start it."), (NOT_SEEN, "not asked: There is no stack. Start it."),
    ]  # fmt: skip


def found(*results: Result) -> Found:
    return Found("stock-test", "eu-central-1", 0.0, (Chapter("part", "A part", 2.0, results),), {"rest_request": 100})


ASSUMED = Row("assumed", "asked", "expected", SOURCE, assumed=True)


@pytest.mark.parametrize(
    ("result", "passed"),
    [(right(FIRST, "as it should be"), True), (right(FIRST, "other", is_right=False), False), (unseen(FIRST, "why"), False),
     (unseen(FIRST, "there is none", excused=True), True), (right(ASSUMED, "other", is_right=False), True)],
    ids=["right", "wrong", "unseen", "excused", "assumed"],
)  # fmt: skip
def test_what_differs_or_was_not_seen_is_no_pass_unless_it_is_no_fault(result: Result, passed: bool) -> None:
    assert found(result).passed == passed


def test_reports_name_what_differs_first_and_survive_any_text() -> None:
    text = summary.markdown(found(right(FIRST, "fine"), right(SECOND, "a | b\nc", is_right=False)))
    assert "1 as here, 1 differs, 0 not seen" in text
    assert text.index("- **second**: a | b\nc (expected: expected)") < text.index("## A part")
    assert "a \\| b c" in text
    report = json.loads(summary.as_json(found(right(FIRST, "fine"))))
    assert report["parts"][0]["rows"][0]["mark"] == AS_HERE
    assert report["passed"]
    assert 0 < report["usd"] < 0.001


def test_what_could_not_be_removed_is_left_and_the_rest_is_removed() -> None:
    removed: list[str] = []

    def refused() -> None:
        raise Failed("The pool does not respond.")

    subject = Subject(Environment(ROOT, "test"), {}, "", "", 1.0)
    subject.later("user a", removed.append, "a")
    subject.later("user b", refused)
    subject.later("user c", removed.append, "c")
    subject.undo.close()
    assert removed == ["c", "a"]
    assert subject.left == ["user b: The pool does not respond."]


def test_metrics_without_data_that_are_accepted_are_those_that_functions_count() -> None:
    assert set(alarm_data.COUNTED) == {name for name, dimensions in telemetry.DIMENSIONS.items() if not dimensions}


@pytest.mark.parametrize(("settings", "marks"), [("alarms = false", {NOT_SEEN}), ("", {DIFFERS, NOT_SEEN})])
def test_alarms_that_an_environment_does_not_want_are_no_fault(tmp_path: Path, settings: str, marks: set[str]) -> None:
    put_names(tmp_path)
    (tmp_path / "infra" / "envs").mkdir()
    (tmp_path / "infra" / "envs" / "pr.tfvars").write_text(settings, encoding="utf-8")
    subject = Subject(Environment(tmp_path, "pr-42"), {}, "", "", 1.0)
    none: list[dict[str, Any]] = [{"MetricAlarms": [], "CompositeAlarms": []}]
    client = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: none))
    subject.__dict__["client"] = lambda _: client
    ended = chapter(subject, alarm_data.PART)
    assert {result.mark for result in ended.results} == marks
    assert all(result.excused for result in ended.results) == bool(settings)
    assert subject.watched != bool(settings)


def test_a_verification_of_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "contract").mkdir()
    (tmp_path / "contract" / "openapi.yaml").write_text("paths: {}\n", encoding="utf-8")
    result = invoke(tmp_path, "verify", "--only", "plan", "--skip", "plan")
    assert (result.exit_code, "Nothing is left to verify." in result.stderr) == (1, True), result.output


def test_the_version_of_a_trial_has_one_more_file_and_the_same_code() -> None:
    code = (ROOT / "build" / "functions.zip").read_bytes()
    old, new = (zipfile.ZipFile(io.BytesIO(each)) for each in (code, trial.marked(code)))
    assert new.namelist() == [*old.namelist(), trial.ADDED]
    assert all(old.read(name) == new.read(name) for name in old.namelist())
    assert trial.marked(code) != trial.marked(code)
