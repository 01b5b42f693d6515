"""Tests of the API, in-process, on two more implementations of DynamoDB; the short form is tests/oracles/dynamodb."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.oracles import servers
from tests.stack import ROOT

GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
SELECTED = {
    "dynalite": "in-process or test_stored_values",
    # It checks a condition and writes in two steps, so that several of concurrent writers succeed, and refuses an expression of
    # more than about 200 parts: tests/oracles/dynamodb/differences.py.
    "moto": "in-process and not test_trash_races and not concurrent and not writers",
}
UNITS = "tests/api/test_trash_races.py::test_each_operation_is_one_request_of_so_many_write_units[in-process]"
# The tests that fail there, because the implementation does other than AWS documents: what it does, and AWS's page.
DIFFERENT = {
    "dynalite": {
        UNITS: f"an entry of the index consumes no unit; {GUIDE}GSI.html#GSI.ThroughputConsiderations.Writes",
        "tests/api/test_stored_values.py::test_properties_may_have_the_names_that_objects_inherit": (
            f"__proto__ is no name, as so often in JavaScript; {GUIDE}HowItWorks.NamingRulesDataTypes.html"
        ),
    },
    "moto": {
        "tests/api/test_bad_days.py::test_an_item_that_would_outgrow_the_table_is_413[in-process]": (
            f"a binary value is as long as its Base64 text; {GUIDE}CapacityUnitCalculations.html"
        ),
    },
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_api_behaves_the_same_on_another_dynamodb(name: str, tmp_path: Path) -> None:
    with getattr(servers, name)(tmp_path / "log") as environ:
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "--tb=short"]
        command += ["tests/api", "-k", SELECTED[name]]
        url = {"DYNAMODB_URL": environ["AWS_ENDPOINT_URL"]}
        env = os.environ | url
        done = subprocess.run(
            command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    failed = {line.split()[1] for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))}
    assert failed == DIFFERENT[name].keys(), done.stdout[-20_000:]
    assert " passed" in done.stdout
