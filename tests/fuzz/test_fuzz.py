"""Nothing that schemathesis finds in thousands of requests, one by one and along links, is left unexplained."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from hypothesis import settings

from tests import contracts
from tests.api.test_fuzz import WALKS, loaded, walk
from tests.fuzz.explained import EXPLAINED, LOG
from tests.stack import ROOT, Stack

SIZE = float(os.environ.get("FUZZ_SIZE", "1"))  # 0.1 for a tenth
SINGLE, LINKED = int(2500 * SIZE), int(2500 * SIZE)  # requests, at least
PLAN = settings(WALKS, max_examples=50, stateful_step_count=20, derandomize=False, database=None)


def single(stack: Stack, tmp_path: Path) -> int:
    """Let schemathesis make requests one by one, and return how many; raise AssertionError for what nothing explains."""
    outputs, log, document = stack.outputs, tmp_path / "log", stack.home / "build" / "openapi-3.1.json"
    log.touch()
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", str(document), "--url", outputs["api_url"],
        "--header", f"Authorization: Bearer {stack.token(outputs['demo_users'][0]['username'])}",
        "--phases", "examples,coverage,fuzzing", "--max-examples", str(int(400 * SIZE)), "--continue-on-failure", "--no-color",
        "--report", "json", "--report-json-path", str(tmp_path / "report.json"),
    ]  # fmt: skip
    path = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    environ = {**os.environ, "PYTHONPATH": path, "SCHEMATHESIS_HOOKS": "tests.fuzz.explained", LOG: str(log)}
    ran = subprocess.run(command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, text=True, check=False)
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    used = Counter(log.read_text(encoding="utf-8").split())
    print(f"\n{report['test_cases']['generated']} requests in {report['running_time']:.0f} s, seed {report['seed']}")
    for one in EXPLAINED:
        print(f"{used[one.name]:6} x {one.name}: {one.reason}")
    assert (report["failures"], report["errors"], ran.returncode) == ([], [], 0), ran.stdout
    return int(report["test_cases"]["generated"])


def linked(stack: Stack) -> Counter[str]:
    """Follow links for LINKED requests at least, and return what was called and what came; raise AssertionError for any fault."""
    schema, called = loaded(contracts.document()), Counter[str]()
    with stack.api(1) as client:
        while called.total() < LINKED:
            called += walk(schema, client, PLAN)
    return called


def test_nothing_is_found_in_single_requests_that_is_not_explained_by_name(stack: Stack, tmp_path: Path) -> None:
    assert single(stack, tmp_path) >= SINGLE


def test_nothing_is_found_along_the_links(stack: Stack) -> None:
    called = linked(stack)
    print(f"\n{called.total()} requests along links")
    print("\n".join(f"{count:6} x {what}" for what, count in sorted(called.items())))
    assert called["POST /items/{id}/restore 200"] > 10 * SIZE
