"""What is printed is printed as it is, to any stream: text with brackets and backslashes, in encodings that lack a character."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner
from rich.text import Text

from crudctl import console
from crudctl.console import Failed, Screen
from crudctl.errors import Commands
from crudctl.operate import commands, doctor
from crudctl.operate.alarms import Alarm
from tests.invoke import invoke
from tests.stack import ROOT, put_names

MARKUP = (
    r"^\[/a-z]+$",
    "[/]",
    "[bold]x[/bold]",
    "\\",
    "a\\[b]",
    "[/red]",
    "[link=x]",
    ":warning: :car:",
    "arn:aws:iam::1:x[0]",
)


@pytest.mark.parametrize("text", MARKUP)
def test_a_failure_prints_its_message_and_hint_as_they_are(text: str) -> None:
    @click.group(cls=Commands)
    def group() -> None: ...

    @group.command()
    def fail() -> None:
        raise Failed(f"The pattern {text} is invalid.", f"Change {text}.")

    result = CliRunner().invoke(group, ["fail"])
    assert result.stderr == f"Error: The pattern {text} is invalid.\nChange {text}.\n"


@pytest.mark.parametrize("text", MARKUP)
def test_a_step_prints_its_title_and_progress_as_they_are(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console, "QUIET", 0.02)
    wanted, seen = f"Read {text}, at {text} (", ""
    with console.step(f"Read {text}") as progress:
        progress(f"at {text}")
        deadline = time.monotonic() + 60
        while wanted not in seen and time.monotonic() < deadline:  # a line from before the progress may come first
            time.sleep(0.02)
            seen += capsys.readouterr().err
    printed = (seen + capsys.readouterr().err).splitlines()
    assert any(re.fullmatch(rf"{re.escape(wanted)}\d+ s\)", line) for line in printed)
    assert printed[-1].startswith(f"✓ Read {text} ")


@pytest.mark.parametrize("text", MARKUP)
def test_a_step_on_a_terminal_prints_its_title_as_it_is(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    shown = Screen(stderr=True)
    shown._force_terminal = True
    shown.file, shown.width = terminal, 200
    monkeypatch.setattr(console, "err", shown)
    with console.step(f"Read {text}"):
        pass
    assert f"Read {text} " in Text.from_ansi(terminal.getvalue()).plain


@pytest.mark.parametrize("text", MARKUP)
def test_alarms_and_checks_are_printed_as_they_are(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    at: Any = SimpleNamespace()
    commands.print_alarm(Alarm("slow", "ALARM", at, f"Reason {text}", f"Says {text}", f"docs/{text}"))
    assert capsys.readouterr().out == f"\nslow  Says {text}\n  why   Reason {text}\n  read  docs/{text}\n"
    put_names(tmp_path)
    (tmp_path / "contract").mkdir()
    (tmp_path / "contract" / "openapi.yaml").touch()
    monkeypatch.setattr(
        doctor, "run", lambda _: [("one", f"good {text}"), ("two", Failed(f"bad {text}", f"do {text}"))]
    )
    printed = invoke(tmp_path, "doctor").stdout
    assert printed == f"✓ one              good {text}\n✗ two              bad {text}\n{'':18} do {text}\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize(
    "command", [["doctor"], ["status"], ["--help"], ["dashboard", "--text"], ["cost", "--requests", "1M"]]
)
def test_output_in_any_encoding_is_never_a_traceback(command: list[str], encoding: str, tmp_path: Path) -> None:
    put_names(tmp_path)
    (tmp_path / "contract").mkdir()
    (tmp_path / "contract" / "openapi.yaml").write_bytes((ROOT / "contract" / "openapi.yaml").read_bytes())
    environ = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT / "src"), "LC_ALL": "C"}
    result = subprocess.run(
        [sys.executable, "-m", "crudctl.cli", *command], cwd=tmp_path, env=environ, capture_output=True, check=False
    )
    assert b"Traceback" not in result.stderr
    assert result.stdout + result.stderr


def test_a_character_that_an_encoding_lacks_is_replaced_by_a_similar_one_or_its_escape() -> None:
    console.accept_every_character()
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors=console.PLAIN)
    stream.write("✓ ü → ▁▄█ … \udcff")
    stream.flush()
    assert stream.buffer.getvalue() == b"+ \\xfc -> _:# ... \\udcff"
