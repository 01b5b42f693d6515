"""What the command line says and how: steps with their time, one clear failure. Knows nothing of what is done."""

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
    """Rich's console, without an end of its own where nobody reads: it raises, and click ends quietly."""

    def on_broken_pipe(self) -> None:
        """Raises."""
        raise BrokenPipeError(errno.EPIPE, "nobody reads")


out = Screen(highlight=False, soft_wrap=True)
if not out.is_terminal:
    out.width = 10_000  # rich would fold tables at 80 columns; a row is a line, for grep
err = Screen(stderr=True, highlight=False, soft_wrap=True)
SELDOM = 10.0  # seconds between lines where there is no terminal


class Failed(click.ClickException):
    """What went wrong and, in the hint, what to do; shown without a traceback, exit code 1."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def show(self, file: object = None) -> None:  # noqa: ARG002 - click's signature
        """Prints both to standard error."""
        err.print(f"[bold red]Error:[/] {_plain(self.message)}", markup=True)
        if self.hint:
            err.print(self.hint, markup=False)


@contextlib.contextmanager
def unheard() -> Iterator[None]:
    """What cannot be printed within (a closed terminal or pipe, a full disk) is lost, and the work goes on."""
    try:
        yield
    except OSError:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:  # what it holds would be tried again at the end, and spoil the exit code
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, stream.fileno())
                os.close(null)


def confirm(question: str) -> None:
    """Asks, and ends the program unless the answer is yes. Raises Failed where nobody can answer."""
    if not sys.stdin.isatty():
        raise Failed("Nobody is here to be asked whether to go on.", "Give --yes.")
    click.confirm(question, abort=True, err=True)


def _plain(text: str) -> str:
    return text.replace("[", "\\[")


@contextlib.contextmanager
def step(title: str) -> Iterator[Callable[[str], None]]:
    """Shows a step that may take a while: on a terminal a spinner with seconds, else a line now and then and at its end.

    Gives a function that tells how far it is.
    """
    started = time.monotonic()
    detail = ""

    def tell(text: str) -> None:
        nonlocal detail
        detail = f", {text}"

    def line() -> str:
        return f"{title}{detail} ({time.monotonic() - started:.0f} s)"

    status = err.status(line()) if err.is_terminal else None
    show = status.update if status else lambda text: err.print(text, markup=False)
    done = threading.Event()

    def refresh() -> None:
        while not done.wait(0.5 if status else SELDOM):
            show(line())

    thread = threading.Thread(target=refresh, daemon=True)
    with status or contextlib.nullcontext():
        thread.start()
        try:
            yield tell
        finally:
            done.set()
            thread.join()
    err.print(f"[green]✓[/] {_plain(title)} [dim]{time.monotonic() - started:.1f} s[/]")
