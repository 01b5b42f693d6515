"""Which deployment of the API belongs to which versions, and where a release that has ended lets the stage point."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crudctl.release import deployments
from crudctl.release.deployments import Change
from crudctl.release.gateway import Stage, settle
from crudctl.release.record import FAILED, PROMOTED, ROLLED_BACK, Release

BEFORE, AFTER = {"get": "1", "put": "1"}, {"get": "2", "put": "2"}
CHANGE = Change("wide", "old", BEFORE, "contract 1", "contract 2", wide=True)


def release(state: str = PROMOTED, **fields: Any) -> Release:
    given: dict[str, Any] = {
        "number": 1,
        "old": BEFORE,
        "new": AFTER,
        "canary": BEFORE,
        "weights": [0.1],
        "bake": 1.0,
        "state": state,
    }
    given |= {"who": "w", "host": "h", "pid": 1, "holder": "x", "since": 0.0, "seen": 0.0, "contract": "contract 2"}
    return Release(**(given | {"deployments": {"old": "old", "new": "wide"}} | fields))


class Gateway:
    """API Gateway with one stage."""

    def __init__(self, deployment: str) -> None:
        self.deployment, self.moves = deployment, 0

    def get_stage(self, **_: str) -> dict[str, str]:
        """Return the stage."""
        return {"deploymentId": self.deployment}

    def update_stage(self, patchOperations: list[dict[str, str]], **_: str) -> None:  # noqa: N803 - boto3's name
        """Point the stage to a deployment."""
        self.deployment, self.moves = patchOperations[0]["value"], self.moves + 1


@pytest.mark.parametrize(
    ("at", "contract"),
    [
        (BEFORE, "contract 1"),
        (AFTER, "contract 2"),
        (BEFORE | {"new": "1"}, "contract 1"),
        ({"get": "9"}, "contract 2"),
    ],
)
def test_the_contract_in_service_is_that_of_the_versions_in_service(at: dict[str, str], contract: str) -> None:
    assert deployments.contract_of(at, CHANGE, []) == contract


def test_a_release_knows_the_contract_of_versions_that_somebody_returned_to() -> None:
    earlier = release(new={"get": "0", "put": "0"}, contract="contract 0")
    assert deployments.contract_of({"get": "0", "put": "0"}, CHANGE, [release(), earlier]) == "contract 0"
    assert deployments.contract_of(BEFORE, None, []) == ""


def test_a_release_goes_back_to_what_served_before_its_body_was_applied() -> None:
    assert deployments.of_release("wide", BEFORE, CHANGE) == {"old": "old", "new": "wide"}


def test_a_release_without_another_body_goes_back_to_the_same() -> None:
    assert deployments.of_release("wide", AFTER, CHANGE) == {"old": "wide", "new": "wide"}
    assert deployments.of_release("other", BEFORE, CHANGE) == {"old": "other", "new": "other"}
    assert deployments.of_release("first", BEFORE, None) == {"old": "first", "new": "first"}


def test_a_return_has_the_deployment_of_the_release_that_it_returns_to_or_from() -> None:
    past = [release()]
    assert deployments.of_return("wide", BEFORE, None, past) == {"old": "wide", "new": "old"}
    assert deployments.of_return("old", AFTER, None, past) == {"old": "old", "new": "wide"}
    assert deployments.of_return("old", {"get": "9"}, None, past) == {"old": "old", "new": "old"}
    assert deployments.of_return("wide", BEFORE, CHANGE, []) == {"old": "wide", "new": "old"}


@pytest.mark.parametrize(("state", "wanted"), [(PROMOTED, "wide"), (ROLLED_BACK, "old"), (FAILED, "old")])
@pytest.mark.parametrize("serving", ["old", "wide"])
def test_the_stage_serves_what_belongs_to_how_a_release_ended(state: str, wanted: str, serving: str) -> None:
    gateway = Gateway(serving)
    notes = [settle(release(state), Stage(gateway, "api", "v1")) for _ in range(2)]
    assert gateway.deployment == wanted
    assert gateway.moves == len([note for note in notes if note]) == (serving != wanted)


def test_a_stage_that_serves_a_later_change_is_left_alone() -> None:
    gateway = Gateway("later")
    assert settle(release(ROLLED_BACK), Stage(gateway, "api", "v1")) == ""
    assert gateway.moves == 0


def test_nothing_moves_for_a_release_that_runs_or_knows_no_deployment() -> None:
    gateway = Gateway("wide")
    for each in (release("running"), replace(release(ROLLED_BACK), deployments={})):
        assert settle(each, Stage(gateway, "api", "v1")) == ""
    assert settle(release(ROLLED_BACK), None) == ""
    assert gateway.moves == 0
