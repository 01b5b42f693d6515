"""One release at a time, with one releaser: who holds a release decides, and everybody else is refused."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from crudctl import processes
from crudctl.console import Failed
from crudctl.project import Environment
from crudctl.release import ending, wording
from crudctl.release.aliases import PROD, Position
from crudctl.release.ending import failures
from crudctl.release.record import PROMOTED, ROLLED_BACK, NothingUnderWay, Refused, Release, TakenOver
from crudctl.release.releaser import CannotRelease
from tests.release.simulation import HASTY, Aws, Stopped, Watcher, at


@pytest.fixture
def aws() -> Aws:
    return Aws()


def left_baking(aws: Aws) -> Release:
    """Leave a release at its first step, as a releaser does that dies there."""
    with pytest.raises(Stopped):
        aws.releaser(Watcher(stop_at_look=True), HASTY).start([0.1], 600, aws.publish())
    release = current(aws)
    assert (release.running, release.doing) == (True, "bake")
    return release


def current(aws: Aws) -> Release:
    release = aws.cloud().records().current()
    assert release is not None
    return release


@contextmanager
def refusal(home: Path, message: str, hint: str = "") -> Iterator[None]:
    """Expect that a command of `crudctl release` would fail with this message and hint."""
    with pytest.raises(Failed) as failure, failures(Environment(home, "test")):
        yield
    assert message in failure.value.message
    assert hint in failure.value.hint


def test_a_second_release_is_refused_with_who_started_the_first_and_when(aws: Aws, tmp_path: Path) -> None:
    first = left_baking(aws)
    with pytest.raises(Refused) as error:
        aws.cloud().records().begin(replace(first, number=first.number + 1, holder="second"), first)
    assert error.value.release == first
    started = f"Release 1 is under way: started 2027-01-15 08:00:00 UTC by {first.who} (process {first.pid})"
    with refusal(tmp_path, started, "`crudctl release status --env test`"):
        aws.releaser().start([0.1], 600, aws.publish())
    assert current(aws) == first


def test_of_two_releases_that_start_at_once_one_is_refused(aws: Aws) -> None:
    aws.releaser(policy=HASTY).start([0.1], 0, aws.publish())
    last = current(aws)
    first = left_baking(aws)
    aws.releaser().abort()
    places = aws.places()
    with pytest.raises(Refused) as error:
        aws.cloud().records().begin(replace(first, holder="second"), last)
    assert error.value.release.number == first.number
    assert current(aws).state == ROLLED_BACK
    assert aws.places() == places


class Resending:
    """A client of DynamoDB whose first responses are lost, so that it sends each write again, as boto3 does."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.exceptions = client.exceptions

    def put_item(self, **arguments: Any) -> Any:
        self._client.put_item(**arguments)
        return self._client.put_item(**arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


@pytest.mark.parametrize("first", [True, False])
def test_a_release_is_not_refused_because_of_its_own_record(aws: Aws, first: bool) -> None:
    if not first:
        aws.releaser(policy=HASTY).start([0.5], 0, aws.publish())
    aws.dynamodb = Resending(aws.dynamodb)  # type: ignore[assignment]
    ended = aws.releaser(policy=HASTY).start([0.5], 0, aws.publish())
    assert ended.state == PROMOTED
    assert [release.number for release in aws.cloud().records().past()] == ([1] if first else [2, 1])


def test_what_was_meant_for_a_release_that_has_ended_is_not_done_to_the_next_one(aws: Aws, tmp_path: Path) -> None:
    left_baking(aws)
    aws.releaser().abort()
    second = left_baking(aws)
    for command in (aws.releaser().resume, aws.releaser().promote, partial(aws.releaser().abort, "a test")):
        with refusal(tmp_path, "Release 1 has ended meanwhile.", "`crudctl release history --env test`"):
            command(number=1)
    with pytest.raises(NothingUnderWay):  # as the function `rollback` does, with the release whose evidence it has seen
        aws.cloud().records().take_over("an alarm", 1)
    assert current(aws) == second
    assert aws.releaser().abort(number=2).state == ROLLED_BACK


def test_only_a_releaser_of_this_machine_that_has_ended_is_known_to_be_dead(aws: Aws) -> None:
    """A name says nothing: containers share host names, and process ids are used again."""
    left = left_baking(aws)
    seen = replace(left, seen=time.time())
    assert left.process == processes.identity(os.getpid())
    with subprocess.Popen(["sleep", "60"]) as other:
        known = processes.identity(other.pid)
        assert not ending.dead(replace(seen, process=known))
        assert ending.dead(replace(seen, process=f"{known}0"))  # the id was used again
        other.kill()
        other.wait()
    assert ending.dead(replace(seen, process=known))
    for elsewhere in (f"another-{known}", ""):
        assert not ending.dead(replace(seen, process=elsewhere))
        assert ending.dead(replace(seen, process=elsewhere, seen=time.time() - ending.SILENCE - 1))


def test_no_release_starts_while_traffic_is_split(aws: Aws, tmp_path: Path) -> None:
    new = aws.publish()
    aws.put(PROD, "get_item", Position("1", new["get_item"], 0.1))
    with refusal(tmp_path, "Aliases of get_item already split their traffic, although no release is under way."):
        aws.releaser().start([0.1], 600)


def test_a_releaser_that_lost_a_release_can_no_longer_write_it(aws: Aws) -> None:
    left_baking(aws)
    records = aws.cloud().records()
    mine, theirs = records.take_over("mine"), records.take_over("theirs")
    with pytest.raises(TakenOver) as error:
        records.save(mine)
    assert error.value.release == theirs
    assert current(aws) == theirs


def test_a_record_that_another_version_of_crudctl_wrote_can_be_read(aws: Aws) -> None:
    before = aws.places()
    left_baking(aws)
    key = {"kind": {"S": "current"}, "id": {"S": "current"}}
    item = aws.dynamodb.get_item(Key=key)["Item"]
    written = json.loads(item["release"]["S"]) | {"of_tomorrow": 1}
    aws.dynamodb.put_item(Item=item | {"release": {"S": json.dumps(written)}})
    assert current(aws).running
    assert aws.releaser().abort().state == ROLLED_BACK
    assert aws.places() == before


def test_a_record_names_who_took_the_release_over(aws: Aws) -> None:
    left = left_baking(aws)
    ended = aws.releaser().abort()
    assert ended.begun_by == left.begun_by == left.who
    assert re.search(r" UTC: taken over by .+@.+ while both versions serve users", ended.notes[0])


def test_a_release_whose_alias_something_else_moves_fails_and_leaves_that_alias_alone(aws: Aws) -> None:
    before = aws.places()
    left_baking(aws)
    theirs = Position(aws.publish()["get_item"])
    aws.put(PROD, "get_item", theirs)
    ended = aws.releaser(policy=HASTY).resume()
    assert ended.state == "failed"
    assert ended.why == f"alias prod of get_item is at {theirs}: something else moved it"
    assert ended.elsewhere == [f"prod of get_item at {theirs}"]
    assert wording.verdict(ended).endswith(f"except aliases that something else moved meanwhile: {ended.elsewhere[0]}")
    assert aws.places() == before | {PROD: {**before[PROD], "get_item": theirs}}


def test_promoting_a_release_that_is_being_rolled_back_is_refused_and_stops_nobody(aws: Aws, tmp_path: Path) -> None:
    before = aws.places()
    left_baking(aws)
    records = aws.cloud().records()
    held = replace(records.take_over("who rolls it back"), doing="roll back", why="a test", by="test")
    records.save(held)
    with refusal(tmp_path, "Release 1 is being rolled back."):
        aws.releaser().promote()
    assert records.mine("who rolls it back") == held
    assert aws.releaser().resume().state == ROLLED_BACK
    assert aws.places() == before


def test_with_no_release_under_way_there_is_nothing_to_continue(aws: Aws, tmp_path: Path) -> None:
    aws.releaser(policy=HASTY).start([0.1], 0, aws.publish())
    for command in (aws.releaser().resume, aws.releaser().promote):
        with refusal(tmp_path, "No release is under way.", "`crudctl release history --env test`"):
            command()
    with pytest.raises(NothingUnderWay):
        aws.releaser().abort()


def test_returning_to_earlier_versions_again_and_again_deletes_none(aws: Aws) -> None:
    first = dict.fromkeys(aws.functions, "1")
    versions = [aws.publish(), aws.publish()]
    for new in versions:
        assert aws.releaser(policy=HASTY).start([0.5], 0, new).state == PROMOTED
    for n in range(6):
        assert aws.releaser().go_to(versions[n % 2], "a test").outcome == "reverted"
    assert aws.releaser().go_to(first, "a test").outcome == "reverted"
    assert aws.places() == at(first)


def test_versions_older_than_the_last_five_promoted_releases_are_deleted(aws: Aws) -> None:
    for _ in range(7):
        ended = aws.releaser(policy=HASTY).start([0.5], 0, aws.publish())
    assert ended.notes == [f"deleted old versions: {', '.join(f'{name} 2' for name in aws.functions)}"]
    with pytest.raises(CannotRelease, match="No longer published: version 1 of create_item, "):
        aws.releaser().go_to(dict.fromkeys(aws.functions, "1"), "a test")
    assert aws.releaser().go_to(dict.fromkeys(aws.functions, "3"), "a test").outcome == "reverted"


def test_past_releases_are_listed_newest_first(aws: Aws) -> None:
    for _ in range(3):
        aws.releaser(policy=HASTY).start([0.5], 0, aws.publish())
    past = aws.cloud().records().past()
    assert [release.number for release in past] == [3, 2, 1]
    assert not any(release.running for release in past)
