"""`crudctl verify` on the local stack: everything that it asks is as it should be, and nothing that it made is left."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from crudctl.release import versions
from crudctl.verify.commands import NAMES
from tests.invoke import invoke
from tests.snapshot import cloned
from tests.stack import Stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of this file's own: what other tests have changed by hand would be a difference."""
    with cloned(tmp_path_factory.mktemp("verify") / "items") as stack:
        stack.crudctl("up")
        yield stack


def test_the_local_stack_is_as_here_and_is_left_as_it_was(stack: Stack) -> None:
    before = stack.functions(), versions.newest(stack.aws("lambda"), stack.outputs["functions"])
    with stack.api() as api:
        made = api.post("items", json={"name": "Desk"}).json()["id"]  # of a user, whom a verification does not touch
        result = invoke(stack.home, "verify")
        assert api.delete(f"items/{made}?purge=true").status_code == 204
    assert result.exit_code == 0, result.output
    report = json.loads((stack.environment.home / "verify" / "report.json").read_text(encoding="utf-8"))
    assert [part["part"] for part in report["parts"]] == [*NAMES, "left"]
    assert [row for part in report["parts"] for row in part["rows"] if row["mark"] != "as here"] == []
    assert report["usd"] < 0.10
    assert (stack.functions(), versions.newest(stack.aws("lambda"), stack.outputs["functions"])) == before
