"""A cursor shows nobody what is not theirs, whatever is in it, and one that the service did not make for this list is a 400."""

from __future__ import annotations

from tests.hostile.attack import Gateway, try_cursors
from tests.hostile.cursors import CURSORS


def test_no_cursor_shows_what_is_not_the_callers(gateway: Gateway) -> None:
    assert len(CURSORS) >= 60
    wrong = list(try_cursors(gateway, CURSORS))
    assert not wrong, "\n".join(wrong)
