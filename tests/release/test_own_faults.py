"""A fault of crudctl itself in the middle of a release: it is recorded, no traffic stays split unsaid, and no result is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crudctl.release import executor, guard, report, versions
from crudctl.release.aliases import PROD, Aliases
from crudctl.release.lookout import Lookout
from crudctl.release.metrics import Metrics
from crudctl.release.probe import Probe
from crudctl.release.record import FAILED, PROMOTED, ROLLED_BACK, Records, Release
from crudctl.release.releaser import Stranded
from crudctl.release.view import View
from tests.release.simulation import HASTY, Aws, Stopped, Watcher, at
from tests.release.test_other_functions import in_project, release


@pytest.fixture
def aws() -> Aws:
    return Aws()


def forgetful(*_: Any, **__: Any) -> Any:
    """Fail as code does that looks a function up where it is not."""
    raise KeyError("archive_item")


def current(aws: Aws) -> Release:
    found = aws.cloud().records().current()
    assert found is not None
    return found


WHERE: dict[str, Callable[[pytest.MonkeyPatch, Aws], object]] = {
    "durations": lambda patch, _: patch.setattr(Metrics, "_durations", forgetful),
    "metrics while traffic is split": lambda patch, _: patch.setattr(Metrics, "evidence", forgetful),
    "the client of CloudWatch": lambda _, aws: aws.meets("cloudwatch", "get_metric_data", forgetful),
    "the guard's verdict": lambda patch, _: patch.setattr(guard, "decide", forgetful),
    "the number of round trips": lambda patch, _: patch.setattr(guard, "trips", forgetful),
    "the round trip": lambda patch, _: patch.setattr(Probe, "round_trip", forgetful),
    "cleaning up after round trips": lambda patch, _: patch.setattr(Probe, "clean", forgetful),
    "the alarms": lambda patch, _: patch.setattr(Lookout, "post", forgetful),
    "the client of Lambda": lambda _, aws: aws.meets("lambda", "invoke", forgetful),
    "what is shown": lambda patch, _: patch.setattr(View, "show", forgetful),
    "promoting": lambda patch, _: patch.setattr(executor, "ours", forgetful),
}


@pytest.mark.parametrize("where", WHERE)
def test_a_fault_of_the_releaser_rolls_back_and_is_recorded(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    before = aws.places()
    aws.publish()
    with in_project(aws, tmp_path):
        WHERE[where](monkeypatch, aws)
        code, output = release("start", "--steps", "50,100", "--bake", "2m", "--yes")
        ended = current(aws)
        assert (ended.state, ended.by) == (FAILED, "releaser")
        assert ended.why.startswith("a fault of crudctl: KeyError: 'archive_item' (")
        assert aws.places() == before
        assert (
            code,
            "Failed, through no fault of the new versions: all traffic is on the old versions." in output,
        ) == (1, True), output
        monkeypatch.undo()
        assert "a fault of crudctl: KeyError: 'archive_item'" in release("status")[1]


@pytest.mark.parametrize("ends", ["resume", "abort"])
def test_a_fault_in_the_rollback_too_is_said_and_another_releaser_can_finish(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    before = aws.places()
    aws.publish()
    with in_project(aws, tmp_path):
        monkeypatch.setattr(Metrics, "evidence", forgetful)
        monkeypatch.setattr(Aliases, "put_back", forgetful)
        code, output = release("start", "--steps", "50,100", "--bake", "2m", "--yes")
        assert code == 1
        assert "Release 1 could be neither continued nor rolled back: KeyError: 'archive_item'" in output
        assert "`crudctl release resume --env test` or `crudctl release abort --env test`" in output
        assert any(position.other for position in aws.places()[PROD].values())  # traffic is split, and it says so:
        code, output = release("status")
        assert "Release 1: under way: moving all traffic back to the old versions." in output
        assert "Why: a fault of crudctl: KeyError: 'archive_item' (" in output
        assert "is no longer running" in output
        monkeypatch.undo()
    with in_project(aws, tmp_path):
        release(ends, *(["--take-over"] if ends == "resume" else []))
    assert current(aws).state == ROLLED_BACK
    assert aws.places() == before


def test_a_fault_while_a_bad_version_is_rolled_back_keeps_the_reason_and_notes_the_fault(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, put_back = aws.places(), Aliases.put_back
    failed: list[int] = []

    def once(*arguments: Any, **named: Any) -> Any:
        if not failed:
            failed.append(1)
            forgetful()
        return put_back(*arguments, **named)

    monkeypatch.setattr(Aliases, "put_back", once)
    monkeypatch.setattr(Probe, "round_trip", lambda *_: rejected)
    ended = aws.releaser(policy=HASTY).start([0.5], 0, aws.publish())
    assert (ended.state, ended.by) == (ROLLED_BACK, "round trip")
    assert ended.why == "refused before any user had it: a test"
    assert ended.notes[0].startswith("a fault of crudctl: KeyError: 'archive_item' (")
    assert aws.places() == before


rejected = type("Finding", (), {"fault": "", "wrong": "a test", "function": "get_item", "version": "2"})()


def test_a_record_that_cannot_be_read_strands_the_release_and_says_so(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, new = aws.places(), aws.publish()
    monkeypatch.setattr(Records, "mine", forgetful)
    with pytest.raises(Stranded, match="KeyError: 'archive_item'"):
        aws.releaser(policy=HASTY).start([0.5], 0, new)
    monkeypatch.undo()
    assert current(aws).running
    assert aws.releaser().abort().state == ROLLED_BACK
    assert aws.places() == before


@pytest.mark.parametrize("ends", ["promote", "abort", "resume"])
def test_a_fault_as_soon_as_a_release_is_taken_over_says_where_the_traffic_is(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    with pytest.raises(Stopped):
        aws.releaser(Watcher(stop_at_look=True)).start([0.5], 600, aws.publish())
    split = aws.places()
    arguments = ["--take-over"] if ends == "resume" else []
    with in_project(aws, tmp_path):
        monkeypatch.setattr(Records, "take_over", forgetful)
        code, output = release(ends, *arguments)
        assert (code, aws.places()) == (1, split)
        assert "A fault of crudctl: KeyError: 'archive_item' (" in output
        assert "its traffic stays as it was" in output
        assert "`crudctl release abort --env test`" in output
        monkeypatch.undo()
    assert aws.releaser().abort().state == ROLLED_BACK


@pytest.mark.parametrize("ends", ["promote", "abort"])
def test_a_fault_before_what_was_asked_for_is_recorded_rolls_back(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    before, save = aws.places(), Records.save
    with pytest.raises(Stopped):
        aws.releaser(Watcher(stop_at_look=True)).start([0.5], 600, aws.publish())
    failed: list[int] = []

    def once(self: Records, asked: Release) -> None:
        if asked.doing in ("promote", "roll back") and not failed:
            failed.append(1)
            forgetful()
        save(self, asked)

    monkeypatch.setattr(Records, "save", once)
    with in_project(aws, tmp_path):
        assert release(ends)[0] == (1 if ends == "promote" else 0)
    ended = current(aws)
    assert (ended.state, aws.places()) == (FAILED if ends == "promote" else ROLLED_BACK, before)
    assert any("KeyError: 'archive_item'" in text for text in (ended.why, *ended.notes))


@pytest.mark.parametrize("fault", [(versions, "prune"), (Records, "archive"), (Records, "past")])
def test_a_fault_after_promoting_does_not_lose_the_result(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: tuple[object, str]
) -> None:
    class Forgets(Watcher):
        def log(self, line: str) -> None:
            super().log(line)
            if "all traffic is on the new versions" in line:
                monkeypatch.setattr(*fault, forgetful)

    new, watcher = aws.publish(), Forgets()
    ended = aws.releaser(watcher, HASTY).start([0.5], 0, new)
    assert ended.state == PROMOTED
    assert aws.places() == at(new)
    assert "KeyError: 'archive_item' (" in ended.notes[-1]
    assert ended.notes[-1] in report.markdown(ended, "test")
    assert any(ended.notes[-1] in line for line in watcher.lines)
    monkeypatch.undo()
    assert current(aws).state == PROMOTED
    with in_project(aws, tmp_path):
        assert release("history")[0] == 0
    assert aws.releaser(policy=HASTY).start([0.5], 0, aws.publish()).state == PROMOTED
    assert [past.number for past in aws.cloud().records().past()] == [2, 1]


@pytest.mark.parametrize("fault", ["markdown", "write", "verdict"])
def test_a_fault_in_the_report_does_not_lose_the_result(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    new = aws.publish()
    with in_project(aws, tmp_path):
        monkeypatch.setattr(report, fault, forgetful)
        code, output = release("start", "--steps", "50,100", "--bake", "2m", "--yes")
        assert (code, aws.places()) == (0, at(new))
        assert "promoted" in output.lower()
        assert "The report could not be written: KeyError: 'archive_item' (" in output
        assert "`crudctl release history 1 --env test`" in output
        monkeypatch.undo()
    with in_project(aws, tmp_path):
        assert "Promoted: all traffic is on the new versions." in release("history", "1")[1]


def test_the_return_to_earlier_versions_is_undone_by_a_fault_too(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    first = aws.releaser(policy=HASTY).start([0.5], 0, aws.publish())
    monkeypatch.setattr(executor, "ours", lambda *_: forgetful())
    ended = aws.releaser().go_to(first.old, "a test")
    assert (ended.state, ended.by) == (FAILED, "releaser")
    assert aws.places() == at(first.new)
