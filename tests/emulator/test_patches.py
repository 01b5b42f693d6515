"""Patches are refused when MiniStack has changed, and no change or use of MiniStack bypasses the check."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import emulator
from emulator import patches
from emulator.patches import Difference, Incompatible, patch, uses

from .conftest import free_port
from .copies import copy_of_ministack, edit, importing
from .stack import REGION

SOURCE = Path(emulator.__file__).parent
DIFFERENCE = Difference("a-difference", "Test", aws="", source="", ministack="", upstream="")


@pytest.fixture(autouse=True)
def empty_register(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "_uses", [])
    monkeypatch.setattr(patches, "_patches", {})


@pytest.fixture
def module() -> ModuleType:
    """A module as an emulator might have it."""
    created = ModuleType("vendor")
    source = (
        "class Worker:\n"
        "    def __init__(self): self._process = None\n"
        "    def invoke(self, event, *, trace=None): return ['worker', event, trace]\n"
        "def _greet(name, greeting='hello'): return f'{greeting} {name}'\n"
        "async def serve(path): return path\n"
        "TABLE = {'greet': _greet}\n"
        "LIMIT = 3\n"
    )
    exec(source, vars(created))
    return created


def shout(original: Callable[..., str], name: str, greeting: str = "hello") -> str:
    return original(name, greeting).upper()


def replace_greeting(name: str, greeting: str = "hello") -> str:
    return f"{name}, {greeting}"


def other_name(original: Callable[..., str], who: str, greeting: str = "hello") -> str:
    return original(who, greeting)


def other_order(original: Callable[..., str], greeting: str, name: str = "hello") -> str:
    return original(name, greeting)


def other_default(original: Callable[..., str], name: str, greeting: str = "hi") -> str:
    return original(name, greeting)


def any_arguments(original: Callable[..., str], *arguments: Any, **options: Any) -> str:
    return original(*arguments, **options)


async def asynchronous(original: Callable[..., str], name: str, greeting: str = "hello") -> str:
    return original(name, greeting)


def test_replacement_receives_the_original(module: ModuleType) -> None:
    patch(module, "_greet", shout, DIFFERENCE)
    assert module._greet("ann", greeting="hi") == "HI ANN"


def test_replacement_without_the_original_replaces_it(module: ModuleType) -> None:
    patch(module, "_greet", replace_greeting, DIFFERENCE)
    assert module._greet("ann") == "ann, hello"


def test_method_is_replaced_for_every_instance(module: ModuleType) -> None:
    def invoke(original: Callable[..., Any], self: Any, event: Any, *, trace: Any = None) -> Any:
        return ["patched", *original(self, event, trace=trace)]

    worker = module.Worker()
    patch(module, "Worker.invoke", invoke, DIFFERENCE)
    assert worker.invoke(1, trace=2) == ["patched", "worker", 1, 2]


def test_entry_of_a_mapping_is_replaced(module: ModuleType) -> None:
    patch(module, "TABLE[greet]", shout, DIFFERENCE)
    assert module.TABLE["greet"]("ann") == "HELLO ANN"


async def _serve_twice(original: Callable[..., Any], path: str) -> str:
    return str(await original(path) + await original(path))


def test_asynchronous_function_stays_asynchronous(module: ModuleType) -> None:
    patch(module, "serve", _serve_twice, DIFFERENCE)
    coroutine = module.serve("a")
    with pytest.raises(StopIteration, match="aa"):
        coroutine.send(None)


@pytest.mark.parametrize("name", ["_gone", "Worker.gone", "Gone.invoke", "TABLE[gone]", "GONE[greet]"])
def test_missing_target_is_refused(module: ModuleType, name: str) -> None:
    with pytest.raises(Incompatible) as refused:
        patch(module, name, shout, DIFFERENCE)
    assert str(refused.value) == f"a-difference: vendor.{name} no longer exists"


@pytest.mark.parametrize("replacement", [other_name, other_order, other_default, any_arguments, asynchronous])
def test_other_parameters_are_refused(module: ModuleType, replacement: Callable[..., str]) -> None:
    with pytest.raises(Incompatible, match=r"a-difference: vendor._greet has changed: expected .*, found \(name, "):
        patch(module, "_greet", replacement, DIFFERENCE)
    assert module._greet("ann") == "hello ann"


def test_value_is_replaced_only_by_one_of_its_type(module: ModuleType) -> None:
    patch(module, "LIMIT", 4, DIFFERENCE)
    assert module.LIMIT == 4
    with pytest.raises(Incompatible, match=r"vendor.TABLE is now a dict, not a list"):
        patch(module, "TABLE", [], DIFFERENCE)


def test_new_name_must_not_exist_yet(module: ModuleType) -> None:
    patch(module, "added", {}, DIFFERENCE, new=True)
    assert module.added == {}
    with pytest.raises(Incompatible, match=r"a-difference: vendor._greet exists already"):
        patch(module, "_greet", shout, DIFFERENCE, new=True)


def test_patching_again_with_the_same_replacement_changes_nothing(module: ModuleType) -> None:
    patch(module, "_greet", shout, DIFFERENCE)
    patched = module._greet
    patch(module, "_greet", shout, DIFFERENCE)
    assert module._greet is patched
    with pytest.raises(ValueError, match="patched twice"):
        patch(module, "_greet", replace_greeting, DIFFERENCE)


class Installing:
    def __init__(self, install: Callable[[], None]) -> None:
        self.install = install


def test_everything_that_does_not_fit_is_listed(module: ModuleType) -> None:
    uses(DIFFERENCE, module, "_greet(name, greeting='hello')", "async serve(path)", "LIMIT", "Worker._process")
    uses(DIFFERENCE, module, "_gone", "_greet(who)", "serve(path)", "_greet", "Worker._gone")
    addition = Installing(lambda: patch(module, "_greet", other_name, DIFFERENCE))
    with pytest.raises(Incompatible) as refused:
        patches.install([addition])
    first, *faults, last = str(refused.value).splitlines()
    assert "ministack 1." in first
    assert [fault.partition(" ")[0] for fault in map(str.strip, faults)] == ["a-difference:"] * 6
    assert [fault.split()[1] for fault in faults] == [
        "vendor._gone", "vendor._greet", "vendor.serve", "vendor._greet", "vendor.Worker._gone", "vendor._greet",
    ]  # fmt: skip
    assert "Install the versions that the project pins" in last


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        (
            "services/lambda_svc.py",
            "def _emit_lambda_logs(",
            "def _write_lambda_logs(",
            "log-permission, embedded-metrics: ministack.services.lambda_svc._emit_lambda_logs no longer exists",
        ),
        (
            "services/iam.py",
            "def get_state(",
            "def read_state(",
            "saved-while-running: ministack.services.iam.get_state no longer exists",
        ),
        (
            "services/dynamodb.py",
            "def load_persisted_state(",
            "def load_state(",
            "saved-while-running: ministack.services.dynamodb.load_persisted_state no longer exists",
        ),
        (
            "services/cloudwatch.py",
            "def _metric_bucket(key: tuple)",
            "def _metric_bucket(metric: tuple)",
            "saved-while-running: ministack.services.cloudwatch._metric_bucket has changed: expected (key), found (metric)",
        ),
        (
            "core/lambda_runtime.py",
            "def invoke(self, event, request_id: str, *, trace_id: str | None = None,\n               depth=None,",
            "def invoke(self, request_id, event, *, trace_id: str | None = None,\n               depth=None,",
            "ministack.core.lambda_runtime.Worker.invoke has changed: expected (self, event, request_id, ",
        ),
        (
            "services/cognito.py",
            "_user_pools",
            "_pools",
            "refresh-token-rotation: ministack.services.cognito._user_pools no longer exists",
        ),
        (
            "services/apigateway_v1.py",
            "def _put_integration(",
            "def _set_integration(",
            "put-rest-api: ministack.services.apigateway_v1._put_integration no longer exists",
        ),
        (
            "app.py",
            "SERVICE_HANDLERS",
            "HANDLERS",
            "saved-while-running: ministack.app.SERVICE_HANDLERS no longer exists",
        ),
    ],
    ids=[
        "renamed state",
        "renamed loading of state",
        "renamed function",
        "renamed parameter",
        "reordered method",
        "renamed table",
        "renamed function that is called",
        "renamed mapping",
    ],
)
def test_emulator_refuses_to_start_on_a_changed_ministack(
    tmp_path: Path, file: str, old: str, new: str, fault: str
) -> None:
    edit(copy_of_ministack(tmp_path) / file, old, new)
    command = [sys.executable, "-P", "-m", "emulator", "--port", str(free_port()), "--region", REGION]
    command += ["--state", str(tmp_path / "state")]
    ended = subprocess.run(
        command, env={"PYTHONPATH": importing(tmp_path)}, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "The emulator cannot start." in ended.stderr
    assert fault in ended.stderr


class Source:
    """A source file, read for how it uses the packages of others.

    Attributes:
        modules: names in the file -> the modules of MiniStack or Hypercorn that they mean.
        declared: the names that the file declares, by module, as in `uses` and `patch`.
        read: the names of those modules that it reads, by module.
        private: the private attributes that it reads of anything but `self`.
        faults: what bypasses `patch`.
    """

    def __init__(self, text: str) -> None:
        tree = ast.parse(text)
        self.modules = {name: module for node in ast.walk(tree) for name, module in _imported_modules(node)}
        self.declared: set[tuple[str, str]] = set()
        self.read: set[tuple[str, str]] = set()
        self.private: set[str] = set()
        self.faults: list[str] = []
        for node in ast.walk(tree):
            self._visit(node)

    def _visit(self, node: ast.AST) -> None:
        match node:
            case ast.ImportFrom(module=str(package)) if _is_vendors(package):
                names = {alias.name for alias in node.names}
                self.faults += [f"imports {name}" for name in names if not _is_module(f"{package}.{name}")]
            case ast.Import(names=names) if any(_is_vendors(alias.name) for alias in names):
                self.faults.append("imports a package whole")
            case ast.Call(func=ast.Name(id="uses"), args=[_, ast.Name(id=alias), *declarations]):
                self.declared |= {(self.modules[alias], name) for name in _literals(declarations)}
            case ast.Call(func=ast.Name(id="patch"), args=[ast.Name(id=alias), name, *_]) if alias in self.modules:
                self.declared |= {(self.modules[alias], name) for name in _literals([name])}
            case ast.Call(func=ast.Name(id="setattr" | "delattr" as function)):
                self.faults.append(f"calls {function}")
            case ast.Call(func=ast.Name(id="vars" | "getattr"), args=[ast.Name(id=alias), *_]) if alias in self.modules:
                self.faults.append(f"reads {alias} by a computed name")
            case ast.Attribute(ctx=ast.Store() | ast.Del()) if _root(node) in self.modules:
                self.faults.append(f"assigns {ast.unparse(node)}")
            case ast.Subscript(value=ast.Attribute(attr=name), ctx=ast.Store() | ast.Del()) if name.isupper():
                self.faults.append(f"assigns {ast.unparse(node)}")
            case ast.Attribute(value=ast.Name(id=alias), attr=name) if alias in self.modules:
                self.read.add((self.modules[alias], name))
            case ast.Attribute(value=owner, attr=name) if name.startswith("_") and not name.startswith("__"):
                if not isinstance(owner, ast.Name) or owner.id not in ("self", "cls", "os"):
                    self.private.add(name)


def _imported_modules(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.ImportFrom) and node.module and _is_vendors(node.module):
        for alias in node.names:
            if _is_module(f"{node.module}.{alias.name}"):
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _is_vendors(package: str) -> bool:
    return package.partition(".")[0] in ("ministack", "hypercorn")


def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _literals(nodes: list[ast.expr]) -> Iterator[str]:
    """The names in declarations, such as `Worker` and `_proc` in "Worker._proc(a)"."""
    for node in nodes:
        if isinstance(node, ast.Constant):
            path = str(node.value).removeprefix("async ").partition("(")[0].partition("[")[0]
            yield from path.split(".")
        elif isinstance(node, ast.JoinedStr):
            yield from _literals(node.values)


# What is documented to users of the package: the server and its settings.
PUBLIC = {"server.py": ["imports serve", "imports Config"]}
SOURCES = {
    path.relative_to(SOURCE).as_posix(): Source(path.read_text(encoding="utf-8"))
    for path in SOURCE.rglob("*.py")
    if path.name != "patches.py"
}
DECLARED = {name for source in SOURCES.values() for _, name in source.declared}


@pytest.mark.parametrize("file", SOURCES)
def test_no_change_of_a_foreign_package_bypasses_patch(file: str) -> None:
    assert SOURCES[file].faults == PUBLIC.get(file, [])


@pytest.mark.parametrize("file", SOURCES)
def test_every_foreign_name_that_is_read_is_declared_in_its_folder(file: str) -> None:
    folder = Path(file).parent
    declared = {name for other, source in SOURCES.items() if Path(other).parent == folder for name in source.declared}
    assert SOURCES[file].read - declared == set()


@pytest.mark.parametrize("file", SOURCES)
def test_every_private_attribute_that_is_read_is_declared(file: str) -> None:
    assert SOURCES[file].private - DECLARED == set()


@pytest.mark.parametrize(
    "statement",
    [
        "cloudwatch._metrics = {}",
        "cloudwatch.Alarm.state = 1",
        "app.SERVICE_HANDLERS['iam'] = None",
        "setattr(cloudwatch, '_metrics', {})",
        "del cloudwatch._metrics",
        "vars(cloudwatch).update(a=1)",
        "getattr(cloudwatch, name)()",
        "from ministack.services.cloudwatch import _metrics",
        "import ministack.app",
    ],
)
def test_change_that_bypasses_patch_is_found(statement: str) -> None:
    assert Source(f"from ministack import app\nfrom ministack.services import cloudwatch\n{statement}").faults


def test_undeclared_names_are_found() -> None:
    source = Source(
        "from ministack.services import cloudwatch\n"
        "uses(ALARMS, cloudwatch, '_alarms', '_evaluate(alarm)')\n"
        "cloudwatch._evaluate(cloudwatch._alarms, cloudwatch._metrics, worker._process, self._own)\n"
    )
    assert source.read - source.declared == {("ministack.services.cloudwatch", "_metrics")}
    assert source.private == {"_process"}
