"""Measures the peers: `python -m bench.peers [PART ...]`. Keeps the figures in result.json and writes the page from them."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.peers import measuring, packages, report
from bench.peers.measuring import Bench
from bench.peers.process import CORES
from bench.peers.registry import FLOOR, OURS, PEERS
from bench.peers.table import Table

OF_PEERS = ("cold", "warm", "memory", "package", "dynamodb")
STACK_PARTS = {"local": ("requests",), "up": ("help", "up")}  # parts of bench/local
PARTS = (*OF_PEERS, "cost", *STACK_PARTS)
RESULT = Path(__file__).parent / "result.json"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all without any")
    parser.add_argument("--peers", help="names, separated by commas; this project and its floor are always among them")
    parser.add_argument("--runs", type=int, default=15, help="cold starts of each")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of warm requests")
    parser.add_argument("--requests", type=int, default=40, help="requests of each kind in a round")
    parser.add_argument("--dry", action="store_true", help="print the figures, and keep the files as they are")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; the parts are {', '.join(PARTS)}")
    parts = chosen.parts or PARTS
    result = {} if chosen.dry or not RESULT.exists() else json.loads(RESULT.read_text(encoding="utf-8"))
    if set(parts) & set(OF_PEERS):
        try:
            names = _names(chosen.peers)
            packages.build(names)
        except packages.Missing as missing:
            print(missing, file=sys.stderr)
            return 1
        except KeyError as unknown_peer:
            parser.error(f"no such peer: {unknown_peer}; the peers are {', '.join(PEERS)}")
        result |= measure(names, parts, chosen.runs, chosen.rounds, chosen.requests)
    if wanted := [each for part, each in STACK_PARTS.items() if part in parts]:
        result["local"] = stack([part for each in wanted for part in each], result.get("local"))
    print(report.text(result))
    if not chosen.dry:
        RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        report.write(result, packages.ROOT)
    if "cost" in parts:
        month = ["-m", "crudctl.cli", "cost", "--requests", "1M", "--no-waf"]
        return subprocess.run([sys.executable, *month], cwd=packages.ROOT, check=False).returncode
    return 0


def stack(parts: Sequence[str], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the figures of the local stack: those of `parts`, and the others as they were before."""
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.json"
        run = packages.ROOT / "bench" / "local" / "run.py"
        subprocess.run(
            [sys.executable, run, *parts, "--json", figures], cwd=packages.ROOT, check=True, stdout=sys.stderr
        )
        measured: dict[str, Any] = json.loads(figures.read_text(encoding="utf-8"))
    rows = {row["what"]: row for row in (before or {"rows": []})["rows"]} | {
        row["what"]: row for row in measured["rows"]
    }
    return {"about": measured["about"], "rows": list(rows.values())}


def measure(names: Sequence[str], parts: Sequence[str], runs: int, rounds: int, requests: int) -> dict[str, Any]:
    """Return the figures of `parts`, each with the machine they are from."""
    result: dict[str, Any] = {}
    with pinned(), Table() as table:
        bench = Bench(names, table)
        recordings = {}
        for name in names:
            if PEERS[name].api:
                progress(f"checking {name}")
                recordings[name] = bench.checked(name)
        if "cold" in parts:
            result["cold"] = {
                "machine": machine(),
                "runs": runs,
                "peers": measuring.cold(bench, recordings, runs, progress),
            }
        if {"warm", "memory"} & set(parts):
            figures, memory = measuring.warm(bench, recordings, rounds, requests, progress)
            result["warm"] = {"machine": machine(), "rounds": rounds, "requests": requests, "peers": figures}
            result["memory"] = {"machine": machine(), "peers": memory}
        if "package" in parts:
            result["package"] = {"machine": machine(), "peers": measuring.package_sizes(bench)}
        if "dynamodb" in parts:
            result["dynamodb"] = {"machine": machine(), "peers": measuring.calls(recordings)}
    progress("")
    return result


@contextlib.contextmanager
def pinned() -> Iterator[None]:
    """Leave a core to the functions as long as the block runs."""
    usable = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {CORES[1]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usable)


def machine() -> Mapping[str, Any]:
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "node": node,
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }


def progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def _names(chosen: str | None) -> list[str]:
    if chosen is None:
        try:
            packages.runtime_of_node()
        except packages.Missing as missing:
            print(f"Without Node: {missing}", file=sys.stderr)
            return [name for name, peer in PEERS.items() if peer.kind != "node"]
        return list(PEERS)
    wanted = {*chosen.split(","), OURS, FLOOR}
    for name in wanted:
        PEERS[name]
    return [name for name in PEERS if name in wanted]


if __name__ == "__main__":
    sys.exit(main())
