"""Measure the local stack: how fast it starts and responds, beside the targets.

`python bench/local/run.py [help] [up] [requests] [--json FILE]`; without a part, all of them. A fresh clone of the last commit is
started on free ports, and deleted with all it has at the end; a local stack that is running is left alone. Prints a table, and
writes it to bench/local/result.md if nothing is left out and no FILE is given.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from client import Api, Connection, burst, load

from crudctl.build import service

ROOT = Path(__file__).parents[2]
PARTS = ("help", "up", "requests")
SECONDS = 5.0  # of load
MANY, PAGE, NEW = 2000, 25, 32  # resources of one owner, on a page; new clients at once


@dataclass(frozen=True)
class Row:
    """One figure. `at_least`: more is better than the target; otherwise less is."""

    what: str
    value: float
    unit: str
    target: float
    before: float | None
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.value >= self.target if self.at_least else self.value <= self.target


def ran(*command: str, folder: Path) -> str:
    """Run a command and return its output. What it prints to standard error is shown."""
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def took(*command: str, folder: Path) -> float:
    """Run a command and return the seconds that it took."""
    started = time.perf_counter()
    ran(*command, folder=folder)
    return time.perf_counter() - started


@contextmanager
def clone() -> Iterator[Path]:
    """A fresh clone of the last commit, which is stopped and deleted at the end."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ROOT.name
        ran("git", "clone", "-q", str(ROOT), str(path), folder=ROOT)
        try:
            yield path
        finally:
            ran("make", "clean", folder=path)


def of_help(folder: Path) -> list[Row]:
    crudctl = str(folder / ".venv/bin/crudctl")
    times = [took(crudctl, "--help", folder=folder) for _ in range(7)]
    return [Row("`crudctl --help`", statistics.median(times), "s", 0.2, 0.47)]


def of_up(folder: Path, first: float) -> list[Row]:
    again = took("make", "up", folder=folder)
    ran("make", "down", folder=folder)
    return [
        Row("`make up` in a fresh clone, packages cached", first, "s", 30, None),
        Row("`make up` again", again, "s", 2.5, None),
        Row("`make up` after `make down`", took("make", "up", folder=folder), "s", 8, None),
    ]


def of_requests(folder: Path) -> list[Row]:
    crudctl, described = str(folder / ".venv/bin/crudctl"), service.load(folder)
    outputs = json.loads(ran(crudctl, "outputs", "--json", folder=folder))

    def api(number: int) -> Api:
        user = outputs["demo_users"][number]["username"]
        return Api(outputs["api_url"], ran(crudctl, "token", "--user", user, folder=folder))

    one, other = api(0), api(1)
    path, sample = f"/{described.collection}", dict(described.sample)
    made = json.loads(Connection(one).send(one.request("POST", path, sample)))
    get = one.request("GET", f"{path}/{made['id']}")
    fresh = burst(one, get, NEW)  # no process of this function runs but one
    rows = [Row(f"burst of {NEW} new clients, longest wait", max(fresh), "s", 1.0, None)]
    pid = json.loads((folder / ".local/stack.json").read_text())["pid"]
    for clients, at_least, before in ((1, 230, 101), (8, 400, 237)):
        spent = _cpu(pid)
        times = load(one, get, clients, SECONDS)
        spent = _cpu(pid) - spent
        if clients == 1:
            rows.append(Row("get, one client, p50", statistics.median(times) * 1000, "ms", 4.5, 9.8))
        title = f"get, {clients} client{'s' * (clients > 1)}"
        rows.append(Row(title, len(times) / SECONDS, "requests/s", at_least, before, at_least=True))
    rows.append(Row("get, the emulator's CPU", spent / len(times) * 1000, "ms", 2.5, 4.2))
    return [*rows, _lists(path, sample, one, other, pid)]


def _lists(path: str, sample: dict[str, Any], few: Api, many: Api, pid: int) -> Row:
    """Compare a page of an owner with one page and of one with many, by the emulator's CPU, in turns."""
    for api, count in ((few, PAGE), (many, MANY)):
        connection = Connection(api)
        for _ in range(count):
            connection.send(api.request("POST", path, sample))
    spent: dict[Api, list[float]] = {few: [], many: []}
    for _ in range(15):
        for api, costs in spent.items():
            connection, before = Connection(api), _cpu(pid)
            for _ in range(20):
                connection.send(api.request("GET", f"{path}?limit={PAGE}"))
            costs.append(_cpu(pid) - before)
    ratio = statistics.median(spent[many]) / statistics.median(spent[few])
    return Row(f"a list of {PAGE}, CPU with {MANY:,} resources / with {PAGE}", ratio, "", 1.2, None)


def _cpu(pid: int) -> float:
    """Return the seconds of CPU that a process has used. Linux only."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def as_table(rows: list[Row]) -> str:
    """Return the rows in Markdown."""
    lines = [
        f"| {row.what} | {'-' if row.before is None else f'{row.before:,.4g}'} | {row.value:,.3g} {row.unit} | "
        f"{'≥' if row.at_least else '≤'} {row.target:,.4g} | {'yes' if row.met else '**no**'} |"
        for row in rows
    ]
    head = "| | before 1.5 | now | target | met |\n|---|--:|--:|--:|---|\n"
    return head + "\n".join(lines) + "\n"


def main() -> None:
    """Measure the parts that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all if none is named")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    parts = arguments.parts or list(PARTS)
    if unknown := set(parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(unknown)}; the parts are {', '.join(PARTS)}")
    rows: list[Row] = []
    if parts == ["help"]:
        rows = of_help(ROOT)
    else:
        with clone() as folder:
            first = took("make", "up", folder=folder)
            rows += of_help(folder) if "help" in parts else []
            rows += of_up(folder, first) if "up" in parts else []
            rows += of_requests(folder) if "requests" in parts else []
    load_now = f"{os.getloadavg()[0]:.1f}"
    about = f"Python {platform.python_version()} on {os.cpu_count()} processors, load average {load_now} at the end"
    print(f"{about}\n\n{as_table(rows)}")
    if arguments.json:
        figures = [{**asdict(row), "met": row.met} for row in rows]
        arguments.json.write_text(json.dumps({"about": about, "rows": figures}, indent=2) + "\n", encoding="utf-8")
    elif set(parts) == set(PARTS):
        (Path(__file__).parent / "result.md").write_text(f"{about}\n\n{as_table(rows)}", encoding="utf-8")


if __name__ == "__main__":
    main()
