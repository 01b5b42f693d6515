"""Where Terraform and its provider come from, and how failures and progress of Terraform are reported."""

from __future__ import annotations

import gc
import hashlib
import http.server
import io
import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crudctl.console import Failed
from crudctl.infra import download, provider
from crudctl.infra.folder import PrivateFolder
from crudctl.infra.state import outputs
from crudctl.infra.terraform import Plan, Terraform, Unknown
from crudctl.operate import doctor
from crudctl.project import Environment
from tests.stack import ROOT, put_names

FIND_MIRROR = ROOT / "scripts" / "find-provider-mirror"


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A filesystem mirror with an AWS provider, which `terraform init` installs without starting it."""
    plugin = (
        tmp_path / "home/mirror" / provider.ADDRESS / "6.1.0" / download.this_system() / "terraform-provider-aws_v6.1.0"
    )
    plugin.parent.mkdir(parents=True)
    plugin.write_text("#!/bin/sh\n", encoding="utf-8")
    plugin.chmod(0o755)
    return tmp_path / "home" / "mirror"


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """A local environment on a machine without a mirror of its own and without a registry."""
    monkeypatch.setattr(provider, "IMPLIED", ())
    monkeypatch.delenv(provider.MIRROR, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    put_names(tmp_path)
    (tmp_path / "infra" / "versions.tf").write_text(
        'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws" }\n  }\n}\n', encoding="utf-8"
    )
    return Environment(tmp_path, "local")


def test_a_mirror_that_is_named_once_stays_in_use(
    environment: Environment, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(provider.MIRROR, str(mirror))
    Terraform(environment).init()
    assert provider.source(environment) == f"from {mirror}"
    monkeypatch.delenv(provider.MIRROR)
    Terraform(environment).init()
    assert provider.source(environment).startswith("from the mirror in ")
    assert list((environment.home / "terraform" / "data" / "providers" / provider.ADDRESS).iterdir()) != []


def test_without_a_mirror_and_a_registry_the_hint_names_both(environment: Environment) -> None:
    for attempt in (lambda: provider.source(environment), Terraform(environment).init):
        with pytest.raises(Failed) as failure:
            attempt()
        assert "registry.terraform.io" in failure.value.hint
        assert "TF_PLUGIN_DIR" in failure.value.hint


PIN = """terraform {{
  required_providers {{
    aws = {{
      source  = "hashicorp/aws"
      version = "{}"
    }}
  }}
}}
"""
LOCKED = 'provider "registry.terraform.io/hashicorp/aws" {{\n  version     = "{}"\n  hashes = ["h1:x", "zh:y"]\n}}\n'


@pytest.fixture
def pinned(tmp_path: Path) -> Path:
    """A project in git whose two roots pin the tested version of the provider."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "infra" / "ci").mkdir(parents=True)
    for folder in provider.ROOTS:
        (tmp_path / folder / "versions.tf").write_text(PIN.format(provider.TESTED), encoding="utf-8")
    return tmp_path


def pin(root: Path, *versions: str) -> None:
    """Pin these versions in infra and infra/ci."""
    for folder, version in zip(provider.ROOTS, versions, strict=True):
        (root / folder / "versions.tf").write_text(PIN.format(version), encoding="utf-8")


def lock(root: Path, version: str, commit: bool = True) -> None:
    """Write lock files of a version into both roots."""
    for folder in provider.ROOTS:
        (root / folder / provider.LOCK).write_text(LOCKED.format(version), encoding="utf-8")
    if commit:
        subprocess.run(
            ["git", "-C", root, "add", "--force", *(str(each / provider.LOCK) for each in provider.ROOTS)], check=True
        )


def test_this_project_pins_what_was_tested_and_the_tests_run_with_it() -> None:
    assert provider.version(ROOT) == f"{provider.TESTED}, no lock file"
    mirror = subprocess.run([FIND_MIRROR], capture_output=True, text=True, check=True).stdout.strip()
    assert not mirror or (Path(mirror) / provider.ADDRESS / provider.TESTED).is_dir()


