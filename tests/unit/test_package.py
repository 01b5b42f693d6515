"""The package: what is in the zip, and that the same sources give the same bytes."""

from __future__ import annotations

import marshal
import os
import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest

from crudctl.build import bytecode, package, service, unchanged
from crudctl.build.contract import ContractError
from crudctl.console import Failed

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    for folder in ("contract", "src/functions"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return root


def begin_build(project: Path, seed: str) -> subprocess.Popen[bytes]:
    """Start a build in a process of its own with a hash seed."""
    code = f"from pathlib import Path; from crudctl.build import package; package.build(Path({str(project)!r}))"
    environ = os.environ | {
        "PYTHONHASHSEED": seed,
        "PYTHONPATH": str(ROOT / "src"),
        "TZ": "Asia/Tokyo" if seed == "1" else "UTC",
    }
    return subprocess.Popen([sys.executable, "-c", code], env=environ)


def built_elsewhere(project: Path, seed: str) -> bytes:
    """Return the zip, built in a process of its own with a hash seed."""
    assert begin_build(project, seed).wait() == 0
    return (project / "build" / "functions.zip").read_bytes()


def test_two_builds_have_the_same_bytes(project: Path) -> None:
    first = built_elsewhere(project, "1")
    for file in (project / "src" / "functions").glob("*.py"):
        os.utime(file, (1, 1))
    assert built_elsewhere(project, "2") == first


def test_builds_at_the_same_time_have_the_same_bytes_and_leave_nothing_behind(project: Path) -> None:
    first = package.build(project).zip.read_bytes()
    building = [begin_build(project, str(seed)) for seed in range(2)]
    assert [each.wait() for each in building] == [0, 0]
    assert (project / "build" / "functions.zip").read_bytes() == first
    assert [path.name for path in (project / "build").iterdir() if path.is_dir()] == []


def modules_in(archive: zipfile.ZipFile) -> dict[str, CodeType]:
    """Return the code of the modules in a zip by their names."""
    found: dict[str, CodeType] = marshal.loads(archive.read(f"functions/{bytecode.CODE}"))
    return found


def codes(code: CodeType) -> Iterator[CodeType]:
    """Yield a code object and all within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def run(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-c", code], env=environ, cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def built(project: Path) -> Path:
    """Return a zip, built once."""
    return package.build(project).zip


@pytest.fixture(scope="module")
def unpacked(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the zip is unpacked, as Lambda does."""
    folder = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder)
    return folder


def test_the_zip_contains_the_code_of_every_module_its_loader_and_nothing_else(built: Path) -> None:
    source = ROOT / "src"
    paths = [path.relative_to(source).with_suffix("") for path in (source / "functions").rglob("*.py")]
    with zipfile.ZipFile(built) as archive:
        assert archive.namelist() == ["functions/__init__.pyc", f"functions/{bytecode.CODE}"]
        modules = modules_in(archive)
        assert modules.keys() == {".".join(path.parts).removesuffix(".__init__") for path in paths}
    contract = len(zlib.compress(marshal.dumps(modules["functions.operations"])))
    if sys.version_info[:2] == package.LAMBDA_PYTHON:  # the size of bytecode differs between versions
        assert built.stat().st_size - contract < 60_000  # whatever the contract is


def test_every_module_of_the_zip_is_imported_from_it(built: Path, unpacked: Path) -> None:
    with zipfile.ZipFile(built) as archive:
        names = sorted(modules_in(archive).keys() - {"functions"})
    code = f"import importlib\nfor name in {names}: print(importlib.import_module(name).__spec__.origin)"
    found = run(unpacked, code)
    assert not found.stderr
    assert all(line.startswith("/var/task/functions/") for line in found.stdout.splitlines())
    assert len(found.stdout.splitlines()) == len(names)


def test_a_module_that_is_not_in_the_zip_is_missing(unpacked: Path) -> None:
    assert (
        "ModuleNotFoundError: No module named 'functions.nothing'" in run(unpacked, "import functions.nothing").stderr
    )


