"""The package: what is in the zip, and that the same sources give the same bytes."""

from __future__ import annotations

import marshal
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from crudctl.build import package, service
from crudctl.build.contract import ContractError

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


def test_the_zip_contains_sources_their_bytecode_and_nothing_else(project: Path) -> None:
    built = package.build(project)
    names = set(zipfile.ZipFile(built.zip).namelist())
    source = ROOT / "src"
    modules = {path.relative_to(source).with_suffix("") for path in (source / "functions").rglob("*.py")}
    tag = sys.implementation.cache_tag
    assert names == {f"{m}.py" for m in modules} | {f"{m.parent}/__pycache__/{m.name}.{tag}.pyc" for m in modules}
    assert built.zip.stat().st_size < 150_000


def test_the_bytecode_is_used_whatever_times_the_files_have(project: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(package.build(project).zip) as archive:
        archive.extractall(tmp_path)
    sources = list((tmp_path / "functions").glob("*.py"))
    assert sources
    for source in sources:
        source.write_text("raise AssertionError('compiled again')\n", encoding="utf-8")
    code = "import functions.body; print(functions.body.MAX_BODY)"
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "131072"


def test_a_traceback_has_the_paths_on_lambda(project: Path) -> None:
    name = f"functions/__pycache__/http.{sys.implementation.cache_tag}.pyc"
    with zipfile.ZipFile(package.build(project).zip) as archive:
        data = archive.read(name)
    assert marshal.loads(data[16:]).co_filename == "/var/task/functions/http.py"


def test_a_module_that_does_not_compile_is_named(project: Path, tmp_path: Path) -> None:
    shutil.copytree(project, tmp_path / "broken")
    (tmp_path / "broken" / "src" / "functions" / "item.py").write_text("def (", encoding="utf-8")
    with pytest.raises(subprocess.CalledProcessError) as failure:
        package.build(tmp_path / "broken")
    assert "item.py" in failure.value.stdout


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
