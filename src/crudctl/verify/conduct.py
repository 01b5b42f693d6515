"""Runs one part of a verification within its time, and prints what it sees."""

from __future__ import annotations

import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text

from crudctl.console import Failed, out, step
from crudctl.refusals import refused
from crudctl.verify.rows import AS_HERE, DIFFERS, NOT_SEEN, OutOfTime, Part, Result, limit, right, unseen
from crudctl.verify.summary import Chapter

COLOURS = {AS_HERE: "green", DIFFERS: "bold red", NOT_SEEN: "yellow"}


def chapter(subject: Any, part: Part) -> Chapter:
    """Run a part, print what it sees, and return that. What failed, or took too long, is the result of the rows after it."""
    started, results = time.monotonic(), list[Result]()
    with step(part.title) as progress:
        try:
            with limit(part.limit):
                for result in part.run(subject, progress):
                    results.append(result)
        except OutOfTime:
            results += _missing(part, results, f"its part did not finish within {part.limit} s")
        except Failed as failure:
            results += _missing(part, results, f"{failure.message} {failure.hint}".strip())
        except (ClientError, BotoCoreError) as error:
            results += _missing(part, results, refused(error).message)
    for result in results:
        _print(result)
    return Chapter(part.name, part.title, time.monotonic() - started, tuple(results))


def _missing(part: Part, results: list[Result], why: str) -> list[Result]:
    """Return the results of the rows that a part did not come to. Of the first one, the failure is the result."""
    done = {result.row for result in results}
    rows = [row for row in part.rows if row not in done]
    first = [right(row, why, is_right=False) for row in rows[:1]]
    return [*first, *(unseen(row, f"not asked: {why}") for row in rows[1:])]


def _print(result: Result) -> None:
    """Print a row: its mark, its name, and what was seen."""
    mark = Text(f"  {result.mark:8} ", COLOURS[result.mark])
    out.print(Text.assemble(mark, f"{result.row.name:24} ", (result.seen, "dim" if result.mark == AS_HERE else "")))
