"""Every command of the runbook and of CONTRIBUTING exists, with its options; and each is run by a test."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from unittest import mock

import boto3
import click
import pytest
from botocore import xform_name

from crudctl import cli
from tests.runbook.pages import sections
from tests.runbook.recipes import CONTRIBUTING, RUNBOOK
from tests.runbook.shell import here
from tests.stack import ROOT

PAGES = [ROOT / "docs" / "runbook.md", ROOT / "CONTRIBUTING.md"]
COMMANDS = [(page.name, each) for page in PAGES for section in sections(page).values() for each in section.commands]
GLOBAL = {"--query", "--output", "--region", "--max-items"}  # options of every `aws` command


def test_every_section_with_commands_has_a_recipe_and_every_recipe_a_section() -> None:
    assert [RUNBOOK.keys(), CONTRIBUTING.keys()] == [sections(page).keys() for page in PAGES]


@pytest.mark.parametrize(("page", "command"), COMMANDS, ids=lambda value: value[:60])
def test_a_command_of_crudctl_is_one_that_it_has(page: str, command: str) -> None:
    for line in re.findall(r"\bcrudctl ([^|#;&\n)]*)", command):
        words, context, group = shlex.split(line.rstrip('"')), click.Context(cli.main), cli.main
        while words and isinstance(group, click.Group):
            found = group.get_command(context, words.pop(0))
            assert found, line
            group = found  # type: ignore[assignment]
        words = [re.sub("^NUMBER$", "3", word) for word in words]
        with mock.patch.dict(os.environ):
            group.make_context(line, words, resilient_parsing=False)


@pytest.mark.parametrize(("page", "command"), COMMANDS, ids=lambda value: value[:60])
def test_a_command_of_aws_is_one_that_it_has(page: str, command: str) -> None:
    for line in re.findall(r"(?:^|\$\()aws ((?:[^|)\"']|\"[^\"]*\"|'[^']*')*)", command.replace("\\\n", " ")):
        service, operation, *rest = shlex.split(line, comments=True)
        if service == "s3":  # commands of the CLI's own
            continue
        client = boto3.client({"s3api": "s3"}.get(service, service), region_name="eu-west-2")
        if operation == "wait":
            assert rest[0].replace("-", "_") in client.waiter_names, line
            continue
        model = client.meta.service_model
        by_name = {xform_name(name, "-"): model.operation_model(name) for name in model.operation_names}
        assert operation in by_name, line
        shape = by_name[operation].input_shape
        known = {f"--{xform_name(name, '-')}" for name in (shape.members if shape else {})} | GLOBAL
        assert {word for word in rest if word.startswith("--")} <= known, line


def test_only_the_environment_is_replaced() -> None:
    assert here("crudctl logs --env prod --operation get_item", "items-local") == "crudctl logs --operation get_item"
    assert here("aws s3 ls s3://items-prod-state-1", "items-local") == "aws s3 ls s3://items-local-state-1"
    assert here("aws lambda list-aliases --name prod", "items-local") == "aws lambda list-aliases --name prod"


def test_lines_that_go_on_are_one_command_and_comments_are_none(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A\n\n```sh\n# why\na \\\n  b  # c\n\nd\n```\n\n```console\n$ e\n```\n\n## B\n\n```sh\nf\n```\n")
    assert {title: section.commands for title, section in sections(page).items()} == {
        "A": ("a \\\n  b  # c", "d"),
        "B": ("f",),
    }
