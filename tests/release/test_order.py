"""Versions that do not know the trash, or do not check scopes, do not serve beside or after those that rely on it. Simulated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from crudctl.release.aliases import PROD
from crudctl.release.record import PROMOTED, ROLLED_BACK, Release
from crudctl.release.releaser import CannotRelease
from tests.release.simulation import HASTY, Aws, Fault, Stopped, Watcher, at
from tests.release.test_other_functions import in_project, release

IGNORANT, HIDING, TRASHING, REMEMBERING = None, "", "30", "0"  # TRASH_DAYS of a version
REFUSED = "does not know the trash"


@pytest.fixture
def aws() -> Aws:
    """An account whose versions in service, number 1, do not know the trash."""
    return Aws(trash_days=IGNORANT)


def released(aws: Aws, trash_days: str | None) -> Release:
    """Publish a version and release it."""
    return aws.releaser(policy=HASTY).start([0.5], 0, aws.publish(trash_days=trash_days))


@pytest.mark.parametrize("days", [TRASHING, REMEMBERING])
def test_a_version_that_uses_the_trash_does_not_follow_one_that_does_not_know_it(
    aws: Aws, tmp_path: Path, days: str
) -> None:
    before = aws.places()
    aws.publish(trash_days=days)
    with in_project(aws, tmp_path):
        code, output = release("start", "--yes")
    assert (code, aws.places(), aws.cloud().records().current()) == (1, before, None)
    assert (
        "Version 1 of create_item, in service, does not know the trash, which version 2 of create_item uses" in output
    )
    assert (
        "Set `trash_days = null` in infra/envs, deploy and release that first, and then the number of days." in output
    )


def test_the_trash_comes_into_service_in_two_releases_and_goes_back_by_one(aws: Aws, tmp_path: Path) -> None:
    assert released(aws, HIDING).state == PROMOTED
    assert aws.releaser().go_to(dict.fromkeys(aws.functions, "1"), "nothing is in the trash yet").state == PROMOTED
    assert released(aws, HIDING).state == PROMOTED
    trashing = released(aws, TRASHING)
    assert trashing.state == PROMOTED
    assert aws.releaser().go_to(trashing.old, "a test").state == PROMOTED
    with in_project(aws, tmp_path):
        code, output = release("rollback", "--to", "0")
    assert (code, aws.places()) == (1, at(trashing.old))
    assert "Version 1 of create_item does not know the trash, which version 4 of create_item uses" in output
    assert "Go back to a release that knows it" in output
    with pytest.raises(CannotRelease, match=REFUSED):  # nor by a new version, made of old sources
        released(aws, IGNORANT)


def test_the_trash_is_not_forgotten_when_the_versions_that_used_it_are_deleted(aws: Aws) -> None:
    released(aws, HIDING)
    trashing = released(aws, TRASHING)
    for _ in range(8):
        assert released(aws, HIDING).state == PROMOTED
    published = {
        str(one["Version"]) for one in aws.lambda_.list_versions_by_function(aws.functions["get_item"])["Versions"]
    }
    assert trashing.new["get_item"] not in published
    with pytest.raises(CannotRelease, match="does not know the trash, which an earlier release uses"):
        released(aws, IGNORANT)


@pytest.mark.parametrize("rejected_by", ["round trip", "verdict"])
def test_only_a_version_that_users_have_reached_stands_in_the_way_of_earlier_ones(aws: Aws, rejected_by: str) -> None:
    first = released(aws, HIDING)
    after = 0.0 if rejected_by == "round trip" else aws.now + 60
    bad = aws.publish(Fault("exceptions", "get_item", after=after), trash_days=TRASHING)
    ended = aws.releaser().start([0.5], 600, bad)
    assert (ended.state, ended.by) == (ROLLED_BACK, rejected_by)
    assert aws.places() == at(first.new)
    if rejected_by == "round trip":
        assert aws.releaser().go_to(first.old, "a test").state == PROMOTED
    else:
        with pytest.raises(CannotRelease, match=REFUSED):
            aws.releaser().go_to(first.old, "a test")


@pytest.mark.parametrize("ends", ["resume", "abort", "promote"])
def test_what_was_begun_can_always_be_ended(aws: Aws, ends: str) -> None:
    """Whatever the order: a release that an earlier crudctl began has not been checked."""
    before, new = aws.places(), aws.publish(trash_days=HIDING)
    with pytest.raises(Stopped):
        aws.releaser(Watcher(stop_at_look=True)).start([0.5], 0, new)
    for name, version in new.items():
        aws.lambda_.variables(aws.functions[name], version)["TRASH_DAYS"] = TRASHING
    releaser = aws.releaser(policy=HASTY)
    ways: dict[str, Callable[[], Release]] = {
        "resume": releaser.resume,
        "abort": releaser.abort,
        "promote": releaser.promote,
    }
    ended = ways[ends]()
    assert ended.state == (ROLLED_BACK if ends == "abort" else PROMOTED)
    assert aws.places()[PROD] == (before[PROD] if ends == "abort" else at(new)[PROD])


def test_an_apply_that_published_only_some_functions_is_refused(aws: Aws) -> None:
    released(aws, HIDING)
    some = {**dict.fromkeys(aws.functions, "1"), "delete_item": aws.publish(trash_days=TRASHING)["delete_item"]}
    with pytest.raises(CannotRelease, match=REFUSED):
        aws.releaser(policy=HASTY).start([0.5], 0, some)


def scoped(aws: Aws, scopes: str | None) -> dict[str, str]:
    """Publish a version, as an apply with `gateway_scopes` does; None for one from before functions checked scopes."""
    new = aws.publish(trash_days=TRASHING)
    for name, version in new.items():
        aws.lambda_.variables(aws.functions[name], version).update({} if scopes is None else {"GATEWAY_SCOPES": scopes})
    return new


def test_the_gateway_lets_in_any_scope_once_all_versions_in_service_check_them(tmp_path: Path) -> None:
    aws = Aws(trash_days=TRASHING)
    before = aws.places()
    scoped(aws, "any")
    with in_project(aws, tmp_path):
        code, output = release("start", "--yes")
    assert (code, aws.places()) == (1, before)
    assert (
        "Version 1 of create_item, in service, does not check scopes, and the gateway lets in a token with any"
        in output
    )
    assert 'Set `gateway_scopes = "own"` in infra/envs, deploy and release that first, and then remove it.' in output
    own = aws.releaser(policy=HASTY).start([0.5], 0, scoped(aws, "own"))
    assert own.state == PROMOTED
    assert aws.releaser().go_to(own.old, "the gateway still checks").state == PROMOTED
    assert aws.releaser().go_to(own.new, "a test").state == PROMOTED
    assert aws.releaser(policy=HASTY).start([0.5], 0, scoped(aws, "any")).state == PROMOTED


def test_a_version_that_does_not_check_scopes_returns_only_after_the_gateway_checks_again(tmp_path: Path) -> None:
    aws = Aws(trash_days=TRASHING)
    own = aws.releaser(policy=HASTY).start([0.5], 0, scoped(aws, "own"))
    scoped(aws, "any")  # applied and not released: the gateway has changed
    with in_project(aws, tmp_path):
        code, output = release("rollback", "--to", "0")
    assert (code, aws.places()) == (1, at(own.new))
    assert "Version 1 of create_item does not check scopes, and the gateway lets in a token with any" in output
    assert 'Set `gateway_scopes = "own"` in infra/envs and deploy that with --only build --only apply, or go' in output
    scoped(aws, "own")
    assert aws.releaser().go_to(own.old, "a test").state == PROMOTED
