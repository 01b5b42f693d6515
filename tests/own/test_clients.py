"""The programs in docs/clients.md do what the page says, although they lose the first answer to every request."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from crudctl.build.service import Service
from tests.clients import tools
from tests.servers import lossy
from tests.stack import ROOT, Stack

HOW = ("503", "500", "429", "reset")


def program(language: str) -> str:
    """The one program of the page in a language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", tools.PAGE, re.DOTALL)
    return str(found)


def content(described: Service) -> str:
    """Content for a create as JSON, with a U+FFFD where the contract allows it: as it is, the service refuses it."""
    changed = dict(described.sample)
    for name, text in described.sample.items():
        field = described.fields[name]
        if isinstance(text, str) and not {"enum", "format", "pattern"} & field.keys():
            changed[name] = text[:-1] + "\ufffd"
    return json.dumps(changed)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page's program in TypeScript, compiled."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "node_modules").symlink_to(tools.packages())
    for name in ("tsconfig.json", "package.json"):
        shutil.copyfile(ROOT / "tests" / "clients" / name, folder / name)
    (folder / "retries.ts").write_text(program("ts"), encoding="utf-8")
    ran = tools.Ran(folder, "npx", "tsc")
    assert ran.code == 0, ran.output
    return folder


@pytest.fixture(scope="module")
def unreliable(own_stack: Stack, described: Service) -> Iterator[tuple[dict[str, str], Counter[str]]]:
    """The environment of a program that reaches the API through a proxy that loses answers, and the losses."""
    if not any(operation.kind == "restore" for operation in described.operations.values()):
        pytest.skip("The contract has no trash.")
    token = own_stack.token(own_stack.outputs["demo_users"][0]["username"])
    with lossy.before(own_stack.outputs["api_url"]) as (url, losses):
        yield {"API": url, "TOKEN": token}, losses


@pytest.mark.parametrize("language", ["python", "ts"])
def test_program_gets_every_answer_although_the_first_is_lost(
    language: str, described: Service, unreliable: tuple[dict[str, str], Counter[str]], request: pytest.FixtureRequest
) -> None:
    environ, losses = unreliable
    losses.clear()
    if language == "python":
        ran = tools.Ran(ROOT, sys.executable, "-c", program("python"), stdin=content(described), **environ)
    else:
        folder = request.getfixturevalue("compiled")
        ran = tools.Ran(folder, "node", "js/retries.js", stdin=content(described), **environ)
    deleted = f"{described.problems}deleted"
    assert ran.code == 0, ran.output
    assert ran.output.lower().splitlines() == ["2 304", f"409 {deleted} true", "3"]
    assert min(losses[kind] for kind in HOW) > 0
    assert losses["early"] == 0