def test_doctor_shows_the_version_and_where_it_is_from_or_what_is_wrong_with_it(
    pinned: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(provider.MIRROR, str(mirror))
    prod = Environment(pinned, "prod")
    assert doctor.aws_provider(prod) == f"{provider.TESTED}, no lock file, from {mirror}"
    pin(pinned, "6.1.0", "6.1.0")
    with pytest.raises(Failed, match="no lock file is committed"):
        doctor.aws_provider(prod)


@pytest.mark.parametrize("range_", [">= 5.100, < 7", "~> 5.100.0", "5.100", ">= 5.100.0", "!= 5.99.0"])
def test_a_root_that_accepts_several_versions_is_reported(pinned: Path, range_: str) -> None:
    pin(pinned, provider.TESTED, range_)
    with pytest.raises(Failed, match=r"infra/ci/versions.tf accepts several versions"):
        provider.version(pinned)


def test_roots_with_two_versions_are_reported(pinned: Path) -> None:
    pin(pinned, "6.1.0", "6.2.0")
    with pytest.raises(Failed, match=r"infra/versions.tf uses 6.1.0 and infra/ci/versions.tf uses 6.2.0"):
        provider.version(pinned)


def test_an_untested_version_needs_committed_lock_files(pinned: Path) -> None:
    pin(pinned, "6.1.0", "6.1.0")
    for state in (None, "written by init"):
        if state:
            lock(pinned, "6.1.0", commit=False)
        with pytest.raises(Failed, match=r"is 6.1.0; the tests of this version ran with 5.100.0, and no lock file"):
            provider.version(pinned)
    lock(pinned, "6.1.0")
    assert provider.version(pinned) == "6.1.0 (tested: 5.100.0), locked"


def test_a_lock_file_of_another_version_is_reported(pinned: Path) -> None:
    lock(pinned, "6.1.0")
    with pytest.raises(Failed, match=r"infra/.terraform.lock.hcl has version 6.1.0 .* pins 5.100.0"):
        provider.version(pinned)
    lock(pinned, provider.TESTED)
    assert provider.version(pinned) == f"{provider.TESTED}, locked"


def test_a_deploy_uses_the_committed_lock_file_and_none_of_an_earlier_version(pinned: Path) -> None:
    deployed = pinned / ".deployed" / "infra"
    deployed.mkdir(parents=True)
    earlier = deployed / provider.LOCK
    for version, stays in ((provider.TESTED, True), ("5.99.0", False)):
        earlier.write_text(LOCKED.format(version), encoding="utf-8")
        provider.lay_lock(pinned / "infra", deployed)
        assert earlier.exists() is stays
    lock(pinned, provider.TESTED)
    provider.lay_lock(pinned / "infra", deployed)
    assert earlier.read_text(encoding="utf-8") == LOCKED.format(provider.TESTED)


def test_a_committed_lock_file_is_not_deleted_when_the_mirror_has_another_version(
    environment: Environment, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`up` deletes one that `init` wrote, because it can be of another machine; a committed one is somebody's choice."""
    monkeypatch.setenv(provider.MIRROR, str(mirror))
    subprocess.run(["git", "init", "-q", environment.root], check=True)
    written = environment.root / "infra" / provider.LOCK
    written.write_text(LOCKED.format("5.99.0"), encoding="utf-8")
    Terraform(environment).init()
    assert "6.1.0" in written.read_text(encoding="utf-8")
    written.write_text(LOCKED.format("5.99.0"), encoding="utf-8")
    subprocess.run(["git", "-C", environment.root, "add", "--force", "infra"], check=True)
    with pytest.raises(Failed, match="terraform init failed"):
        Terraform(environment).init()
    assert "5.99.0" in written.read_text(encoding="utf-8")


def test_a_named_folder_without_the_provider_is_reported(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(provider.MIRROR, str(tmp_path))
    with pytest.raises(Failed, match=f"There is no registry.terraform.io/hashicorp/aws in {tmp_path}"):
        provider.source(environment)


@pytest.mark.parametrize(
    ("registry", "named", "expected"),
    [(False, "", "{home}/mirror"), (True, "", ""), (True, "named", "named")],
    ids=["registry out of reach", "registry in reach", "already set"],
)
def test_make_finds_a_mirror_only_where_one_is_needed(
    tmp_path: Path, mirror: Path, registry: bool, named: str, expected: str
) -> None:
    curl = tmp_path / "bin" / "curl"
    curl.parent.mkdir()
    curl.write_text(f"#!/bin/sh\nexit {0 if registry else 6}\n", encoding="utf-8")
    curl.chmod(0o755)
    environ = {"PATH": f"{curl.parent}:/usr/bin:/bin", "HOME": str(mirror.parent), "TF_PLUGIN_DIR": named}
    printed = subprocess.run([FIND_MIRROR], env=environ, check=True, capture_output=True, text=True).stdout
    assert printed.strip() == expected.format(home=mirror.parent)


class Releases(http.server.SimpleHTTPRequestHandler):
    """Serves a folder without logging."""

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def releases(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A site with one release: its URL and the checksum of the archive."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("LICENSE.txt", "")
        zipped.writestr("terraform", "#!/bin/sh\necho it runs\n")
    folder = tmp_path / "site" / download.VERSION
    folder.mkdir(parents=True)
    (folder / f"terraform_{download.VERSION}_linux_amd64.zip").write_bytes(archive.getvalue())

    def handler(*arguments: object) -> Releases:
        return Releases(*arguments, directory=str(tmp_path / "site"))  # type: ignore[arg-type]

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", hashlib.sha256(archive.getvalue()).hexdigest()
        server.shutdown()


def test_a_missing_terraform_is_downloaded_once(tmp_path: Path, releases: tuple[str, str]) -> None:
    site, checksum = releases
    program = download.terraform(tmp_path / "tools", site, {"linux_amd64": checksum}, "linux_amd64")
    assert program.read_text(encoding="utf-8") == "#!/bin/sh\necho it runs\n"
    assert program.stat().st_mode & 0o111
    assert download.terraform(tmp_path / "tools", "http://127.0.0.1:9", {}, "linux_amd64") == program
    assert [path.name for path in (tmp_path / "tools").iterdir()] == [program.name]


def test_an_archive_with_another_checksum_is_discarded(tmp_path: Path, releases: tuple[str, str]) -> None:
    site, checksum = releases
    wrong = "0" * 64
    with pytest.raises(Failed, match=f"has the SHA-256 {checksum}; expected {wrong}") as failure:
        download.terraform(tmp_path / "tools", site, {"linux_amd64": wrong}, "linux_amd64")
    assert "Install Terraform" in failure.value.hint
    assert list((tmp_path / "tools").iterdir()) == []


@pytest.mark.parametrize(
    ("system", "match"), [("plan9_mips", "no release is pinned"), ("linux_amd64", "could not be downloaded")]
)
def test_a_failed_download_is_reported_with_what_to_install(tmp_path: Path, system: str, match: str) -> None:
    with pytest.raises(Failed, match=match) as failure:
        download.terraform(tmp_path / "tools", "http://127.0.0.1:9", {"linux_amd64": ""}, system)
    assert "Install Terraform 1.11" in failure.value.hint


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for `terraform` on PATH. `apply` runs the script in the file that is returned, others those beside it."""
    program = tmp_path / "bin" / "terraform"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\ncase $1 in version) echo \'{"terraform_version": "1.11.4"}\';; '
        f'init) mkdir -p "$TF_DATA_DIR/providers/{provider.ADDRESS}/6.1.0/any";; '
        f"plan|apply|show) . {tmp_path}/$1;; esac\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    put_names(tmp_path)
    (tmp_path / "infra" / "versions.tf").write_text("", encoding="utf-8")
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return tmp_path / "apply"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("kill -9 $$", "exited with -9"),
        ("exit 1", "exited with 1"),
        ("echo no such flag >&2; exit 1", "no such flag"),
        ("""echo '{"type":"diagnostic","diagnostic":{"severity":"error","summary":"No","detail":"way"}}'; exit 1""",
         "No\nway"),
    ],
)  # fmt: skip
def test_a_failing_terraform_is_reported(stand_in: Path, script: str, message: str) -> None:
    stand_in.write_text(script, encoding="utf-8")
    with pytest.raises(Failed) as failure:
        Terraform(Environment(stand_in.parent, "local")).apply(lambda _: None)
    assert message in failure.value.message


def planned(stand_in: Path, document: dict[str, Any], text: str = "") -> Plan:
    """The plan that the stand-in makes: `document` is what `terraform show -json` prints of it, `text` what `plan` prints."""
    saved = f"{'─' * 77}\n\nSaved the plan to: plan\n"
    (stand_in.parent / "plan").write_text(
        f"""for argument in "$@"; do case $argument in -out=*) : > "${{argument#-out=}}";; esac; done
cat <<'END'
{text}

{saved}END
""",
        encoding="utf-8",
    )
    (stand_in.parent / "show").write_text(f"cat <<'END'\n{json.dumps(document)}\nEND\n", encoding="utf-8")
    return Terraform(Environment(stand_in.parent, "local")).plan()


def change(*actions: str, after: object = None, **more: Any) -> dict[str, Any]:
    """What becomes of a resource, as Terraform describes it."""
    return {"address": "a.b", "type": "a", "change": {"actions": list(actions), "before": {}, "after": after}, **more}


def test_a_plan_is_what_terraform_describes_whatever_its_text_looks_like(stand_in: Path) -> None:
    shown = """module.function["get_item"].aws_lambda_function.this: Refreshing state... [id=items-test-get_item]

Note: Objects have changed outside of Terraform

─────────────────────────────────────────────────────────────────────────────

Plan: 7 to add, 7 to change, 7 to destroy."""
    resources = [change("create"), change("delete", "create"), change("update"), change("no-op"), change("read")]
    plan = planned(stand_in, {"applyable": True, "resource_changes": resources}, shown)
    assert (plan.text, plan.changes, plan.applicable) == (shown, 4, True)


@pytest.mark.parametrize(
    "document",
    [
        {"output_changes": {"url": {"actions": ["update"], "before": "a", "after": "b"}}},
        {"resource_changes": [change("no-op", previous_address="a.c")]},
        {"resource_changes": [{**change("no-op"), "change": {"actions": ["no-op"], "importing": {"id": "x"}}}]},
        {"resource_changes": [change("forget")]},
    ],
    ids=["an output", "a move", "an import", "a removal from the state"],
)
def test_what_changes_no_resource_is_applied_too(stand_in: Path, document: dict[str, Any]) -> None:
    plan = planned(stand_in, {"applyable": True, **document})
    assert (plan.changes, plan.applicable) == (0, True)
    assert plan.digest != planned(stand_in, {"applyable": False, "resource_changes": [change("no-op")]}).digest


def test_a_plan_describes_what_would_change_and_nothing_else(stand_in: Path) -> None:
    changed = {"url": {"actions": ["update"]}, "name": {"actions": ["no-op"]}}
    resources = [change("delete", "create"), change("no-op"), change("read")]
    plan = planned(stand_in, {"applyable": True, "resource_changes": resources, "output_changes": changed})
    assert plan.described == ["delete and create a.b", "update output url"]


def test_two_plans_have_the_same_digest_only_if_they_do_the_same(stand_in: Path) -> None:
    first = planned(stand_in, {"applyable": True, "resource_changes": [change("update", after={"memory": 256})]})
    for other, same in (
        ([change("update", after={"memory": 256}), change("read"), change("no-op")], True),
        ([change("update", after={"memory": 512})], False),
        ([change("delete", "create", after={"memory": 256})], False),
        ([{**change("update", after={"memory": 256}), "address": "a.c"}], False),
    ):
        plan = planned(stand_in, {"applyable": True, "resource_changes": other})
        assert (plan.digest == first.digest) == same


def test_a_plan_stays_in_its_place_only_as_long_as_it_is_needed(stand_in: Path) -> None:
    plan = planned(stand_in, {"applyable": False})
    assert not plan.file.exists()  # its Terraform is gone
    (stand_in.parent / "show").write_text("exit 1", encoding="utf-8")
    with pytest.raises(Failed, match="terraform show failed"):
        Terraform(Environment(stand_in.parent, "local")).plan()
    gc.collect()  # the exception of the failure held the object
    assert not list((stand_in.parent / ".local").rglob("plan"))


def test_a_folder_of_a_killed_process_is_removed_by_the_next_and_one_in_use_is_not(tmp_path: Path) -> None:
    code = (
        "import os; from pathlib import Path; from crudctl.infra.folder import PrivateFolder\n"
        f"folder = PrivateFolder(Path({str(tmp_path)!r})); (folder.path / 'plan').touch(); os.kill(os.getpid(), 9)"
    )
    ours = PrivateFolder(tmp_path)
    subprocess.run([sys.executable, "-c", code], check=False, env=os.environ | {"PYTHONPATH": str(ROOT / "src")})
    assert len(list(tmp_path.rglob("plan"))) == 1
    another = PrivateFolder(tmp_path)
    assert sorted(path for path in tmp_path.iterdir() if path.is_dir()) == sorted([ours.path, another.path])
    another.close()
    assert ours.path.stat().st_mode & 0o777 == 0o700
    ours.close()
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_progress_counts_the_applied_of_the_planned_changes(stand_in: Path) -> None:
    stand_in.write_text(
        """cat <<'END'
{"type":"change_summary","changes":{"add":2,"change":0,"remove":0,"operation":"plan"}}
{"type":"apply_complete","hook":{"action":"read","resource":{"addr":"data.x"}}}
{"type":"apply_complete","hook":{"action":"create","resource":{"addr":"a"}}}
{"type":"apply_complete","hook":{"action":"create","resource":{"addr":"b"}}}
{"type":"change_summary","changes":{"add":2,"change":0,"remove":0,"operation":"apply"}}
END
""",
        encoding="utf-8",
    )
    progress: list[str] = []
    summary = Terraform(Environment(stand_in.parent, "local")).apply(progress.append)
    assert progress == ["1 of 2, a", "2 of 2, b"]
    assert summary == {"add": 2, "change": 0, "remove": 0}


def test_a_terraform_that_waits_for_a_lost_response_is_killed(stand_in: Path) -> None:
    """Its child processes too: an interrupted Terraform would keep waiting."""
    stand_in.write_text(
        """trap '' INT TERM
echo '{"type":"apply_progress","hook":{"action":"create","elapsed_seconds":110,"resource":{"addr":"a"}}}'
echo '{"type":"apply_progress","hook":{"action":"create","elapsed_seconds":120,"resource":{"addr":"a"}}}'
sleep 300 & wait
""",
        encoding="utf-8",
    )
    with pytest.raises(Unknown, match=r"not responded for 120 s \(a\)"):
        Terraform(Environment(stand_in.parent, "local")).apply(lambda _: None)


@pytest.mark.parametrize(
    "stored", [b"", b"[]", b"{}", b'{"version": 5, "outputs": {}}', b'{"version": 4, "serial": 1}']
)
def test_state_of_another_format_is_left_to_terraform(stored: bytes) -> None:
    assert outputs(stored) is None


def test_outputs_in_a_state_are_read_without_terraform() -> None:
    assert outputs(b'{"version": 4, "outputs": {"url": {"value": ["a"], "type": ["tuple", ["string"]]}}}') == {
        "url": ["a"]
    }
