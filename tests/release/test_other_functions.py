"""Releases while functions come and go: records that know fewer or more of them, and a function that nobody calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from click.testing import CliRunner
from rich.console import Console

from crudctl import cli
from crudctl.build import round_trip
from crudctl.build.contract import ContractError
from crudctl.release import commands, report, versions
from crudctl.release.aliases import CANARY, PROD, Position
from crudctl.release.evidence import Count, Period
from crudctl.release.guard import decide, trips
from crudctl.release.probe import OWNER, WITNESS, Probe
from crudctl.release.record import PROMOTED, ROLLED_BACK
from crudctl.release.releaser import CannotRelease
from crudctl.release.view import View
from functions import request
from tests import contracts
from tests.release.rig import process_kept
from tests.release.simulation import ARCHIVE, HASTY, TRIP, Aws, Fault, Stopped, Watcher, at, with_archive

BAKE = 600.0


@pytest.fixture
def aws() -> Aws:
    return Aws()


@contextmanager
def in_project(aws: Aws, home: Path, **changes: Any) -> Iterator[None]:
    """Let the commands of `crudctl release --env test` work on a simulated account, with changes of its `Cloud`."""
    contracts.put(home)
    with pytest.MonkeyPatch.context() as patch, process_kept():
        patch.chdir(home)
        patch.setattr(commands, "cloud_of", lambda _: replace(aws.cloud(), **changes))
        yield


def release(*arguments: str) -> tuple[int, str]:
    """Run a command of `crudctl release`. Return its exit code and output."""
    result = CliRunner().invoke(cli.main, ("release", arguments[0], "--env", "test", *arguments[1:]))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_the_round_trip_makes_the_calls_that_are_counted(aws: Aws) -> None:
    aws.add_archive(probed=True)
    called: list[str] = []
    aws.meets("lambda", "invoke", lambda **sent: called.append(sent["FunctionName"]))
    probe = Probe(aws.client("lambda"), aws.functions, aws.trip)
    assert probe.round_trip(PROD) == probe.round_trip(CANARY)
    assert not probe.round_trip(PROD).wrong
    counts = {key: called.count(name) // 3 for key, name in aws.functions.items()}
    assert probe.counts == counts == {**TRIP.counts, ARCHIVE: 1}
    assert aws.items == {}


def test_a_probed_operation_is_judged_like_the_others(aws: Aws) -> None:
    aws.add_archive(probed=True)
    ended = aws.releaser().start([0.5], BAKE, aws.publish())
    assert (ended.state, ended.why) == (PROMOTED, "as good as the old version")
    assert ended.figures[ARCHIVE]["new"]["requests"] >= 5
    crashing = aws.publish(Fault("exceptions", ARCHIVE))
    ended = aws.releaser().start([0.5], BAKE, crashing)
    assert ended.why == f"refused before any user had it: POST by {ARCHIVE} version 3 crashed"


def test_an_operation_that_nobody_probes_and_nobody_calls_does_not_hold_a_release(aws: Aws) -> None:
    aws.add_archive(probed=False)
    new = aws.publish()
    ended = aws.releaser().start([0.1, 0.5], BAKE, new)
    assert ended.state == PROMOTED
    assert (
        ended.why
        == f"as good as the old version; too few requests to judge {ARCHIVE}, which no test request of crudctl calls"
    )
    assert aws.places() == at(new)
    assert ended.figures[ARCHIVE]["new"]["requests"] == 0


def test_a_release_of_nothing_but_such_an_operation_ends_too(aws: Aws) -> None:
    aws.add_archive(probed=False)
    new = {**dict.fromkeys(aws.functions, "1"), ARCHIVE: aws.publish()[ARCHIVE]}
    ended = aws.releaser().start([0.5], BAKE, new)
    assert (ended.state, aws.places()) == (PROMOTED, at(new))


def test_a_bad_version_of_an_operation_that_nobody_probes_is_rolled_back_once_users_call_it(aws: Aws) -> None:
    before, new = aws.places(), {name: [Period(0.5, Count(20), Count(20))] for name in TRIP.counts}
    bad = {**new, ARCHIVE: [Period(0.5, Count(9, faults=9), Count(9))]}
    served = dict.fromkeys(new, 20) | {ARCHIVE: 9}
    assert decide(bad, served, 600, 600, unprobed={ARCHIVE}).action == "roll back"
    assert decide({**new, ARCHIVE: []}, served, 600, 600, unprobed={ARCHIVE}).action == "promote"
    assert decide({**new, ARCHIVE: []}, {**served, ARCHIVE: 0}, 600, 600).action == "hold"
    assert aws.places() == before


def test_trips_are_made_for_the_operations_that_they_call() -> None:
    nothing = dict.fromkeys(TRIP.counts, 0)
    made = partial(trips, calls=TRIP.counts, weight=0.1, elapsed=120.0, bake=600.0, looks=16.0)
    assert made({**nothing, ARCHIVE: 0}) == made(nothing) > 0
    assert made({ARCHIVE: 0}) == 0


def test_after_a_function_was_added_earlier_releases_can_be_returned_to(aws: Aws, tmp_path: Path) -> None:
    first = aws.releaser(policy=HASTY).start([0.5], 0, aws.publish())
    aws.add_archive(probed=True)
    new = {**aws.publish(), ARCHIVE: "1"}  # the version that the function was created with is its newest
    aws.lambda_.delete_function(FunctionName=aws.functions[ARCHIVE], Qualifier="2")
    assert versions.newest(aws.client("lambda"), aws.functions) == new
    with in_project(aws, tmp_path):
        code, output = release("status")
        assert (code, ARCHIVE in output, "something else moved" in output) == (0, True, False)
        ended = aws.releaser(policy=HASTY).start([0.5], 0)
        assert (ended.state, aws.places()) == (PROMOTED, at(new))
        for number, versions_then in ((1, first.new), (0, first.old)):
            code, output = release("rollback", "--to", str(number))
            assert code == 0, output
            assert f"{ARCHIVE} did not exist then, and stays at version 1" in output
            assert aws.places() == at({**versions_then, ARCHIVE: "1"})
        code, output = release("rollback", "--to", "2")
        assert (code, aws.places()) == (0, at(new)), output
        code, output = release("history")
        assert (code, len(output.splitlines())) == (0, 6)
        for number in range(1, 6):
            code, output = release("history", str(number))
            assert (code, f"| {ARCHIVE} | 1 | 1 |" in output) == (0, number > 1)
        assert release("status", "--json")[0] == 0


def test_after_a_function_was_removed_earlier_releases_can_be_returned_to(aws: Aws, tmp_path: Path) -> None:
    aws.add_archive(probed=True)
    first = aws.releaser(policy=HASTY).start([0.5], 0, aws.publish())
    aws.remove_archive()
    with in_project(aws, tmp_path):
        code, output = release("status")
        assert (code, ARCHIVE in output.partition("Release 1")[0]) == (0, False)
        assert aws.releaser(policy=HASTY).start([0.5], 0, aws.publish()).state == PROMOTED
        code, output = release("rollback", "--to", "1")
        assert (code, f"{ARCHIVE} no longer exists" in output) == (0, True), output
        assert aws.places() == at({name: first.new[name] for name in aws.functions})
        assert f"| {ARCHIVE} | 1 | 2 |" in release("history", "1")[1]


@pytest.mark.parametrize("ends", ["resume", "promote", "abort"])
@pytest.mark.parametrize("change", ["added", "removed"])
def test_a_release_that_is_under_way_while_a_function_comes_or_goes_can_be_ended(
    aws: Aws, tmp_path: Path, ends: str, change: str
) -> None:
    if change == "removed":
        aws.add_archive(probed=True)
    before, new = aws.places(), aws.publish()
    with pytest.raises(Stopped):
        aws.releaser(Watcher(stop_at_look=True)).start([0.5], BAKE, new)
    if change == "removed":
        aws.remove_archive()
    else:
        aws.add_archive(probed=True)
    with in_project(aws, tmp_path):
        code, output = release("status")
        assert (code, "Release 1: under way" in output) == (0, True)
        code, output = release(ends, *(["--take-over"] if ends == "resume" else []))
    assert code == 0, output
    ended = aws.cloud().records().past()[0]
    assert ended.state == (ROLLED_BACK if ends == "abort" else PROMOTED)
    left = aws.places()
    for name in new.keys() & aws.functions.keys():
        expected = before[PROD][name] if ends == "abort" else Position(new[name])
        assert left[PROD][name] == left[CANARY][name] == expected
    assert ARCHIVE not in left[PROD] or left[PROD][ARCHIVE] == Position("1")


def test_versions_are_deleted_by_the_releases_that_know_the_function(aws: Aws) -> None:
    for _ in range(2):
        aws.releaser(policy=HASTY).start([0.5], 0, aws.publish())
    aws.add_archive(probed=True)
    for _ in range(6):
        ended = aws.releaser(policy=HASTY).start([0.5], 0, aws.publish())
        assert not [note for note in ended.notes if "could not" in note]
    assert aws.lambda_.published(aws.functions["get_item"]) == list(range(4, 10))
    assert aws.lambda_.published(aws.functions[ARCHIVE]) == list(range(2, 8))


def test_no_version_of_a_function_that_no_release_knows_is_deleted(aws: Aws) -> None:
    for _ in range(6):
        aws.releaser(policy=HASTY).start([0.5], 0, aws.publish())
    aws.add_archive(probed=True)
    aws.publish()
    client, past = aws.client("lambda"), aws.cloud().records().past()
    assert versions.prune(client, aws.functions, past) == []
    assert aws.lambda_.published(aws.functions[ARCHIVE]) == [1, 2]


def test_a_function_that_was_removed_and_made_again_keeps_its_versions(aws: Aws) -> None:
    """Lambda counts from 1 again, below the versions that the releases know."""
    aws.add_archive(probed=True)
    for _ in range(6):
        aws.releaser(policy=HASTY).start([0.5], 0, aws.publish())
    aws.remove_archive()
    aws.add_archive(probed=True)
    ended = aws.releaser(policy=HASTY).start([0.5], 0, {**aws.publish(), ARCHIVE: "1"})
    assert ended.state == PROMOTED
    assert aws.lambda_.published(aws.functions[ARCHIVE]) == [1, 2]


def test_a_release_is_shown_with_functions_that_its_figures_do_not_have(aws: Aws) -> None:
    aws.add_archive(probed=True)
    ended = aws.releaser(policy=HASTY).start([0.5], 0, aws.publish())
    figures = {name: sides for name, sides in ended.figures.items() if name != ARCHIVE}
    shown = mock.Mock(action="hold", reason="baking", odds=1.0)
    fewer = replace(ended, figures=figures)
    with View(Console(stderr=True), HASTY) as view:
        view.show(fewer, shown)
    assert ARCHIVE in report.markdown(fewer, "test")


def test_nothing_is_released_by_a_contract_whose_operations_are_not_deployed(aws: Aws, tmp_path: Path) -> None:
    new = aws.publish()
    aws.trip = with_archive(probed=True)
    with pytest.raises(CannotRelease, match=f"The contract has {ARCHIVE}, which is not deployed"):
        aws.releaser().start([0.5], BAKE, new)
    assert aws.cloud().records().current() is None
    with in_project(aws, tmp_path):
        code, output = release("start", "--yes")
    assert (code, "Deploy it first" in output) == (1, True)


def test_a_contract_that_cannot_be_read_stops_no_rollback(aws: Aws, tmp_path: Path) -> None:
    before = aws.places()
    with pytest.raises(Stopped):
        aws.releaser(Watcher(stop_at_look=True)).start([0.5], BAKE, aws.publish())
    record = aws.cloud().records().current()

    def unreadable() -> round_trip.RoundTrip:
        raise ContractError("contract/openapi.yaml cannot be read")

    with in_project(aws, tmp_path), mock.patch.object(Aws, "trip", property(lambda _: unreadable()), create=True):
        del aws.__dict__["trip"]
        code, output = release("resume", "--take-over")
        assert (code, "cannot be read" in output) == (1, True)
        assert aws.cloud().records().current() == record  # a refusal changes nothing
        assert release("abort")[0] == 0
    assert aws.places() == before


def test_what_a_releaser_left_is_deleted_unless_others_can_read_it(aws: Aws) -> None:
    """Versions from before the probe had an owner of its own list everybody's resources where they are shared."""
    probe = Probe(aws.client("lambda"), aws.functions, TRIP)
    aws.items = {"1": {"id": "1", "owner": OWNER}, "2": {"id": "2", "owner": OWNER}}
    probe.clean()
    assert aws.items == {}
    aws.items, aws.shared = {"1": {"id": "1", "owner": "somebody"}}, True
    probe.clean()
    assert aws.items.keys() == {"1"}


