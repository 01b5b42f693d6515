"""The report of a release that ended at any point, for a reader who does not know the code."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from crudctl.project import Environment
from crudctl.release import ending, report
from crudctl.release.aliases import Position
from crudctl.release.guard import Decision, Policy
from crudctl.release.record import FAILED, PROMOTED, ROLLED_BACK, Release
from crudctl.release.view import View, share

BEGUN = Release(
    number=7,
    old={"get_item": "3"},
    new={"get_item": "4"},
    canary={"get_item": "3"},
    weights=[0.1, 0.5],
    bake=600,
    who="ann@example",
    host="example",
    pid=1,
    holder="x",
    since=1_800_000_000.0,
    seen=1_800_000_000.0,
)
STAGES = [[0.1, 1_800_000_008.0, 1_800_000_010.0], [0.5, 1_800_000_608.0, 1_800_000_610.0]]


@pytest.mark.parametrize("state", [PROMOTED, ROLLED_BACK, FAILED, "running"])
@pytest.mark.parametrize("stages", [0, 1, 2])
def test_a_release_that_ended_at_any_step_has_a_report(state: str, stages: int) -> None:
    ended = 0.0 if state == "running" else 1_800_000_700.0
    text = report.markdown(replace(BEGUN, state=state, stages=STAGES[:stages], ended=ended), "prod")
    assert text.startswith(f"# Release 7 of prod: {state}\n")
    assert text.count("of the traffic on the new versions for") == stages
    assert "| get_item | 3 | 4 |" in text


def test_large_numbers_are_rounded_as_people_write_them() -> None:
    side = {"requests": 1200, "faults": 0, "4xx": 40, "slow": 3, "p50": 1312.4, "p95": 3.456}
    text = report.markdown(replace(BEGUN, figures={"get_item": {"new": side, "old": side}}, odds=1e300), "prod")
    assert "| get_item | new | 1,200 | 0 | 40 | 3 | 1,312 ms | 3.46 ms |" in text
    assert "- The new version looks worse: odds over a million to 1 (rollback at 150); " in text


def test_the_report_names_who_started_the_release_after_another_took_it_over() -> None:
    text = report.markdown(replace(BEGUN, begun_by="ann@example", who="bob@example", by="bob@example"), "prod")
    assert "- Decided by: bob@example\n- Started: 2027-01-15 08:00:00 UTC by ann@example\n" in text


def test_a_small_share_is_not_rounded() -> None:
    ended = replace(BEGUN, state=PROMOTED, weights=[0.005], stages=[[0.005, *STAGES[0][1:]]], ended=1_800_000_700.0)
    text = report.markdown(ended, "prod")
    assert "- Planned steps: 0.5%, at least 10m 00s each" in text
    assert "- 0.5% of the traffic" in text
    assert share(ended) == "0.5 %"
    assert str(Position("3", "4", 0.005)) == "3, 0.5% to 4"


def test_the_report_says_why_and_who_decided() -> None:
    ended = replace(BEGUN, state=ROLLED_BACK, why="4 of 20 requests failed", by="verdict", ended=1_800_000_090.0)
    text = report.markdown(ended, "prod")
    assert "**Rolled back: all traffic is on the old versions.**" in text
    assert "- Why: 4 of 20 requests failed\n- Decided by: the requests of both versions, compared\n" in text
    assert "after 1m 30s" in text


def test_a_return_to_earlier_versions_is_reported_as_reverted() -> None:
    ended = replace(BEGUN, state=PROMOTED, weights=[], why="back to release 3", by="ann@example", ended=1_800_000_001.0)
    text = report.markdown(ended, "prod")
    assert text.startswith("# Release 7 of prod: reverted\n")
    assert "Went back: all traffic is on versions that were in service before." in text


@pytest.mark.parametrize(
    ("state", "wanted", "code"),
    [
        (PROMOTED, (PROMOTED,), 0),
        (ROLLED_BACK, (PROMOTED,), 2),
        (FAILED, (PROMOTED,), 1),
        (ROLLED_BACK, (ROLLED_BACK,), 0),
        (PROMOTED, (ROLLED_BACK,), 1),
    ],
)
def test_the_exit_code_shows_whether_the_release_ended_as_wanted(
    tmp_path: Path, state: str, wanted: tuple[str, ...], code: int
) -> None:
    ended = replace(BEGUN, state=state, ended=1_800_000_090.0)
    with pytest.raises(SystemExit) as end:
        ending.end(Environment(tmp_path, "local"), ended, wanted)
    assert end.value.code == code
    assert (tmp_path / ".local" / "releases" / "7.md").exists()


def test_a_narrow_terminal_shows_the_verdict_so_far_and_the_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich treats it as a terminal
    monkeypatch.setenv("COLUMNS", "80")
    doubt = (
        "in doubt, so this step lasts longer: get_item: 4 of 18 requests failed, against 0 of 206 with the old version"
    )
    now = time.time()
    with View(Console(stderr=True, soft_wrap=True), Policy()) as view:
        view.show(replace(BEGUN, stages=[[0.1, now, now]]), Decision("hold", doubt, 23.4))
    output = " ".join(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", capsys.readouterr().err).split())
    assert f"Wait: {doubt}." in output
    assert "The new version may be worse: odds 23 to 1 (rollback at 150)" in output
    assert "on the new version, 9m" in output
