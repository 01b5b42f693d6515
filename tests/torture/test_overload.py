"""Three times the load that the local stack can take: what it cannot serve it refuses soon, and it loses nothing it acknowledged.

OVERLOAD_SECONDS is how long the overload lasts; 60 without it.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from tests import contracts
from tests.hostile.attack import Gateway
from tests.hostile.conftest import local_gateway
from tests.stack import ROOT, Stack
from tests.torture import figures
from tests.torture.load import memory
from tests.torture.load.run import SHED, Sent, Target, is_served, load, percentile, statuses

PROMISED = 250.0  # milliseconds, for 99 of 100 requests
SLOW = 1000.0  # milliseconds
TRIAL, BEFORE, AFTER = 10.0, 20.0, 40.0  # seconds
DURING = float(os.environ.get("OVERLOAD_SECONDS", "60"))
LOWEST, HIGHEST = 5.0, 640.0  # requests per second
STEP = 1.25  # between rates that are tried
TRIES = 3  # of a rate: the machine may have been busy with something else
USUAL = 0.5  # of the highest rate, before and after the overload; at the highest itself a backlog would never shrink
PLOT = ROOT / "docs" / "images" / "overload.svg"


@pytest.fixture(scope="module")
def target(stack: Stack) -> Iterator[tuple[Gateway, Target]]:
    """The API of the local stack, warm, with some resources to read."""
    gateway = local_gateway(stack, contracts.document())
    known = [gateway.create() for _ in range(20)]
    sample = gateway.described.sample
    yield gateway, Target(gateway.url, gateway.tokens[0], gateway.described.collection, sample, known)
    for resource_id in gateway.ids():
        gateway.remove(resource_id)
    gateway.wire.close()


def test_overload_is_refused_soon_and_nothing_acknowledged_is_lost(
    stack: Stack, target: tuple[Gateway, Target]
) -> None:
    gateway, place = target
    load(place, [(5.0, 20.0)])  # functions start
    rate = highest_rate(place)
    phases = [(BEFORE, USUAL * rate), (DURING, 3 * rate), (AFTER, USUAL * rate)]
    with memory.watched(stack.environment.record["pid"]) as megabytes:
        sent = load(place, phases)
    before, during, after = ([one for one in sent if one.phase == phase] for phase in range(3))
    lost = {one.created for one in sent if one.created} - gateway.ids()
    settled = recovery(after)
    figures.write("reliability.md", "overload", report(rate, before, during, after, megabytes, settled, len(lost)))
    draw(sent, megabytes, sum(seconds for seconds, _ in phases))
    assert not lost
    assert not set(statuses(sent)) - {200, 201, *SHED}
    assert not [one for one in after[-20:] if one.status not in (200, 201)]


def highest_rate(place: Target) -> float:
    """Return the highest rate of those tried at which every request succeeds, 99 in 100 of them within PROMISED."""
    held = rate = LOWEST
    while rate <= HIGHEST and any(is_served(load(place, [(TRIAL, rate)]), PROMISED) for _ in range(TRIES)):
        held, rate = rate, rate * STEP
    return held


def recovery(after: Sequence[Sent]) -> float | None:
    """Return how many seconds after an overload the last request was refused, or took longer than SLOW; None if the end did."""
    begun, end = min(one.at for one in after), max(one.at for one in after)
    late = [one.at for one in after if not 200 <= one.status < 300 or one.milliseconds >= SLOW]
    return None if late and max(late) > end - TRIAL else max(late, default=begun) - begun


def report(
    rate: float,
    before: Sequence[Sent],
    during: Sequence[Sent],
    after: Sequence[Sent],
    megabytes: Sequence[float],
    settled: float | None,
    lost: int,
) -> str:
    """Return the figures as they stand in the page."""
    rows = []
    for name, phase, times in (("before", before, USUAL), ("overload", during, 3), ("after", after, USUAL)):
        ok, shed = ([one.milliseconds for one in phase if one.status in of] for of in ((200, 201), SHED))
        count: Counter[int] = statuses(phase)
        others = sum(number for status, number in count.items() if status not in (200, 201, *SHED))
        spread = [
            f"{percentile(values, 0.5):.0f} / {percentile(values, 0.99):.0f} ms" if values else "-"
            for values in (ok, shed)
        ]
        rows.append((name, f"{times * rate:.0f}/s", len(phase), len(ok), spread[0], len(shed), spread[1], others))
    head = ("", "rate", "requests", "served", "p50 / p99", "429, 500 or 503", "p50 / p99", "anything else")
    acknowledged = sum(one.created is not None for one in (*before, *during, *after))
    busy = os.getloadavg()[2]
    again = (
        f"In the last {TRIAL:.0f} s some request still took more than a second or was refused: recovery was not shown."
        if settled is None
        else f"{settled:.0f} s after the overload every request was served within a second again."
    )
    return (
        f"![Requests per second, served and refused, and memory](images/{PLOT.name})\n\n"
        f"The highest rate with every request served and a p99 under {PROMISED:.0f} ms was {rate:.0f} requests per second, "
        f"on {platform.system()} with {os.cpu_count()} processors, which {busy:.0f} processes wanted in the last 15 minutes.\n\n"
        f"{figures.table(head, rows)}\n\n"
        f"Memory of the emulator and all functions: {megabytes[0]:.0f} MB at first, at most {max(megabytes):.0f} MB, "
        f"{megabytes[-1]:.0f} MB in the end. {again} "
        f"{acknowledged} resources were acknowledged and {lost} of them are missing."
    )


def draw(sent: Sequence[Sent], megabytes: Sequence[float], seconds: float) -> None:
    """Draw the plot of the page: what left in each second, and how it ended."""
    whole = range(int(seconds))
    left = Counter(int(one.at) for one in sent)
    served = Counter(int(one.at) for one in sent if one.status in (200, 201))
    refused = Counter(int(one.at) for one in sent if one.status in SHED)
    series = {"sent": left, "served": served, "refused (429, 500 or 503)": refused}
    content = {
        "seconds": list(whole),
        "series": {name: [counts[second] for second in whole] for name, counts in series.items()},
        "memory": [round(value) for value in megabytes[: len(whole)]],
    }
    command = [str(ROOT / ".venv" / "load" / "bin" / "python"), str(ROOT / "tests" / "torture" / "load" / "plot.py")]
    drawn = subprocess.run(command, input=json.dumps(content), capture_output=True, text=True, check=True)
    PLOT.write_text(drawn.stdout, encoding="utf-8")
