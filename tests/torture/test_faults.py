"""Every fault of AWS meets every operation, with the times of production: the table of docs/reliability.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from functions import handlers
from tests.api.faults import FAULTS, OPERATIONS, Bench, Operation, Outcome, check, logged
from tests.api.in_process import TIMEOUT
from tests.torture import figures

SIMULTANEOUS = 16


def test_every_fault_in_every_operation(
    table: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(handlers, "store", handlers.store)  # the bench puts its own there
    bench = Bench(table)
    pairs = [(fault, operation) for fault in FAULTS for operation in OPERATIONS.values()]
    with ThreadPoolExecutor(SIMULTANEOUS) as pool:
        outcomes = list(pool.map(lambda pair: bench.meet(*pair), pairs))
    for (fault, operation), outcome in zip(pairs, outcomes, strict=True):
        check(fault, operation, outcome)
        assert outcome.seconds < TIMEOUT, f"Lambda would have ended {operation.name} before it responded: {fault.label}"
    failures = logged(capsys.readouterr().out)
    assert len(failures) == sum(outcome.status >= 500 for outcome in outcomes)
    assert all(line["aws_action"] and line["error"] for line in failures)
    by_case = {(fault.label, one.name): outcome for (fault, one), outcome in zip(pairs, outcomes, strict=True)}
    rows = [row for fault in FAULTS for row in _rows(fault.label, by_case)]
    table_of_all = figures.table(("fault", "operation", "the client sees", "after", "stored by a write"), rows)
    figures.write("reliability.md", "faults", f"{table_of_all}\n\n{_summary(len(pairs))}")


def _rows(fault: str, outcomes: dict[tuple[str, str], Outcome]) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield the rows of one fault: one for all operations with which it had the same outcome, reads beside the first writes."""
    met: dict[str, list[Operation]] = defaultdict(list)
    reads = [operation for operation in OPERATIONS.values() if operation.applied is None]
    for operation in OPERATIONS.values():
        if operation not in reads:
            met[outcomes[fault, operation.name].stored].append(operation)
    for number, (stored, writes) in enumerate(met.items()):
        operations = [*(reads if number == 0 else []), *writes]
        seconds = [outcomes[fault, operation.name].seconds for operation in operations]
        (seen,) = {_seen(outcomes[fault, operation.name]) for operation in operations}
        names = ", ".join(operation.name for operation in operations) if len(met) > 1 else "every one"
        yield fault, names, seen, f"{min(seconds):.1f} to {max(seconds):.1f} s", stored


def _seen(outcome: Outcome) -> str:
    if outcome.status < 400:
        return "success"
    return f"{outcome.status} `{outcome.problem}`{', Retry-After' if outcome.retry_after else ''}"


def _summary(cases: int) -> str:
    return (
        f"{cases} cases. After each, the same request was sent again with the same `Idempotency-Key` and without the fault: all "
        f"succeeded, and every write was then applied exactly once."
    )
