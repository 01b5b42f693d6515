"""The checker finds what must not happen, and nothing else, in histories that are written by hand."""

from __future__ import annotations

import math

import pytest

from tests.history.checker import Call, Violation, check
from tests.history.model import FORGOTTEN, LIVE, TRASHED, Operation, Outcome, text

A, B, C = (text({"name": name}) for name in "abc")
CREATE = Operation("create", "create", content=A)
CREATED = Call(CREATE, 0, 1, Outcome(201, 1, A))
GET = Operation("get")
PURGE = Operation("purge", "purge")


def put(content: str, write: str = "put", match: int | None = None) -> Operation:
    return Operation("replace", write, match, content)


def is_linearizable(*calls: Call) -> bool:
    try:
        check(calls)
    except Violation:
        return False
    return True


def test_a_read_between_two_writes_is_of_either_while_the_second_is_under_way() -> None:
    write = Call(put(B), 2, 5, Outcome(200, 2, B))
    for read, version, content, possible in (
        (Call(GET, 3, 4), 1, A, True),
        (Call(GET, 3, 4), 2, B, True),
        (Call(GET, 6, 7), 2, B, True),
        (Call(GET, 6, 7), 1, A, False),  # stale
        (Call(GET, 0.5, 1.5), 2, B, False),  # of a write that was not sent yet
        (Call(GET, 3, 4), 2, C, False),  # of a write that never was
    ):
        seen = Call(GET, read.sent, read.received, Outcome(200, version, content))
        assert is_linearizable(CREATED, write, seen) is possible, seen


def test_two_reads_one_after_the_other_do_not_go_back() -> None:
    write = Call(put(B), 2, 9, Outcome(200, 2, B))
    new, old = Outcome(200, 2, B), Outcome(200, 1, A)
    assert is_linearizable(CREATED, write, Call(GET, 3, 4, old), Call(GET, 5, 6, new))
    assert not is_linearizable(CREATED, write, Call(GET, 3, 4, new), Call(GET, 5, 6, old))


@pytest.mark.parametrize("match", [None, 1])
def test_an_update_is_not_lost(match: int | None) -> None:
    first, second = put(B, "first", match), put(C, "second", match)
    both = Call(first, 2, 5, Outcome(200, 2, B)), Call(second, 3, 6, Outcome(200, 3, C))
    assert is_linearizable(CREATED, *both) is (match is None)
    refused = Call(second, 3, 6, Outcome(412, 2))
    assert is_linearizable(CREATED, both[0], refused) is (match == 1)
    overwritten = Call(second, 3, 6, Outcome(200, 2, C))
    assert not is_linearizable(CREATED, both[0], overwritten)


def test_versions_have_no_gaps() -> None:
    assert not is_linearizable(CREATED, Call(put(B), 2, 3, Outcome(200, 3, B)))


def test_a_write_without_a_response_happened_once_later_or_never() -> None:
    lost = Call(put(B), 2)
    for sent in (2.5, 1000):
        assert is_linearizable(CREATED, lost, Call(GET, sent, sent + 1, Outcome(200, 1, A)))
        assert is_linearizable(CREATED, lost, Call(GET, sent, sent + 1, Outcome(200, 2, B)))
        assert not is_linearizable(CREATED, lost, Call(GET, sent, sent + 1, Outcome(200, 3, B)))
    before = Call(GET, 1.2, 1.9, Outcome(200, 2, B))
    assert not is_linearizable(CREATED, lost, before)


def test_a_repeat_has_the_response_of_the_first_unless_something_came_in_between() -> None:
    first, repeat = Call(put(B), 2), Call(put(B), 4, 5, Outcome(200, 2, B))
    assert is_linearizable(CREATED, first, repeat)
    assert not is_linearizable(CREATED, first, Call(put(B), 4, 5, Outcome(200, 3, B)))
    between = Call(put(C, "other"), 3, 3.5, Outcome(200, 3, C))
    assert not is_linearizable(CREATED, first, between, repeat)
    assert is_linearizable(CREATED, first, between, Call(put(B), 4, 5, Outcome(200, 4, B)))


def test_a_late_repeat_may_be_applied_again_after_what_undid_it() -> None:
    delete, other = Operation("delete", "delete"), Operation("delete", "other")
    restored = Call(Operation("restore", "restore"), 4, 7, Outcome(200, 2, A))
    repeat = Call(delete, 4, 7, Outcome(204))
    history = [CREATED, Call(delete, 2, 3, Outcome(204)), restored, repeat]
    assert is_linearizable(*history, Call(other, 8, 9, Outcome(204)))
    assert is_linearizable(*history, Call(other, 8, 9, Outcome(404)))


def test_what_was_purged_never_comes_back() -> None:
    purged = Call(PURGE, 2, 3, Outcome(204))
    assert is_linearizable(CREATED, purged, Call(CREATE, 4, 5, Outcome(409)))
    assert not is_linearizable(CREATED, purged, Call(CREATE, 4, 5, Outcome(201, 1, A)))
    assert not is_linearizable(CREATED, purged, Call(Operation("restore", "restore"), 4, 5, Outcome(200, 2, A)))
    assert not is_linearizable(CREATED, purged, Call(GET, 4, 5, Outcome(200, 1, A)))


def test_a_delete_keeps_the_version_and_a_restore_raises_it() -> None:
    deleted = Call(Operation("delete", "delete"), 2, 3, Outcome(204))
    restored = Call(Operation("restore", "restore", 1), 4, 5, Outcome(200, 2, A))
    assert check([CREATED, deleted]).phase == TRASHED
    assert check([CREATED, deleted, restored]).phase == LIVE
    assert check([CREATED, deleted, Call(PURGE, 4, 5, Outcome(204))]).phase == FORGOTTEN
    assert not is_linearizable(CREATED, restored)


def test_a_patch_that_gives_up_changes_nothing() -> None:
    patch = Operation("patch", "patch", content=text({"attributes": {"a": "b"}}))
    after = Call(GET, 4, 5, Outcome(200, 1, A))
    assert is_linearizable(CREATED, Call(patch, 2, 3, Outcome(409)), after)
    assert not is_linearizable(CREATED, Call(patch, 2, 3, Outcome(200, 1, A)))


def test_many_lost_writes_do_not_make_the_search_endless() -> None:
    lost = [Call(put(B, f"lost {number}", 1), 2) for number in range(25)]
    reads = [Call(GET, 3 + number, 4 + number, Outcome(200, 1, A)) for number in range(25)]
    assert is_linearizable(CREATED, *lost, *reads)
    again = [Call(put(B, "lost"), 2 + number / 100) for number in range(300)]
    assert is_linearizable(CREATED, *again, *reads, Call(put(C), 50, 51, Outcome(200, 3, C)))
    assert not is_linearizable(CREATED, *again, *reads, Call(put(C), 50, 51, Outcome(200, 5, C)))
    assert not is_linearizable(CREATED, *lost, *reads, Call(GET, 50, math.inf, Outcome(200, 3, B)))


def test_a_violation_shows_how_far_an_order_goes() -> None:
    with pytest.raises(Violation) as violation:
        check([CREATED, Call(put(B), 2, 3, Outcome(200, 3, B), "client 7")])
    shown = str(violation.value)
    assert "Then it is live, version 1" in shown
    assert "client 7 replace put" in shown
    assert "right would be 200 2" in shown