def test_a_traceback_names_files_lines_and_functions_as_in_the_sources(unpacked: Path) -> None:
    code = (
        "import traceback\nfrom functions.aws import attributes\n"
        "try: attributes.marshal({'a': [1.5]})\n"
        "except TypeError as error:\n"
        " for frame in traceback.extract_tb(error.__traceback__)[1:]: print(frame.filename, frame.lineno, frame.name)"
    )
    lines = (ROOT / "src" / "functions" / "aws" / "attributes.py").read_text(encoding="utf-8").splitlines()
    shown = [line.split() for line in run(unpacked, code).stdout.splitlines()]
    assert {file for file, _, _ in shown} == {"/var/task/functions/aws/attributes.py"}
    assert shown[-1][2] == "_value"
    assert lines[int(shown[-1][1]) - 1].lstrip().startswith("raise TypeError")


def test_the_code_has_neither_docstrings_nor_annotations(built: Path) -> None:
    with zipfile.ZipFile(built) as archive:
        found = [code for module in modules_in(archive).values() for code in codes(module)]
    assert not [code.co_name for code in found if "__annotations__" in code.co_names]
    texts = {constant for code in found for constant in code.co_consts if isinstance(constant, str)}
    assert not [text for text in texts if text.startswith(("Return ", "Raise ", "Whether "))]


def test_another_version_of_python_says_that_the_bytecode_is_not_for_it(unpacked: Path, tmp_path: Path) -> None:
    """The way the loader begins, with the number of another version: https://docs.python.org/3/library/importlib.html"""
    shutil.copytree(unpacked, tmp_path, dirs_exist_ok=True)
    loader = tmp_path / "functions" / "__init__.pyc"
    loader.write_bytes(b"\xcb\r\r\n" + loader.read_bytes()[4:])
    assert "ImportError: bad magic number in 'functions'" in run(tmp_path, "import functions.handlers").stderr


def test_a_module_that_does_not_compile_is_named(project: Path, tmp_path: Path) -> None:
    shutil.copytree(project, tmp_path / "broken")
    (tmp_path / "broken" / "src" / "functions" / "item.py").write_text("def (", encoding="utf-8")
    with pytest.raises(subprocess.CalledProcessError) as failure:
        package.build(tmp_path / "broken")
    assert "functions/item.py" in failure.value.stderr.replace(os.sep, "/")
    assert "SyntaxError" in failure.value.stderr


def test_an_operation_without_a_handler_is_refused(project: Path, tmp_path: Path) -> None:
    shutil.copytree(project, tmp_path / "another")
    path = tmp_path / "another" / "src" / "functions" / "handlers.py"
    path.write_text(path.read_text(encoding="utf-8").replace("def list_page(", "def list_pages("), encoding="utf-8")
    lists = service.load(project).operation(service.LIST)
    missing = (
        f"GET {lists.path}: src/functions/handlers.py has no function list_page, which would serve {lists.id}. Add it"
    )
    with pytest.raises(ContractError, match=re.escape(missing)):
        package.build(tmp_path / "another")


def test_package_is_built_again_only_if_something_has_changed(project: Path, tmp_path: Path) -> None:
    """What is built is a new file each time, so that its number tells whether it was."""
    root = Path(shutil.copytree(project, tmp_path / "project", ignore=shutil.ignore_patterns("build")))

    def files_of_a_build() -> tuple[int, int]:
        unchanged.build(root)
        return tuple((root / "build" / name).stat().st_ino for name in ("service.json", "openapi.json"))  # type: ignore[return-value]

    first = files_of_a_build()
    assert files_of_a_build() == first
    for changed in ("src/functions/handlers.py", "build/functions.zip"):
        with (root / changed).open("ab") as file:
            file.write(b"\n# changed\n")
        second = files_of_a_build()
        assert second != first, changed
        assert files_of_a_build() == second
        first = second
    (root / "build" / "rollback.zip").unlink()
    unchanged.build(root)
    assert (root / "build" / "rollback.zip").exists()


def test_package_that_cannot_be_built_is_reported_every_time(project: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(project, tmp_path / "project", ignore=shutil.ignore_patterns("build")))
    unchanged.build(root)
    with (root / "contract" / "openapi.yaml").open("a") as file:
        file.write("\nnothing: [of this\n")
    for _ in range(2):
        with pytest.raises(Failed, match="cannot be read"):
            unchanged.build(root)
