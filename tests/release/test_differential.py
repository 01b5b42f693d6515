"""What the comparison of answers finds on the local stack, and what it takes for noise."""

from __future__ import annotations

from crudctl.release.record import PROMOTED, ROLLED_BACK
from tests.release.rig import Places, Rig


def test_a_version_that_drops_a_field_never_reaches_a_user(rig: Rig, before: Places) -> None:
    ended = rig.releaser(compared=True).start([0.1], 0, rig.publish("field", "list_items"))
    assert (ended.state, ended.by) == (ROLLED_BACK, "comparison")
    assert "/body/items/0/updated_at is missing" in ended.why
    assert ended.stages == []
    assert rig.places() == before
    assert rig.left_behind() == 0


def test_a_version_that_refuses_valid_patches_never_reaches_a_user(rig: Rig, before: Places) -> None:
    ended = rig.releaser().start([0.1], 0, rig.publish("refused", "update_item"))
    assert (ended.state, ended.by, ended.stages) == (ROLLED_BACK, "round trip", [])
    assert "400" in ended.why
    assert rig.places() == before


def test_a_version_that_answers_alike_is_promoted(rig: Rig, before: Places) -> None:
    ended = rig.releaser(compared=True).start([0.1], 0, rig.publish(None))
    assert (ended.state, ended.why) == (PROMOTED, ended.why), ended.why
    assert rig.left_behind() == 0
    rig.put(before)
