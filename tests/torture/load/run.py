"""Runs locust with a plan, and says what came of it. Knows no emulator."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.stack import ROOT

LOCUST = ROOT / ".venv" / "load" / "bin" / "locust"  # make .venv/.ready-load
FILE = Path(__file__).with_name("locustfile.py")
SHED = (429, 500, 503)  # what has no place is a 500 of the gateway; faults of functions have tests of their own


@dataclass(frozen=True)
class Sent:
    """One request: when it left, in seconds since the start of the plan, and its response; status 0 for none."""

    phase: int
    at: float
    milliseconds: float
    status: int
    created: str | None


@dataclass(frozen=True)
class Target:
    """Where requests go.

    Attributes:
        collection: path of the collection, without a slash.
        body: content to create a resource with.
        known: ids of resources that can be read.
    """

    url: str
    token: str
    collection: str
    body: Mapping[str, Any]
    known: Sequence[str]


def load(target: Target, phases: Sequence[tuple[float, float]]) -> list[Sent]:
    """Send requests in phases of (seconds, requests per second) and return every one of them, in the order of responses.

    Raises RuntimeError if locust did not send all of them.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "requests"
        plan = {
            **vars(target),
            "body": dict(target.body),
            "known": list(target.known),
            "phases": list(phases),
            "out": str(out),
        }
        command = [
            str(LOCUST),
            "-f",
            str(FILE),
            "--headless",
            "-u",
            "1",
            "-r",
            "1",
            "--only-summary",
            "--loglevel",
            "WARNING",
        ]
        environ = {"PATH": os.environ["PATH"], "HOME": folder, "LOAD_PLAN": json.dumps(plan)}
        ran = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
        lines = out.read_text(encoding="utf-8").splitlines() if out.exists() else []
    due = sum(int(seconds * rate) for seconds, rate in phases)
    if len(lines) != due:
        raise RuntimeError(f"locust sent {len(lines)} of {due} requests\n{ran.stdout}\n{ran.stderr}")
    return [Sent(*json.loads(line)) for line in lines]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of the values does not exceed; 0 without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def statuses(sent: Sequence[Sent]) -> Counter[int]:
    """Return how often each status came."""
    return Counter(one.status for one in sent)


def is_served(sent: Sequence[Sent], limit: float) -> bool:
    """Whether every request succeeded, 99 in 100 of them within `limit` milliseconds."""
    return all(200 <= one.status < 300 for one in sent) and percentile([one.milliseconds for one in sent], 0.99) < limit
