"""The part `suite`: the API suite of the project's own contract, tests/own/test_service.py, against the environment."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

from crudctl.verify.rows import Part, Result, Row, right, unseen
from crudctl.verify.subject import NAMES, Subject

TESTS = "tests/own/test_service.py"
SUITE = Row(
    "API suite", f"{TESTS}, through the gateway", "every test passes",
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html",
)  # fmt: skip
SHOWN = 5  # tests that failed
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+(?: - .*)?)$", re.MULTILINE)
SUMMARY = re.compile(r"^=* ?(\d+ (?:passed|failed|error).*?) in [\d.]+s", re.MULTILINE)


def run(subject: Subject, progress: Callable[[str], None]) -> Iterator[Result]:
    """Yield how the suite ended, and the tests that failed."""
    root = subject.environment.root
    if not (root / TESTS).is_file() or importlib.util.find_spec("pytest") is None:
        yield unseen(SUITE, f"{TESTS} or pytest is missing: run `make .venv/.ready-dev` in a checkout")
        return
    progress(TESTS)
    tokens = ",".join(subject.tokens[name]["access"] for name in NAMES)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", TESTS]
    paths = os.pathsep.join([str(root / "src"), *filter(None, [os.environ.get("PYTHONPATH")])])
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    with subprocess.Popen(
        command,
        cwd=root,
        env={**inherited, "API_URL": subject.api_url, "API_TOKENS": tokens, "PYTHONPATH": paths},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        try:
            printed, _ = process.communicate()
        except BaseException:
            process.terminate()  # so that the tests delete what they made
            raise
    yield _result(process.returncode, printed)


def _result(code: int, printed: str) -> Result:
    summary = next(iter(SUMMARY.findall(printed)[::-1]), "")
    failed = FAILED.findall(printed)
    if code == 0:
        return right(SUITE, summary or "passed")
    if not failed:
        return right(SUITE, f"pytest exited with {code}: {printed.strip()[-300:]}", is_right=False)
    more = f" and {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
    return right(SUITE, f"{summary}: {'; '.join(failed[:SHOWN])}{more}", is_right=False)


PART = Part("suite", "Run the API suite", 900, (SUITE,), run)
