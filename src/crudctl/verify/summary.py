"""What a verification found, as Markdown and as JSON, and what it cost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from crudctl.cost.prices import GB, price_list
from crudctl.verify.rows import AS_HERE, DIFFERS, NOT_SEEN, Result
from crudctl.verify.unasked import UNASKED

MARKS = {AS_HERE: "✓", DIFFERS: "✗", NOT_SEEN: "·"}


@dataclass(frozen=True)
class Chapter:
    """What a part found, and the seconds that it took."""

    name: str
    title: str
    seconds: float
    results: tuple[Result, ...]


@dataclass(frozen=True)
class Found:
    """What a verification found.

    Attributes:
        environment: the prefix of its names.
        region: of the environment.
        started: epoch seconds.
        used: what costs something.
    """

    environment: str
    region: str
    started: float
    chapters: tuple[Chapter, ...]
    used: Mapping[str, float]

    @property
    def results(self) -> list[Result]:
        """The results of all parts."""
        return [result for chapter in self.chapters for result in chapter.results]

    @property
    def passed(self) -> bool:
        """Whether nothing differs from what is documented, and everything was seen that can be in this environment."""
        return all(result.mark == AS_HERE or result.excused for result in self.results)

    @property
    def usd(self) -> float:
        """What it costs, in list prices, without what is free."""
        return sum(_prices().get(name, 0.0) * quantity for name, quantity in self.used.items())

    @property
    def sentence(self) -> str:
        """The result in one sentence."""
        marks = Counter(result.mark for result in self.results)
        counts = ", ".join(f"{marks[mark]} {mark}" for mark in (AS_HERE, DIFFERS, NOT_SEEN))
        return f"{self.environment} in {self.region}: {counts}."


def markdown(found: Found) -> str:
    """Return the report for people."""
    at = datetime.fromtimestamp(found.started, UTC)
    took = sum(chapter.seconds for chapter in found.chapters)
    lines = [
        f"# Verification of {found.environment}",
        "",
        f"**{found.sentence}**",
        "",
        f"{at:%Y-%m-%d %H:%M} UTC, {took:.0f} s, about USD {found.usd:.4f} in list prices. "
        "*As here*: as on the local stack. *Differs*: otherwise. *Not seen*: the reason is given. "
        "*Assumed*: AWS does not document it, so that another answer is news and no fault.",
    ]
    differing = [result for result in found.results if result.mark == DIFFERS]
    if differing:
        lines += ["", "## What differs", ""]
        lines += [f"- **{each.row.name}**: {each.seen} (expected: {each.row.expected})" for each in differing]
    for chapter in found.chapters:
        lines += ["", f"## {chapter.title} ({chapter.seconds:.0f} s)", ""]
        lines += ["| | asked | expected | seen | result |", "|---|---|---|---|---|"]
        lines += [_line(result) for result in chapter.results]
    lines += [
        "",
        "## Not asked",
        "",
        "Rows of docs/parity.md that nothing here can show.",
        "",
        "| | reason |",
        "|---|---|",
    ]
    lines += [f"| {name} | {reason} |" for name, reason in UNASKED.items()]
    return "\n".join(lines) + "\n"


def as_json(found: Found) -> str:
    """Return the report for programs."""
    chapters = [
        {
            "part": chapter.name,
            "seconds": round(chapter.seconds, 1),
            "rows": [
                {**asdict(result.row), "mark": result.mark, "seen": result.seen, "excused": result.excused}
                for result in chapter.results
            ],
        }
        for chapter in found.chapters
    ]
    document: dict[str, Any] = {
        "environment": found.environment,
        "region": found.region,
        "started": datetime.fromtimestamp(found.started, UTC).isoformat(timespec="seconds"),
        "passed": found.passed,
        "usd": round(found.usd, 5),
        "parts": chapters,
        "not_asked": UNASKED,
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _line(result: Result) -> str:
    row = result.row
    expected = f"{row.expected} ([source]({row.source}))" + (", assumed" if row.assumed else "")
    cells = (
        row.name,
        row.asked,
        expected,
        result.seen,
        f"{MARKS[result.mark]} {result.mark}",
    )
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _prices() -> dict[str, float]:
    """Return the price in USD of each quantity that is counted."""
    listed = {name: float(price["usd"]) for name, price in price_list()["prices"].items()}
    return listed | {"bytes_out": listed["data_out_gb"] / GB}
