"""Wrong command lines of `crudctl release`, without a stack."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from crudctl import cli
from tests.release.rig import process_kept


@pytest.mark.parametrize(
    "arguments",
    [
        ("start", "--steps", "50,10"),
        ("start", "--stpes", "10,100"),
        ("start", "--bake", "soon"),
        (),
        ("--bogus",),
        ("begin",),
    ],
)
def test_a_wrong_command_line_is_not_taken_for_a_rollback(arguments: tuple[str, ...]) -> None:
    with process_kept():
        assert CliRunner().invoke(cli.main, ("release", *arguments)).exit_code == 1
