"""The confirmation of changes that cannot be undone: prod is not changed by a habit of typing --yes."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from crudctl.console import Failed
from crudctl.options import confirm_change
from crudctl.project import Environment
from tests import contracts
from tests.invoke import invoke
from tests.stack import put_names


@pytest.fixture
def project(tmp_path: Path) -> Path:
    put_names(tmp_path, "orders")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "yes", "confirmed"),
    [
        ("local", True, None),
        ("test", True, None),
        ("local", False, "orders-local"),
        ("test", False, "orders-test"),
        ("prod", False, "orders-prod"),
        ("prod", True, "orders-prod"),
        ("test", None, "orders-test"),
    ],
)
def test_change_is_confirmed_by_yes_or_by_name(
    project: Path, name: str, yes: bool | None, confirmed: str | None
) -> None:
    confirm_change(Environment(project, name), "Change it?", yes, confirmed)


@pytest.mark.parametrize(
    ("name", "yes", "confirmed", "message"),
    [
        ("prod", True, None, "--yes is not enough"),
        ("prod", False, None, "--yes is not enough"),
        ("test", None, None, "--yes is not enough"),
        ("test", None, "orders-prod", "This is orders-test, not orders-prod"),
        ("local", False, None, "stdin is not a terminal"),
        ("test", False, None, "stdin is not a terminal"),
        ("prod", True, "orders-test", "This is orders-prod, not orders-test"),
        ("test", True, "orders-prod", "This is orders-test, not orders-prod"),
        ("prod", True, "", "This is orders-prod"),
    ],
)
def test_change_is_refused(project: Path, name: str, yes: bool | None, confirmed: str | None, message: str) -> None:
    with pytest.raises((Failed, click.Abort), match=message):
        confirm_change(Environment(project, name), "Change it?", yes, confirmed)


@pytest.mark.parametrize(
    "arguments",
    [
        ["restore", "file", "--user", ""],
        ["backup", "--table", ""],
        ["logs", "--user", " "],
        ["logs", "--request-id", ""],
    ],
    ids=" ".join,
)
def test_an_empty_value_of_a_variable_that_is_not_set_does_not_mean_everything(
    project: Path, arguments: list[str]
) -> None:
    contracts.put(project)
    result = invoke(project, *arguments)
    assert (result.exit_code, "it is empty" in result.stderr) == (1, True), result.output
