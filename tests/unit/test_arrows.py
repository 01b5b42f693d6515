"""Who may import whom: the layers of docs/architecture.md, read from the sources in Python and TypeScript."""

from __future__ import annotations

import ast
import posixpath
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import pytest

from tests.stack import ROOT

SOURCE = ROOT / "src"
WEB = ROOT / "web" / "src"

# Each folder, and the folders below it that it may import from. Modules at the root of a package are a folder of their own,
# named after the package; where the root holds both the top and the bottom of the package, each of its files is listed.
FOLDERS = {
    "functions/aws": set[str](),
    "emulator/state": {"emulator"},
    "emulator/http": {"emulator", "emulator/state"},
    "emulator/cloudfront": {"emulator"},
    "emulator/xray": {"emulator"},
    "emulator/cloudwatch": {"emulator"},
    "emulator/cognito": {"emulator", "emulator/cloudwatch"},
    "emulator/dynamodb": {"emulator", "emulator/cloudwatch"},
    "emulator/iam": {"emulator"},
    "emulator/logs": {"emulator", "emulator/cloudwatch"},
    "emulator/lambda_": {"emulator", "emulator/cloudwatch", "emulator/logs"},
    "emulator/apigateway": {"emulator", "emulator/cloudwatch", "emulator/lambda_", "emulator/logs"},
    "emulator/alarms": {"emulator", "emulator/cloudwatch", "emulator/lambda_", "emulator/state"},
    "crudctl/build": {"crudctl", "functions"},
    "crudctl/web": {"crudctl", "emulator"},
    "crudctl/infra": {"crudctl", "emulator"},
    "crudctl/backup": {"crudctl", "crudctl/infra", "crudctl/build"},
    "crudctl/people": {"crudctl", "crudctl/infra"},
    "crudctl/cost": {"crudctl", "crudctl/build"},
    "crudctl/release": {"crudctl", "crudctl/infra", "crudctl/build", "crudctl/web"},
    "crudctl/new": {"crudctl", "crudctl/build"},
    "crudctl/local": {"crudctl", "crudctl/release", "crudctl/infra", "crudctl/build", "crudctl/web", "emulator"},
    "crudctl/operate": {
        "crudctl", "crudctl/local", "crudctl/release", "crudctl/infra", "crudctl/build", "crudctl/web", "emulator",
    },
    "crudctl/verify": {
        "crudctl", "crudctl/operate", "crudctl/local", "crudctl/release", "crudctl/infra", "crudctl/build", "crudctl/cost",
    },
    "crudctl/deploy": {
        "crudctl", "crudctl/operate", "crudctl/local", "crudctl/release", "crudctl/infra", "crudctl/build", "crudctl/web",
        "crudctl/cost",
    },
}  # fmt: skip
VALIDATION = {
    "functions/validation",
    "functions/merge",
}  # pure: what is valid is decided in one place, for examples too
ENTRY_POINTS = {"crudctl/cli", "emulator/__main__", "emulator/server", "emulator/parity"}
EMULATOR_FROM_OUTSIDE = {"emulator/process"}  # all that crudctl may know of the emulator

# The same for web/src. Its root holds both the top and the bottom, so each file there is a node by its name.
WEB_FOLDERS = {
    "store": set[str](),
    "config": set[str](),
    "json": set[str](),
    "contract": {"json"},
    "api": {"contract", "json", "store"},
    "auth": {"api", "config", "contract", "store"},
    "list": {"api", "contract", "json", "store"},
    "services": {"api", "auth", "config"},
    "ui": {"api", "contract", "store"},
    "form": {"contract", "json", "ui"},
    "transfer": {"api", "contract", "form", "json", "list", "services", "store", "ui"},
    "resource": {"api", "contract", "form", "json", "list", "services", "store", "transfer", "ui"},
    "reference": {"api", "contract", "json", "services", "store", "ui"},
    "app": {"api", "auth", "config", "contract", "json", "list", "reference", "resource", "services", "store", "ui"},
    "main": {"api", "app", "auth", "config", "contract", "list", "transfer", "ui"},
}

FUNCTIONS = {
    "handlers": {"contract", "entry", "errors", "http", "json_text", "request", "resource", "store"},
    "http": {"contract", "errors", "json_text", "request", "telemetry"},
    "request": {"body", "contract", "errors", "precondition"},
    "precondition": set(),
    "body": {"errors", "validation"},
    "store": {"aws", "entry", "errors", "receipt", "resource", "telemetry"},
    "entry": {"resource"},
    "receipt": {"contract", "errors", "json_text"},
    "resource": {"contract", "json_text", "merge"},
    "contract": {"merge", "operations", "validation"},
    "merge": {"validation"},
    "validation": {"json_text"},
    "json_text": set(),
    "errors": {"operations"},
    "operations": set(),
    "telemetry": set(),
}
AWS_CLIENT = {
    "dynamodb": {"attributes", "connection", "credentials", "sigv4", "transport"},
    "sts": {"connection", "credentials", "sigv4"},
    "connection": {"tls", "transport"},
    "transport": {"tls"},
    "credentials": {"connection"},
    "sigv4": {"credentials"},
    "attributes": set(),
    "tls": {"openssl", "roots"},
    "openssl": set(),
    "roots": set(),
}


def module_of(path: Path) -> str:
    """A source file's name in these tables, such as `crudctl/release/guard`."""
    return path.relative_to(SOURCE).with_suffix("").as_posix().removesuffix("/__init__")


MODULES = {module_of(path): path for path in sorted(SOURCE.rglob("*.py"))}


def imports(module: str) -> Iterator[str]:
    """Absolute dotted names of what a module imports; names imported from a package count as modules where they are."""
    path = MODULES[module]
    package = module.split("/") if path.name == "__init__.py" else module.split("/")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *filter(None, [node.module])])
            for alias in node.names:
                inner = f"{name}.{alias.name}"
                yield inner if inner.replace(".", "/") in MODULES else name


