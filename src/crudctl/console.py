"""How commands print: steps with their duration, failures with a hint. Knows nothing of the commands.

What is printed is never markup: a contract, an AWS message or a path may contain square brackets. Styles are rich's Text.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text


class Screen(Console):
    """Rich's console, which prints text as it is, without markup, and raises for a closed pipe instead of exiting.

    click then ends the program quietly.
    """

    def __init__(self, *, stderr: bool = False, soft_wrap: bool = True) -> None:
        super().__init__(stderr=stderr, highlight=False, soft_wrap=soft_wrap, markup=False, emoji=False)

    def on_broken_pipe(self) -> None:
        """Raise BrokenPipeError."""
        raise BrokenPipeError(errno.EPIPE, "the reader has closed the pipe")


out = Screen()
if not out.is_terminal:
    out.width = 10_000  # rich would fold tables at 80 columns; a row is a line, for grep
err = Screen(stderr=True)
QUIET = 10.0  # seconds between progress lines when standard error is not a terminal
PLAIN = "crudctl.plain"  # the error handler of streams whose encoding lacks a character
SIMILAR = {"✓": "+", "✗": "x", "▲": "!", "→": "->", "…": "...", "·": "-", "─": "-", "│": "|", "╷": "", "╵": ""}
SIMILAR |= dict(zip("▁▂▃▄▅▆▇█", "_.-:=+*#", strict=True))


class Failed(click.ClickException):
    """What went wrong and, in the hint, what to do. Printed without a traceback; exit code 1."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def show(self, file: object = None) -> None:  # noqa: ARG002 - click's signature
        """Print the message and the hint to standard error."""
        err.print(Text.assemble(("Error:", "bold red"), " ", self.message))
        if self.hint:
            err.print(self.hint)


def accept_every_character() -> None:
    """Let standard output and error replace what their encoding lacks by something similar, instead of raising an error."""
    codecs.register_error(PLAIN, _similar)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=PLAIN)


def _similar(error: UnicodeError) -> tuple[str, int]:
    """Return a similar ASCII text for a character, or its escape such as \\xfc, and where to go on."""
    assert isinstance(error, UnicodeEncodeError)
    character = error.object[error.start]
    escaped = character.encode("ascii", "backslashreplace").decode("ascii")
    return SIMILAR.get(character, escaped), error.start + 1


@contextlib.contextmanager
def unheard() -> Iterator[None]:
    """Drop output that cannot be printed (a closed terminal or pipe, a full disk) and let the work go on."""
    try:
        yield
    except OSError:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:  # Python would flush its buffer again at exit, and fail with another exit code
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, stream.fileno())
                os.close(null)


def confirm(question: str) -> None:
    """Ask for confirmation; exit the program if it is declined. Raise Failed if standard input is not a terminal."""
    if not sys.stdin.isatty():
        raise Failed("Confirmation required, but stdin is not a terminal.", "Pass --yes.")
    click.confirm(question, abort=True, err=True)


@contextlib.contextmanager
def step(title: str) -> Iterator[Callable[[str], None]]:
    """Print a step that may take a while: a spinner with seconds on a terminal, otherwise a line every 10 s and one at the end.

    Yields a function that sets the progress to show, such as `3 of 7`.
    """
    started = time.monotonic()
    detail = ""

    def progress(text: str) -> None:
        nonlocal detail
        detail = f", {text}"

    def line() -> str:
        return f"{title}{detail} ({time.monotonic() - started:.0f} s)"

    spinner = "dots" if err.encoding.startswith("utf") else "line"
    status = err.status(Text(line()), spinner=spinner) if err.is_terminal else None  # a str would be read as markup
    show: Callable[[Text], None] = status.update if status else err.print
    done = threading.Event()

    def refresh() -> None:
        while not done.wait(0.5 if status else QUIET):
            show(Text(line()))

    thread = threading.Thread(target=refresh, daemon=True)
    with status or contextlib.nullcontext():
        thread.start()
        try:
            yield progress
        finally:
            done.set()
            thread.join()
    err.print(Text.assemble(("✓", "green"), f" {title} ", (f"{time.monotonic() - started:.1f} s", "dim")))


def relative(path: Path) -> str:
    """Return a path for people to read: from the working directory, if it is in there."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
