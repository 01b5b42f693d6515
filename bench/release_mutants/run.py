"""Releases mutants of the functions: which are stopped, by what, with and without the comparison of answers.

    PYTHONPATH=src:. python -m bench.release_mutants.run [--mutants N]

after `crudctl up`. Rewrites bench/release_mutants/result.md. Takes some minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.release_mutants import mutants
from crudctl.build import contract, exchanges
from crudctl.project import Environment
from crudctl.release.cloud import cloud_of
from crudctl.release.differential import Answer, Intended, compare

ROOT = Path(__file__).parents[2]
HEALTHY = 100  # releases of the unchanged functions
PATIENCE = 60  # seconds for one mutant; one that takes longer hangs
Result = Mapping[str, Any]


def main() -> None:
    """Print the table and write it to result.md."""
    parser = argparse.ArgumentParser(description="Release mutants of the functions, and write the result.")
    parser.add_argument("--mutants", type=int, default=150)
    count, started = parser.parse_args().mutants, time.monotonic()
    environ = _environment()
    script = exchanges.script(contract.read(ROOT))
    drawn = mutants.sample(ROOT / "src" / "functions", count)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        before, again = (_answers(_asked(None, environ)) for _ in range(2))
        caught = list(pool.map(lambda mutant: _caught(_asked(mutant, environ), script, before, again), drawn))
        healthy = list(pool.map(lambda _: _caught(_asked(None, environ), script, before, again), range(HEALTHY)))
    text = report(list(zip(drawn, caught, strict=True)), healthy, time.monotonic() - started)
    print(text)
    (Path(__file__).parent / "result.md").write_text("# Last result\n\n" + text, encoding="utf-8")


def report(caught: list[tuple[mutants.Mutant, list[str]]], healthy: list[list[str]], seconds: float) -> str:
    """Return the tables: the share that is stopped and by what, and the mutants that nothing stops."""
    total = len(caught)
    first = Counter(found[0] if found else "nothing" for _, found in caught)
    without = sum(bool(found) and found != ["comparison"] for _, found in caught)
    lines = [
        f"{total} mutants of `src/functions`, {HEALTHY} releases without a change.",
        "",
        "| stopped by | at | mutants |",
        "|---|---|---:|",
        f"| the round trip | before any user | {first['round trip']} |",
        f"| the comparison of answers | before any user | {first['comparison']} |",
        f"| faults of users' requests | from the first step on | {first['faults']} |",
        f"| nothing | | {first['nothing']} |",
        "",
        f"Without the comparison {without / total:.0%} are stopped, with it {(total - first['nothing']) / total:.0%}. "
        f"Of {HEALTHY} releases without a change {sum(map(bool, healthy))} are stopped.",
        "",
        "Not stopped:",
        "",
    ]
    lines += [f"- `{one.file}`, line {one.line}: {one.what}" for one, found in caught if not found]
    return "\n".join([*lines, "", f"{seconds:.0f} s."]) + "\n"


def _caught(result: Result, script: Any, before: Mapping[str, Answer], again: Mapping[str, Answer]) -> list[str]:
    """Return what stops a version, the first first: the round trip, the comparison, or faults that users meet."""
    found = ["round trip"] if result["trip"] else []
    if "answers" not in result:
        return found
    after = _answers(result)
    if compare(script, before, again, after, Intended()):
        found.append("comparison")
    if any(answer.status == 0 or answer.status >= 500 for answer in after.values()):
        found.append("faults")
    return found


def _answers(result: Result) -> dict[str, Answer]:
    return {name: Answer(**answer) for name, answer in result["answers"].items()}


def _asked(mutant: mutants.Mutant | None, environ: Mapping[str, str]) -> Result:
    """Ask the functions, with one mistake or without, in a process of their own."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "src" / "functions", Path(folder) / "functions")
        if mutant:
            (Path(folder) / "functions" / mutant.file).write_text(mutant.source, encoding="utf-8")
        command = [sys.executable, "-m", "bench.release_mutants.one", folder]
        try:
            run = subprocess.run(
                command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            return {"trip": "hangs"}
    if run.returncode:
        return {"trip": f"does not start: {run.stderr.splitlines()[-1:]}"}
    result: Result = json.loads(run.stdout.splitlines()[-1])
    return result


def _environment() -> dict[str, str]:
    """Return the environment of the functions of the local stack, for a process of this machine."""
    environment = Environment(ROOT, "local")
    cloud = cloud_of(environment)
    name = next(iter(cloud.functions.values()))
    configuration = cloud.client("lambda").get_function_configuration(FunctionName=name)
    endpoint = cloud.client("lambda").meta.endpoint_url
    paths = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    return {
        **configuration["Environment"]["Variables"],
        **environment.root_credentials(),
        "AWS_ENDPOINT_URL": endpoint,
        **paths,
    }


if __name__ == "__main__":
    main()
