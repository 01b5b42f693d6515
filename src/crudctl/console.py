"""How commands print: steps with their duration, failures with a hint. Knows nothing of the commands."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator

import click
from rich.console import Console


class Screen(Console):
    """Rich's console, which raises for a closed pipe instead of exiting, so that click ends the program quietly."""

    def on_broken_pipe(self) -> None:
        """Raise BrokenPipeError."""
        raise BrokenPipeError(errno.EPIPE, "the reader has closed the pipe")


out = Screen(highlight=False, soft_wrap=True)
if not out.is_terminal:
    out.width = 10_000  # rich would fold tables at 80 columns; a row is a line, for grep
err = Screen(stderr=True, highlight=False, soft_wrap=True)
QUIET = 10.0  # seconds between progress lines when standard error is not a terminal


class Failed(click.ClickException):
    """What went wrong and, in the hint, what to do. Printed without a traceback; exit code 1."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def show(self, file: object = None) -> None:  # noqa: ARG002 - click's signature
        """Print the message and the hint to standard error."""
        err.print(f"[bold red]Error:[/] {_plain(self.message)}", markup=True)
        if self.hint:
            err.print(self.hint, markup=False)


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


def _plain(text: str) -> str:
    return text.replace("[", "\\[")


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

    status = err.status(line()) if err.is_terminal else None
    show = status.update if status else lambda text: err.print(text, markup=False)
    done = threading.Event()

    def refresh() -> None:
        while not done.wait(0.5 if status else QUIET):
            show(line())

    thread = threading.Thread(target=refresh, daemon=True)
    with status or contextlib.nullcontext():
        thread.start()
        try:
            yield progress
        finally:
            done.set()
            thread.join()
    err.print(f"[green]✓[/] {_plain(title)} [dim]{time.monotonic() - started:.1f} s[/]")
