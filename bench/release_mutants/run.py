"""Releases mutants of the functions: which are stopped, by what, with and without the comparison of answers.

    PYTHONPATH=src:. python -m bench.release_mutants.run [--mutants N] [--healthy N]

after `crudctl up`. Rewrites bench/release_mutants/result.md. Takes some minutes on two idle cores.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.release_mutants import mutants
from bench.release_mutants.mutants import Mutant
from bench.release_mutants.trial import HANGS, ROOT, Outcome, trial
from crudctl.project import Environment
from crudctl.release.cloud import cloud_of

Tried = Sequence[tuple[Mutant, Outcome]]


def main() -> None:
    """Print the tables and write them to result.md."""
    parser = argparse.ArgumentParser(description="Release mutants of the functions, and write the result.")
    parser.add_argument("--mutants", type=int, default=150)
    parser.add_argument("--healthy", type=int, default=100)
    given, started = parser.parse_args(), time.monotonic()
    environ = _environment()
    drawn = mutants.sample(ROOT / "src" / "functions", given.mutants)
    first = trial(None, environ)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        tried = list(zip(drawn, pool.map(lambda mutant: trial(mutant, environ, first.before), drawn), strict=True))
        healthy = list(pool.map(lambda _: trial(None, environ, first.before), range(given.healthy)))
    text = "\n".join(report(tried, healthy, first.run, time.monotonic() - started)) + "\n"
    print(text)
    (Path(__file__).parent / "result.md").write_text(text, encoding="utf-8")


def report(tried: Tried, healthy: Sequence[Outcome], run: frozenset[tuple[str, int]], seconds: float) -> Iterator[str]:
    """Yield the lines of the tables: the share that is stopped, by what and when, and the mutants that nothing stops."""
    stopped = [one for one in healthy if one.stopped]
    yield "# Last result\n"
    yield f"{len(tried)} mutants of `src/functions`, {len(healthy)} releases without a change.\n"
    yield from _summary(tried)
    yield f"\nOf {len(healthy)} releases without a change {len(stopped)} are stopped."
    yield from (f"- {line}" for one in stopped for line in (one.trip, *one.lines) if line)
    yield from _by_operator(tried)
    missed = [mutant for mutant, outcome in tried if not outcome.stopped]
    reached = [mutant for mutant in missed if (mutant.file, mutant.line) in run]
    yield f"\n## Not stopped\n\nIn lines that requests of the comparison run, {len(reached)}:\n"
    yield from _listed(reached)
    yield f"\nIn lines that none of them runs, {len(missed) - len(reached)}:\n"
    yield from _listed(mutant for mutant in missed if mutant not in reached)
    yield f"\n{seconds:.0f} s, load {os.getloadavg()[0]:.1f} at the end."


def _summary(tried: Tried) -> Iterator[str]:
    first = Counter(outcome.stopped for _, outcome in tried)
    faults = sum(outcome.faults for _, outcome in tried)
    total = len(tried)
    rows = (
        ("the round trip", "before any user", first["round trip"], first["round trip"]),
        ("the comparison of answers", "before any user", "", first["comparison"]),
        ("faults of users' requests, if they send what the comparison sends", "from the first step on", faults, ""),
        ("nothing", "", total - first["round trip"] - faults, first[""]),
    )
    yield "| stopped by | at | without the comparison | with it |"
    yield "|---|---|---:|---:|"
    yield from (f"| {' | '.join(str(cell) for cell in row)} |" for row in rows)
    without, with_it = (first["round trip"] + faults) / total, (total - first[""]) / total
    hang = sum(outcome.trip == HANGS for _, outcome in tried)
    yield f"\nWithout the comparison {without:.0%} are stopped, with it {with_it:.0%}. {hang} hang, at the round trip."


def _by_operator(tried: Tried) -> Iterator[str]:
    yield "\n| mistake | mutants | round trip | comparison | nothing |"
    yield "|---|---:|---:|---:|---:|"
    for what in sorted({mutant.what for mutant, _ in tried}):
        by = Counter(outcome.stopped for mutant, outcome in tried if mutant.what == what)
        yield f"| {what} | {by.total()} | {by['round trip']} | {by['comparison']} | {by['']} |"


def _listed(missed: Iterable[Mutant]) -> Iterator[str]:
    yield from (f"- `{one.file}`, line {one.line}: {one.what}" for one in missed)


def _environment() -> Mapping[str, str]:
    """Return the environment of the functions of the local stack, for a process of this machine."""
    environment = Environment(ROOT, "local")
    cloud = cloud_of(environment)
    configuration = cloud.client("lambda").get_function_configuration(FunctionName=next(iter(cloud.functions.values())))
    endpoint = cloud.client("lambda").meta.endpoint_url
    variables: dict[str, str] = configuration["Environment"]["Variables"]
    return {**variables, **environment.root_credentials(), "AWS_ENDPOINT_URL": endpoint}


if __name__ == "__main__":
    main()
