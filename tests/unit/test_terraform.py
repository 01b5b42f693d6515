"""Where Terraform and its provider come from, and what is told of a Terraform that ends badly."""

from __future__ import annotations

import hashlib
import http.server
import io
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from crudctl.console import Failed
from crudctl.infra import download, mirrors
from crudctl.infra.terraform import Terraform, Unknown
from crudctl.project import Environment

WANTED = ">= 5.100, < 7"


@pytest.mark.parametrize(
    "layout",
    [
        "registry.terraform.io/hashicorp/aws/6.1.0/linux_amd64/terraform-provider-aws",
        "tf-plugins/registry.terraform.io/hashicorp/aws/6.1.0/linux_amd64/terraform-provider-aws",
        "vendor/mirror/registry.terraform.io/hashicorp/aws/terraform-provider-aws_6.1.0_linux_amd64.zip",
    ],
)
def test_a_provider_mirror_is_found_unpacked_or_packed(tmp_path: Path, layout: str) -> None:
    (tmp_path / layout).parent.mkdir(parents=True)
    (tmp_path / layout).write_text("", encoding="utf-8")
    found = mirrors.mirror(WANTED, None, (str(tmp_path / "nothing"), str(tmp_path)), "linux_amd64")
    assert found == tmp_path / layout.partition("registry.terraform.io")[0].rstrip("/")
    assert mirrors.mirror(WANTED, str(tmp_path), (), "linux_amd64") == found


@pytest.mark.parametrize("held", ["hashicorp/random/3.0.0/linux_amd64", "hashicorp/aws/4.67.0/linux_amd64",
                                  "hashicorp/aws/7.0.0/linux_amd64", "hashicorp/aws/6.1.0/darwin_arm64"])  # fmt: skip
def test_a_mirror_without_a_fitting_provider_is_passed_over(tmp_path: Path, held: str) -> None:
    (tmp_path / "a" / "registry.terraform.io" / held).mkdir(parents=True)
    assert mirrors.mirror(WANTED, None, (str(tmp_path),), "linux_amd64") is None
    (tmp_path / "b/registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64").mkdir(parents=True)
    assert mirrors.mirror(WANTED, None, (str(tmp_path),), "linux_amd64") == tmp_path / "b"


@pytest.mark.parametrize(
    ("version", "wanted", "expected"),
    [
        ("5.100.0", WANTED, True),
        ("5.99.0", WANTED, False),
        ("7.0.0", WANTED, False),
        ("6.0.0-beta1", WANTED, False),
        ("1.2.9", "~> 1.2.3", True),
        ("1.3.0", "~> 1.2.3", False),
        ("1.9.0", "~> 1.2", True),
        ("2.0.0", "~> 1.2", False),
        ("1.2", "1.2.0", True),
        ("1.2.0", "!= 1.2.0", False),
        ("1.2.0", "", True),
        ("1.2.0", "nonsense", False),
    ],
)
def test_a_version_is_measured_as_terraform_does(version: str, wanted: str, expected: bool) -> None:
    assert mirrors.fits(version, wanted) is expected


def test_the_constraint_is_the_one_that_terraform_reads() -> None:
    versions = Path(__file__).parents[2] / "infra" / "versions.tf"
    assert mirrors.fits("5.100.0", mirrors.constraint(versions.read_text(encoding="utf-8")))
    assert mirrors.constraint(versions.read_text(encoding="utf-8"))


class Releases(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and keeps quiet."""

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def releases(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A site with one release; its address and the checksum of the archive."""
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
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", hashlib.sha256(archive.getvalue()).hexdigest()
        server.shutdown()


def test_a_missing_terraform_is_fetched_once(tmp_path: Path, releases: tuple[str, str]) -> None:
    site, checksum = releases
    program = download.terraform(tmp_path / "tools", site, {"linux_amd64": checksum}, "linux_amd64")
    assert program.read_text(encoding="utf-8") == "#!/bin/sh\necho it runs\n"
    assert program.stat().st_mode & 0o111
    assert download.terraform(tmp_path / "tools", "http://127.0.0.1:9", {}, "linux_amd64") == program
    assert [path.name for path in (tmp_path / "tools").iterdir()] == [program.name]


def test_an_archive_with_another_checksum_leaves_nothing_behind(tmp_path: Path, releases: tuple[str, str]) -> None:
    site, checksum = releases
    wrong = "0" * 64
    with pytest.raises(Failed, match=f"has the SHA-256 {checksum}; {wrong} is right") as failure:
        download.terraform(tmp_path / "tools", site, {"linux_amd64": wrong}, "linux_amd64")
    assert "Install Terraform" in failure.value.hint
    assert list((tmp_path / "tools").iterdir()) == []


@pytest.mark.parametrize(
    ("system", "match"), [("plan9_mips", "none is known"), ("linux_amd64", "could not be fetched")]
)
def test_what_cannot_be_fetched_says_what_to_install(tmp_path: Path, system: str, match: str) -> None:
    with pytest.raises(Failed, match=match) as failure:
        download.terraform(tmp_path / "tools", "http://127.0.0.1:9", {"linux_amd64": ""}, system)
    assert "Install Terraform 1.11" in failure.value.hint


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `terraform` on PATH that only initialises; what else it does is in the file `apply`."""
    program = tmp_path / "bin" / "terraform"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\ncase $1 in version) echo \'{"terraform_version": "1.11.4"}\';; '
        f'init) mkdir -p "$TF_DATA_DIR/providers/{mirrors.PROVIDER}/6.1.0/any";; '
        f"apply) . {tmp_path}/apply;; esac\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "versions.tf").write_text("", encoding="utf-8")
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return tmp_path / "apply"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("kill -9 $$", "ended with -9"),
        ("exit 1", "ended with 1"),
        ("echo no such flag >&2; exit 1", "no such flag"),
        ("""echo '{"type":"diagnostic","diagnostic":{"severity":"error","summary":"No","detail":"way"}}'; exit 1""",
         "No\nway"),
    ],
)  # fmt: skip
def test_a_terraform_that_ends_badly_has_applied_nothing(stand_in: Path, script: str, told: str) -> None:
    stand_in.write_text(script, encoding="utf-8")
    with pytest.raises(Failed) as failure:
        Terraform(Environment(stand_in.parent, "local")).apply(lambda _: None)
    assert told in failure.value.message


def test_progress_counts_what_is_made_of_what_is_planned(stand_in: Path) -> None:
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
    told: list[str] = []
    summary = Terraform(Environment(stand_in.parent, "local")).apply(told.append)
    assert told == ["1 of 2, a", "2 of 2, b"]
    assert summary == {"add": 2, "change": 0, "remove": 0}


def test_a_terraform_that_waits_for_a_lost_answer_is_ended(stand_in: Path) -> None:
    """And what it started with it: an interrupted one would wait on."""
    stand_in.write_text(
        """trap '' INT TERM
echo '{"type":"apply_progress","hook":{"action":"create","elapsed_seconds":110,"resource":{"addr":"a"}}}'
echo '{"type":"apply_progress","hook":{"action":"create","elapsed_seconds":120,"resource":{"addr":"a"}}}'
sleep 300 & wait
""",
        encoding="utf-8",
    )
    with pytest.raises(Unknown, match=r"not answered for 120 s \(a\)"):
        Terraform(Environment(stand_in.parent, "local")).apply(lambda _: None)
