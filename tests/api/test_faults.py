"""Every fault of AWS meets an operation, and every operation meets faults: the quick form of tests/torture/test_faults.py."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from functions import handlers
from functions.aws import dynamodb, sts
from tests.api.faults import FAULTS, OPERATIONS, Bench, check, logged


def test_a_fault_is_503_or_not_noticed_and_no_write_is_lost_or_applied_twice(
    table: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(handlers, "store", handlers.store)  # the bench puts its own there
    for module, name, seconds in ((dynamodb, "ATTEMPT_TIMEOUT", 0.3), (sts, "TIMEOUT", 0.3), (dynamodb, "CAP", 0.05)):
        monkeypatch.setattr(module, name, seconds)
    bench = Bench(table, hopeless=1.5)
    operations = list(OPERATIONS.values())
    pairs = [
        (fault, operations[(number + 3 * turn) % len(operations)])
        for turn in range(2)
        for number, fault in enumerate(FAULTS)
    ]
    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(lambda pair: bench.meet(*pair), pairs))
    for (fault, operation), outcome in zip(pairs, outcomes, strict=True):
        check(fault, operation, outcome)
    failures = logged(capsys.readouterr().out)
    assert len(failures) == sum(outcome.status >= 500 for outcome in outcomes)  # a line for each, and no other
    assert all(line["aws_action"] and line["error"] for line in failures)
