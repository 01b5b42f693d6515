"""The recorder of the README's terminal session, and the recording."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from scripts.record_demo import COLUMNS, LIMIT, ROWS, Picture, Row, Screen, drawn, main, pictures
from tests.stack import ROOT

RECORDING = ROOT / "docs" / "images" / "demo-rollback.svg"
SVG = "{http://www.w3.org/2000/svg}"


def text(rows: list[Row]) -> list[str]:
    return ["".join(character for character, _ in row) for row in rows]


def shown(printed: str) -> list[str]:
    screen = Screen()
    screen.feed(printed)
    return text(screen.rows())


def test_screen_shows_what_a_live_table_leaves_on_a_terminal() -> None:
    assert shown("one\r\ntwo 1\r\x1b[2Ktwo 22\r\x1b[2K\x1b[1A\x1b[2Kthree\r\n") == ["three", ""]
    assert shown("\x1b[?25l10 %\r\x1b[K50 %\x1b[?25h") == ["50 %"]


def test_screen_wraps_long_lines_and_scrolls() -> None:
    assert shown("x" * (COLUMNS + 2)) == ["x" * COLUMNS, "xx"]
    assert shown("".join(f"{number}\r\n" for number in range(ROWS + 5)))[0] == "6"


def test_screen_keeps_colours_and_weight() -> None:
    screen = Screen()
    screen.feed("\x1b[1;32mok\x1b[0m no")
    styles = [style for _, style in screen.rows()[0]]
    assert styles[0] == (2, True, False)
    assert styles[-1] == (None, False, False)


def test_command_runs_in_a_terminal_and_its_last_picture_has_all_it_printed() -> None:
    program = "import sys; print(sys.stdout.isatty(), 'grün', flush=True)"
    *_, last = pictures([sys.executable, "-c", program])
    assert text(last.rows)[-2] == "True grün"


def test_command_that_fails_is_not_recorded() -> None:
    with pytest.raises(SystemExit, match=r"no such thing\n+Not recorded: the command ended with exit code 3"):
        list(pictures([sys.executable, "-c", "import sys; print('no such thing'); sys.exit(3)"]))


def test_svg_shows_each_picture_at_its_time_and_each_row_once() -> None:
    first, second = Screen(), Screen()
    first.feed("$ make <all>")
    second.feed("$ make <all>\r\ndone")
    root = ElementTree.fromstring(drawn([Picture(0, first.rows()), Picture(30, second.rows())], "a & b"))
    rows = [row for row in root.iter(f"{SVG}text") if row.get("id")]
    assert ["".join(row.itertext()) for row in rows] == ["$ make <all>", "done"]
    assert len(list(root.iter(f"{SVG}use"))) == 3
    assert "60.00%{transform" in "".join(root.itertext())  # 30 s, five times faster, of a film of 10 s


def test_recording_is_written_where_no_folder_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    output = tmp_path / "docs" / "images" / "a.svg"
    monkeypatch.setattr(sys, "argv", ["record_demo.py", str(output), "echo", "done"])
    main()
    assert ">done<" in output.read_text(encoding="utf-8")


def test_recording_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("scripts.record_demo.LIMIT", 100)
    monkeypatch.setattr(sys, "argv", ["record_demo.py", str(tmp_path / "a.svg"), "true"])
    with pytest.raises(SystemExit, match="more than 100"):
        main()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not RECORDING.exists(), reason="`crudctl new` leaves pictures out; `make recording` makes this one")
def test_recording_is_small_and_of_a_release_that_was_rolled_back() -> None:
    recording = RECORDING.read_text(encoding="utf-8")
    assert len(recording.encode()) < LIMIT
    printed = "\n".join("".join(row.itertext()) for row in ElementTree.fromstring(recording).iter(f"{SVG}text"))
    assert "make demo-rollback" in printed
    assert "rolled back" in printed
    assert not re.search(r"(?<![\w.])/(home|tmp|root|Users|work)/", printed)
