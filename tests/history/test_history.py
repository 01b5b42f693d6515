"""What many clients see on a bad day is linearizable, item by item; a service without one of its protections is found out.

The long form, on a whole local stack that is killed, restarted and released to, is tests/torture/test_histories.py.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.history import faults
from tests.history.checker import Violation
from tests.history.clients import Workload
from tests.history.faults import BadTable, Mutation, Replica, serving

OPERATIONS = 500
MUTATIONS = {
    "the version in the condition": faults.without_condition,
    "the state in the condition": faults.without_state,
    "the receipt": faults.without_receipt,
    "the consistent read": faults.without_consistent_read,
    "the memory of what was deleted": faults.without_memory,
}


def workload(
    table: dict[str, str], operations: int, mutation: Mutation, seed: int = 1
) -> tuple[Workload, Counter[str]]:
    """Run clients against the functions and a table that has bad days. Return what they did, and what happened to them.

    Raises as `Workload.run`; the error has the number of requests that were sent in its notes.
    """
    bad = BadTable()
    with serving(table, f"owner-{mutation.__name__}-{seed}", mutation, bad, Replica()) as connect:
        clients = Workload(connect, operations, repeated=bad.repeated, at_once=3, length=25, seed=seed)
        try:
            clients.run()
        except Violation as violation:
            violation.add_note(str(clients.requests))
            raise
    assert set(bad.happened) == set(faults.BAD)
    return clients, bad.happened


def found_after(table: dict[str, str], mutation: Mutation, seed: int = 1) -> int:
    """Return after how many requests clients find a mutation."""
    with pytest.raises(Violation) as violation:
        workload(table, 40 * OPERATIONS, mutation, seed)
    return int(violation.value.__notes__[0])


def test_every_history_is_linearizable_on_a_bad_day(table: dict[str, str]) -> None:
    clients, _ = workload(table, OPERATIONS, faults.whole)
    assert clients.requests >= OPERATIONS
    assert clients.counted["get", "200"] > OPERATIONS / 20


@pytest.mark.parametrize("removed", MUTATIONS)
def test_a_service_without_a_protection_is_found_out(table: dict[str, str], removed: str) -> None:
    print(f"\nwithout {removed}: found after {found_after(table, MUTATIONS[removed])} requests")
