"""What a verification is made of: parts with a time limit, rows that say what is asked and expected, and what was seen.

Knows neither AWS nor the service.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

AS_HERE, DIFFERS, NOT_SEEN = "as here", "differs", "not seen"


@dataclass(frozen=True)
class Row:
    """One thing that is asked.

    Attributes:
        name: within its part.
        asked: what is sent or read.
        expected: what the local stack does, which AWS documents.
        source: the page that documents it.
        parity: names of rows of docs/parity.md that this shows.
        assumed: whether AWS does not document what is expected, so that another answer is news and no fault.
    """

    name: str
    asked: str
    expected: str
    source: str
    parity: tuple[str, ...] = ()
    assumed: bool = False


@dataclass(frozen=True)
class Result:
    """What was seen of a row.

    Attributes:
        mark: AS_HERE, DIFFERS or NOT_SEEN.
        seen: in words, for people.
        excused: whether this is no fault: what was not seen does not exist in this environment, or what differs was assumed.
    """

    row: Row
    mark: str
    seen: str
    excused: bool = False


@dataclass(frozen=True)
class Part:
    """A part of a verification.

    Attributes:
        name: for the option --only.
        title: what it does, while it runs.
        limit: seconds after which it is ended.
        rows: everything it asks.
        run: yields what it sees, row by row. It gets the subject (subject.py), and a function that shows the progress.
    """

    name: str
    title: str
    limit: int
    rows: tuple[Row, ...]
    run: Callable[[Any, Callable[[str], None]], Iterator[Result]]


class OutOfTime(BaseException):
    """The time limit of a part has passed. No Exception: libraries that catch those would go on."""


@contextmanager
def limit(seconds: int) -> Iterator[None]:
    """Raise OutOfTime in the block after a number of seconds, whatever it waits for. For the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("Python delivers signals to the main thread only")

    def ended(_number: int, _frame: FrameType | None) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, ended)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def right(row: Row, seen: str, is_right: bool = True) -> Result:
    """Return the result of a row that was seen."""
    return Result(row, AS_HERE if is_right else DIFFERS, seen, excused=row.assumed and not is_right)


def unseen(row: Row, why: str, excused: bool = False) -> Result:
    """Return the result of a row that was not seen."""
    return Result(row, NOT_SEEN, why, excused)