def own_imports(module: str) -> set[str]:
    """Modules of this project that a module imports."""
    return {name.replace(".", "/") for name in imports(module) if name.replace(".", "/") in MODULES} - {module}


def folder_of(module: str) -> str:
    """The folder of a module; a package's own `__init__` belongs to the package."""
    return module if MODULES[module].name == "__init__.py" else str(PurePosixPath(module).parent)


def circle(arrows: Mapping[str, set[str]]) -> list[str]:
    """One circle among the arrows, from a node back to itself; empty when there is none."""
    done: set[str] = set()

    def walk(node: str, trail: list[str]) -> list[str]:
        if node in trail:
            return [*trail[trail.index(node) :], node]
        if node in done:
            return []
        for following in sorted(arrows.get(node, ())):
            found = walk(following, [*trail, node])
            if found:
                return found
        done.add(node)
        return []

    for start in sorted(arrows):
        found = walk(start, [])
        if found:
            return found
    return []


def test_a_circle_is_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_no_circle_between_files() -> None:
    assert circle({module: own_imports(module) for module in MODULES}) == []


@pytest.mark.parametrize("module", [module for module in MODULES if folder_of(module) in FOLDERS])
def test_a_folder_imports_only_from_layers_below_it(module: str) -> None:
    here = folder_of(module)
    foreign = {folder_of(name): name for name in own_imports(module) if folder_of(name) != here}
    assert set(foreign) <= FOLDERS[here], foreign


def test_no_circle_between_folders() -> None:
    arrows: dict[str, set[str]] = defaultdict(set)
    for module in MODULES:
        if module in ENTRY_POINTS:
            continue
        here = folder_of(module)
        arrows[here] |= {folder_of(name) for name in own_imports(module)} - {here}
    assert circle(arrows) == []


def test_every_folder_has_its_layer() -> None:
    assert {folder_of(module) for module in MODULES} - {"functions", "emulator", "crudctl"} == set(FOLDERS)


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("crudctl")])
def test_the_command_line_knows_only_the_emulators_process(module: str) -> None:
    assert {name for name in own_imports(module) if name.startswith("emulator")} <= EMULATOR_FROM_OUTSIDE


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("crudctl")])
def test_the_command_line_imports_nothing_of_the_functions_but_packaging_their_validation(module: str) -> None:
    allowed = VALIDATION if folder_of(module) == "crudctl/build" else set()
    assert {name for name in own_imports(module) if name.startswith("functions")} <= allowed


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("emulator")])
def test_the_emulator_imports_nothing_of_the_command_line(module: str) -> None:
    assert not {name for name in own_imports(module) if not name.startswith("emulator")}


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("functions/")])
def test_a_module_of_the_functions_imports_only_along_the_arrows(module: str) -> None:
    *folder, name = module.removeprefix("functions/").split("/")
    inside = {found.removeprefix("functions/") for found in own_imports(module)}
    if name == "aws" and not folder:
        assert not inside
    elif folder:
        assert {found.removeprefix("aws/") for found in inside} <= AWS_CLIENT[name]
    else:
        assert {found.split("/")[0] for found in inside} <= FUNCTIONS[name]


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("functions")])
def test_the_functions_carry_no_package(module: str) -> None:
    roots = {name.partition(".")[0] for name in imports(module)}
    assert roots <= sys.stdlib_module_names | {"functions"}


def test_no_two_files_of_a_package_share_a_name() -> None:
    named: dict[tuple[str, str], list[str]] = defaultdict(list)
    for module, path in MODULES.items():
        if path.stem not in (
            "__init__",
            "commands",
        ):  # each layer keeps its commands of `crudctl` in a file of this name
            named[module.split("/")[0], path.stem].append(module)
    assert [modules for modules in named.values() if len(modules) > 1] == []


# Ambient declarations belong to no folder: they type the modules that the build provides.
SCRIPTS = {
    path.relative_to(WEB).as_posix(): path for path in sorted(WEB.rglob("*.ts*")) if not path.name.endswith(".d.ts")
}
IMPORTED = re.compile(r"""\b(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]""")


def web_imports(script: str) -> set[str]:
    """Scripts of web/src that a script imports, types included; style sheets are not among them."""
    found = set()
    for relative in IMPORTED.findall(SCRIPTS[script].read_text(encoding="utf-8")):
        name = posixpath.normpath(posixpath.join(posixpath.dirname(script), relative))
        found |= {name + suffix for suffix in ("", ".ts", ".tsx") if name + suffix in SCRIPTS}
    return found


def web_folder_of(script: str) -> str:
    """The first folder of a script in web/src; for a file at the root, its name without the suffix."""
    return script.partition("/")[0].partition(".")[0]


def test_no_circle_between_files_of_the_web_app() -> None:
    assert circle({script: web_imports(script) for script in SCRIPTS}) == []


def test_no_circle_between_folders_of_the_web_app() -> None:
    arrows: dict[str, set[str]] = defaultdict(set)
    for script in SCRIPTS:
        here = web_folder_of(script)
        arrows[here] |= {web_folder_of(name) for name in web_imports(script)} - {here}
    assert circle(arrows) == []


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_folder_of_the_web_app_imports_only_from_layers_below_it(script: str) -> None:
    here = web_folder_of(script)
    foreign = {web_folder_of(name): name for name in web_imports(script) if web_folder_of(name) != here}
    assert set(foreign) <= WEB_FOLDERS[here], foreign


def test_every_folder_of_the_web_app_has_its_layer() -> None:
    assert {web_folder_of(script) for script in SCRIPTS} == set(WEB_FOLDERS)
