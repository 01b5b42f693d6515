"""Nothing that schemathesis finds in thousands of cases, stateful ones included, is left unexplained."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.fuzz.explained import EXPLAINED, LOG
from tests.stack import ROOT, Stack

CASES = 5_000
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "400"))  # of each operation in each phase


def test_nothing_is_found_that_is_not_explained_by_name(stack: Stack, tmp_path: Path) -> None:
    outputs, log, document = stack.outputs, tmp_path / "explained", stack.home / "build" / "openapi-3.1.json"
    log.touch()
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", str(document), "--url", outputs["api_url"],
        "--header", f"Authorization: Bearer {stack.token(outputs['demo_users'][0]['username'])}",
        "--max-examples", str(EXAMPLES), "--continue-on-failure", "--no-color",
        "--report", "json", "--report-json-path", str(tmp_path / "report.json"),
    ]  # fmt: skip
    path = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    environ = {**os.environ, "PYTHONPATH": path, "SCHEMATHESIS_HOOKS": "tests.fuzz.explained", LOG: str(log)}
    ran = subprocess.run(command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, text=True, check=False)
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    used = Counter(log.read_text(encoding="utf-8").split())
    print(f"\n{report['test_cases']['generated']} cases in {report['running_time']:.0f} s, seed {report['seed']}")
    for one in EXPLAINED:
        print(f"{used[one.name]:6} x {one.name}: {one.reason}")
    assert (report["failures"], report["errors"], ran.returncode) == ([], [], 0), ran.stdout
    assert {phase["status"] for phase in report["phases"].values()} == {"success"}
    assert report["test_cases"]["generated"] >= CASES
