"""Clients generated from the documents of a running stack, by the lines of docs/clients.md, all at once."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.clients import tools
from tests.clients.tools import Ran
from tests.stack import Stack

HERE = Path(__file__).parent
DOCUMENTS = ("build/contract.json", "build/openapi-3.1.json", "contract/openapi.yaml")
LINES = re.findall(r"```sh\n(.*?)```", tools.PAGE, re.DOTALL)[0].splitlines()
FROM_SOURCE = "openapi-python-client generate --path contract/openapi.yaml --meta none --output-path source_client"


@pytest.fixture(scope="session")
def folder(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like that of somebody who writes a client: with the documents, the sessions, settings and packages."""
    folder = tmp_path_factory.mktemp("clients")
    (folder / "node_modules").symlink_to(tools.packages())
    (folder / ".venv").symlink_to(sys.prefix)
    for path in (*(HERE / "sessions").iterdir(), HERE / "tsconfig.json", HERE / "package.json"):
        if path.is_file():
            shutil.copyfile(path, folder / path.name)
    for name in ("build", "contract"):
        (folder / name).symlink_to(stack.home / name)
    return folder


@pytest.fixture(scope="session")
def made(folder: Path) -> Mapping[str, Ran]:
    """What came of each line of docs/clients.md, of a client from the source, then of the compilers; and of Spectral."""
    lint = ("npx", "spectral", "lint", "--ruleset", str(HERE / "spectral.yaml"), "--fail-severity", "hint", *DOCUMENTS)
    clients = [f"{client}/{part}" for client in ("client", "source_client") for part in ("models", "api")]
    with ThreadPoolExecutor() as pool:
        spectral = pool.submit(Ran, folder, *lint)
        lines = {line: pool.submit(Ran, folder, *line.split()) for line in (*LINES, FROM_SOURCE)}
        generated = {line: each.result() for line, each in lines.items()}
        sources = sorted(path.name for path in folder.glob("*.py"))
        mypy = pool.submit(Ran, folder, "mypy", "--strict", "--follow-imports=silent", *sources, *clients)
        tsc = pool.submit(Ran, folder, "npx", "tsc")
        return generated | {"spectral": spectral.result(), "mypy": mypy.result(), "tsc": tsc.result()}


@pytest.fixture(scope="session")
def sessions(made: Mapping[str, Ran], stack: Stack, folder: Path) -> Mapping[str, Ran]:
    """How each session ended, by the name of its file without suffix; all run at once."""
    commands = {
        path.stem: (sys.executable, path.name) if path.suffix == ".py" else ("node", f"js/{path.stem}.js")
        for path in (HERE / "sessions").iterdir()
        if path.is_file()
    }
    with stack.newcomer() as token, ThreadPoolExecutor() as pool:
        environ = {"API": stack.outputs["api_url"], "TOKEN": token}
        ran = {name: pool.submit(Ran, folder, *command, **environ) for name, command in commands.items()}
        return {name: each.result() for name, each in ran.items()}