@pytest.mark.parametrize(
    ("path", "operation", "message"),
    [
        ("/items/{id}/notes/{note}", {}, "a release knows no value of note"),
        ("/items/{id}/archive", {"responses": {"default": {"description": "x"}}}, "the operation has no 2xx response"),
        (
            "/items/{id}/archive",
            {"parameters": [{"name": "until", "in": "query", "required": True, "schema": {"type": "string"}}]},
            "a release knows no value of until",
        ),
    ],
)
def test_an_operation_that_cannot_be_probed_is_refused_when_the_package_is_built(
    path: str, operation: dict[str, object], message: str
) -> None:
    document = contracts.document()
    whole = {"operationId": ARCHIVE, "x-probe": True, "responses": {"200": {"description": "x"}}, **operation}
    document["paths"][path] = {"post": whole}  # type: ignore[index]
    with pytest.raises(ContractError, match=message):
        round_trip.plan(document)


def test_the_functions_keep_the_owner_of_round_trips_apart() -> None:
    assert request.PROBE == OWNER != WITNESS


def test_a_probed_operation_gets_the_example_of_its_body() -> None:
    document = contracts.document()
    media = {"schema": {"type": "object"}, "example": {"until": "2027-01-01"}}
    operation = {
        "operationId": ARCHIVE,
        "x-probe": True,
        "requestBody": {"content": {"application/json": media}},
        "responses": {"202": {"description": "x"}, "404": {"description": "x"}},
    }
    document["paths"]["/items/{id}/archive"] = {"post": operation}  # type: ignore[index]
    call = round_trip.plan(document).of("other")
    assert (call.body, call.media_type, call.right) == ({"until": "2027-01-01"}, "application/json", ("202",))
