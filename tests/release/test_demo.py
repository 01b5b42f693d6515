"""`crudctl demo`, as `make demo-release` and `make demo-rollback` call it."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from crudctl.release.record import PROMOTED, ROLLED_BACK
from tests.release.rig import Places, Rig


@pytest.fixture
def before(rig: Rig) -> Places:
    return rig.base()


def code_of_the_newest(rig: Rig) -> set[str]:
    """SHA-256 of the code of the newest versions, as `CodeSha256` has it."""
    return {
        rig.client.get_function_configuration(FunctionName=rig.functions[name], Qualifier=version)["CodeSha256"]
        for name, version in rig.newest().items()
    }


def own_code(rig: Rig) -> str:
    zipped = (rig.stack.home / "build" / "functions.zip").read_bytes()
    return base64.b64encode(hashlib.sha256(zipped).digest()).decode()


def shown(rig: Rig, *arguments: str) -> tuple[str, dict[str, Any]]:
    """What a demo printed, and the report that it left on disk; raises when it did not end as wanted."""
    code, said = rig.stack.crudctl_exit("demo", *arguments)
    assert code == 0, said
    number = rig.records.past()[0].number
    folder: Path = rig.stack.home / ".local" / "releases"
    assert (folder / f"{number}.md").read_text(encoding="utf-8") in said
    return said, json.loads((folder / f"{number}.json").read_text(encoding="utf-8"))


def test_a_regression_is_shown_being_taken_back(rig: Rig, before: Places) -> None:
    said, kept = shown(rig, "rollback", "--fault", "exceptions", "--function", "delete_item", "--rate", "50")
    assert kept["state"] == ROLLED_BACK
    assert "delete_item" in kept["why"]
    assert "Users sent " in said
    assert rig.places() == before
    assert code_of_the_newest(rig) == {own_code(rig)}  # nobody releases the regression by accident


def test_a_healthy_version_is_shown_reaching_everybody(rig: Rig, before: Places) -> None:
    said, kept = shown(rig, "release", "--bake", "10s", "--load", "60")
    assert kept["state"] == PROMOTED
    assert "; 0 failed (0.00%)." in said
    assert rig.places() == rig.at(kept["new"])
    assert code_of_the_newest(rig) == {own_code(rig)}
    rig.put(before)


def test_during_a_release_nothing_is_shown_and_nothing_published(rig: Rig, before: Places) -> None:
    assert rig.killed_while_baking(rig.healthy)
    newest, places = rig.newest(), rig.places()
    code, said = rig.stack.crudctl_exit("demo", "rollback")
    assert code == 1
    assert " is under way since " in said
    assert (rig.newest(), rig.places()) == (newest, places)
    assert rig.releaser().roll_back().state == ROLLED_BACK
    assert rig.places() == before
