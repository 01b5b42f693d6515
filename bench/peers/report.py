"""Writes the figures down: tables in Markdown, and plots. Reads nothing but result.json."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.peers import figures
from bench.peers.figures import Figure, Result
from bench.peers.registry import EXCHANGE, FLOOR, NODE_FLOOR, OURS, PEERS

PAGE = "docs/performance.md"
PLOTS = {"cold": "docs/images/performance-cold.svg", "warm": "docs/images/performance-warm.svg"}
FLOORS = (EXCHANGE, FLOOR, NODE_FLOOR)
INTRODUCTION = """\
# Performance

`crudctl bench` writes this page from [`result.json`](../bench/peers/result.json); its [README](../bench/peers/README.md)
has the rules. The same API is written in the ways that people use, each as a good user of it would, and each passes the same
tests before it is timed. Times are of local processes under AWS's own runtime client: compare them with each other, not with
times on Lambda. Ratios hold between machines better than milliseconds.
"""


def text(result: Result) -> str:
    """Return the page that the figures make."""
    parts = [INTRODUCTION.rstrip(), *([_targets(result)] if figures.met(result) else [])]
    for name, section in (
        ("cold", _cold),
        ("warm", _warm),
        ("memory", _memory),
        ("package", _package),
        ("dynamodb", _dynamodb),
        ("local", _local),
    ):
        if name in result:
            parts.append(section(result))
    parts.append(_elsewhere())
    return "\n\n".join(parts) + "\n"


def write(result: Result, root: Path) -> None:
    """Write the page and its plots below `root`."""
    (root / PAGE).write_text(text(result), encoding="utf-8")
    for name, path in PLOTS.items():
        if name in result:
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(_plot(result, name, root), encoding="utf-8")


def _targets(result: Result) -> str:
    rows = [
        (
            target.what,
            target.before,
            _ratio(bound, target.unit),
            f"{_ratio(figure.median, target.unit)}{_spread(figure, target.unit)}",
            _ratio(least.median) if (least := figures.limit(target, result)) else "",
            "yes" if figure.median <= bound else "**no**",
        )
        for target, figure, bound in figures.met(result)
    ]
    return "\n\n".join(
        [
            "## Targets",
            "Ratios of CPU, by turns of one run. On a machine with more to do than it has processors, warm requests have the "
            "targets of a loaded one. The limit is what one verified TLS exchange with the table, and nothing else, comes to on "
            "Python's public modules; the functions use `_ssl`.",
            _table(("", "November 2026", "at most", "now", "limit", "met"), rows),
            "What a cold start and a read consist of, and so what keeps the targets that are missed away, is in "
            "[decision 29](decisions/0029-fast.md#what-is-left); for the local stack, below, in "
            "[decision 5](decisions/0005-local-stack.md#what-makes-it-fast-2026-11-26).",
        ]
    )


def _cold(result: Result) -> str:
    part = result["cold"]
    rows = []
    for name in _sorted(part["peers"], lambda name: Figure.of(figures.cold(result, name)).median):
        peer, floor = part["peers"][name], PEERS[name].floor
        total = Figure.of(figures.cold(result, name))
        above = Figure.of([a - b for a, b in zip(peer["bytecode"]["cpu"], figures.cold(result, floor), strict=True)])
        source = Figure.of(peer["source"]["cpu"]) if "source" in peer else None
        ratio = Figure.of(figures.ratios(figures.cold(result, OURS), peer["bytecode"]["cpu"]))
        wall = Figure.of(peer["bytecode"]["first_wall"]).median
        rows.append(
            (
                _title(name),
                "" if name == floor else f"**{above.median:.0f}**{_spread(above)}",
                f"{total.median:.0f}",
                f"{source.median:.0f}" if source else "",
                f"{wall:.0f}",
                "" if name == OURS else _ratio(ratio.median),
            )
        )
    head = (
        "",
        "above the runtime's own start",
        "all",
        "all, without bytecode",
        "wall time of the first read",
        "ours / it",
    )
    return "\n\n".join(
        [
            "## Cold start and first read",
            f"{_machine(part)} {part['runs']} fresh processes of each, in turns. Milliseconds of CPU, user and system, until the "
            "first read is answered; behind the medians, the middle half of the runs. Most packages are deployed without "
            "bytecode, and Lambda's file system is read-only.",
            _picture("cold", "Cold start and first read, milliseconds of CPU"),
            _table(head, rows),
        ]
    )


def _warm(result: Result) -> str:
    part = result["warm"]
    whats = list(part["peers"][OURS])
    rows = []
    for name in _sorted(part["peers"], lambda name: Figure.of(figures.warm(result, name, "get")).median):
        if name in (FLOOR, NODE_FLOOR):
            continue
        cells = []
        for what in whats:
            if what not in part["peers"][name]:
                cells.append("")
                continue
            figure = Figure.of(figures.warm(result, name, what))
            ratio = Figure.of(figures.ratios(figures.warm(result, OURS, what), figures.warm(result, name, what)))
            cells.append(f"{figure.median:,.0f}" + ("" if name in (OURS, *FLOORS) else f" ({_ratio(ratio.median)})"))
        rows.append((_title(name), *cells))
    floor = Figure.of(part["peers"][FLOOR]["get"]["cpu"]).median
    walls = [
        (_title(name), *(_wall(part["peers"][name].get(what)) for what in whats))
        for name in _sorted(part["peers"], lambda name: Figure.of(part["peers"][name]["get"]["wall"]).median)
    ]
    return "\n\n".join(
        [
            "## Warm requests",
            f"{_machine(part)} {part['rounds']} rounds of {part['requests']} requests of each kind, in turns, to processes that "
            "are kept. DynamoDB answers after a millisecond.",
            "Microseconds of CPU for a request, above the empty handler of the same runtime, which takes "
            f"{floor:.0f} in Python; in brackets, ours as a share of it.",
            _picture("warm", "Warm requests, microseconds of CPU"),
            _table(("", *whats), rows),
            "Milliseconds from the event to the answer, the median and, behind it, the upper quarter:",
            _table(("", *whats), walls),
        ]
    )


def _wall(timed: Mapping[str, Sequence[float]] | None) -> str:
    if timed is None:
        return ""
    figure = Figure.of(timed["wall"])
    return f"{figure.median / 1000:.1f} ({figure.high / 1000:.1f})"


def _memory(result: Result) -> str:
    peers: Mapping[str, float] = result["memory"]["peers"]
    rows = [
        (_title(name), f"{peers[name]:.1f}", "" if name == OURS else _ratio(peers[OURS] / peers[name]))
        for name in _sorted(peers, lambda name: peers[name])
    ]
    return (
        "## Memory\n\nThe largest resident size of a process after the warm requests, in MiB. Where each operation has a "
        "function of its own, of the largest.\n\n" + _table(("", "MiB", "ours / it"), rows)
    )


def _package(result: Result) -> str:
    peers: Mapping[str, Any] = result["package"]["peers"]
    rows = [
        (
            _title(name),
            f"{peers[name]['zip'] / 1000:,.0f}",
            f"{peers[name]['unpacked'] / 1000:,.0f}",
            str(len(peers[name]["packages"])) if PEERS[name].kind == "python" else "0" if name == OURS else "bundled",
        )
        for name in _sorted(peers, lambda name: peers[name]["zip"])
        if name not in FLOORS
    ]
    return (
        "## Package\n\nWhat would be deployed, in KB of 1,000 bytes. Lambda has a boto3 of its own; AWS "
        "[advises](https://docs.aws.amazon.com/lambda/latest/dg/python-package.html) to deploy the version that you tested.\n\n"
        + _table(("", "zip", "unpacked", "packages of others"), rows)
    )


def _dynamodb(result: Result) -> str:
    peers: Mapping[str, Any] = result["dynamodb"]["peers"]
    whats = list(peers[OURS])
    rows = [(_title(name), *(_actions(peers[name][what]["actions"]) for what in whats)) for name in peers]
    return (
        "## Calls to DynamoDB\n\nFor one request. Each costs a unit and a round trip, and each can fail on its own.\n\n"
        + _table(("", *whats), rows)
    )


def _local(result: Result) -> str:
    part = result["local"]
    rows = [
        (
            row["what"],
            "" if row["before"] is None else f"{row['before']:g} {row['unit']}",
            f"{'at least' if row['at_least'] else 'at most'} {row['target']:g} {row['unit']}",
            f"{row['value']:.3g} {row['unit']}",
            "yes" if row["met"] else "**no**",
        )
        for row in part["rows"]
    ]
    about = part["about"].strip().rstrip(".")
    return f"## The local stack\n\n{about}. [bench/local](../bench/local/README.md) says how.\n\n" + _table(
        ("", "November 2026", "target", "now", "met"), rows
    )


def _actions(actions: Sequence[str]) -> str:
    return "1" if len(actions) == 1 else f"{len(actions)}: " + ", ".join(actions)


def _elsewhere() -> str:
    return (
        "## The rest\n\n[What it costs](cost.md) compares the bills; `crudctl bench cost` prints a month. "
        "[Scale](scale.md) is about more requests than one machine can send."
    )


def _machine(part: Mapping[str, Any]) -> str:
    machine = part["machine"]
    load = f", a load of {machine['load']}" + (" (**busy**)" if figures.busy(machine) else "")
    node = f", Node {machine['node'].lstrip('v')}" if machine["node"] else ""
    where = f"{machine['processor']} with {machine['cores']} processors, Python {machine['python']}"
    return f"{machine['date']}, {where}{node}{load}."


def _title(name: str) -> str:
    return f"**{PEERS[name].title}**" if name == OURS else PEERS[name].title


def _sorted(names: Iterable[str], key: Any) -> list[str]:
    return sorted(names, key=key)


def _ratio(value: float, unit: str = "") -> str:
    return f"{value:.1f}{unit}" if unit else f"{value:.3f}".removeprefix("0") if value < 1 else f"{value:.2f}"


def _spread(figure: Figure, unit: str = "") -> str:
    if figure.low == figure.high:
        return ""
    if unit or figure.median >= 10:
        return f" ({figure.low:.0f} to {figure.high:.0f})"
    return f" ({_ratio(figure.low)} to {_ratio(figure.high)})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---" + "|--:" * (len(head) - 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _picture(name: str, alternative: str) -> str:
    return f"![{alternative}]({PLOTS[name].removeprefix('docs/')})"


def _plot(result: Result, name: str, root: Path) -> str:
    """Return a plot as SVG, drawn where pygal is installed."""
    part = result[name]["peers"]
    if name == "cold":
        medians = {each: Figure.of(figures.cold(result, each)).median for each in part}
        names = _sorted(part, lambda each: medians[each])
        series = {
            "with bytecode": [medians[each] for each in names],
            "without": [
                Figure.of(part[each]["source"]["cpu"]).median if "source" in part[each] else None for each in names
            ],
        }
        drawn = {"unit": "milliseconds of CPU", "labels": [PEERS[each].title for each in names], "series": series}
    else:
        names = [each for each in part if each not in FLOORS]
        names = _sorted(names, lambda each: Figure.of(figures.warm(result, each, "get")).median)
        whats = list(part[OURS])
        series = {what: [Figure.of(figures.warm(result, each, what)).median for each in names] for what in whats}
        drawn = {
            "unit": "microseconds of CPU above an empty handler",
            "labels": [PEERS[each].title for each in names],
            "series": series,
        }
    python = root / ".venv" / "peers" / "bin" / "python"
    command = [python, Path(__file__).with_name("plot.py")]
    return subprocess.run(command, input=json.dumps(drawn), check=True, capture_output=True, encoding="utf-8").stdout
