"""What a deploy ships: frozen copies with their checksums, plans that were approved, no older commit, complete versions."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crudctl.console import Failed
from crudctl.deploy import artefacts, revision, shipped, shown
from crudctl.deploy.choices import STEPS, Options
from crudctl.infra.terraform import Plan
from crudctl.release.commands import Pace
from tests.invoke import invoke
from tests.stack import put_names

BUILT = {
    name: f"content of {name}"
    for name in (*artefacts.PACKAGE, artefacts.CONTRACT, artefacts.PAGE, "web/dist/assets/a.js")
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that was built."""
    for name, text in BUILT.items():
        (tmp_path / "project" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "project" / name).write_text(text, encoding="utf-8")
    (tmp_path / "frozen").mkdir()
    return tmp_path / "project"


def sums(project: Path, names: Mapping[str, str] = BUILT) -> str:
    """Write build/SHA256SUMS of some files, and return its SHA-256."""
    lines = [f"{hashlib.sha256((project / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (project / artefacts.CHECKSUMS).write_text("".join(lines), encoding="ascii")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def test_what_is_built_meanwhile_is_not_shipped(project: Path) -> None:
    frozen = artefacts.freeze(project, project.parent / "frozen", STEPS)
    for name in BUILT:
        (project / name).write_text("built meanwhile", encoding="utf-8")
    (project / "web/dist/assets/b.js").write_text("built meanwhile", encoding="utf-8")
    frozen.check()
    assert {name: (frozen.root / name).read_text(encoding="utf-8") for name in frozen.sums} == BUILT
    assert not (frozen.root / "web/dist/assets/b.js").exists()
    expected = hashlib.sha256(BUILT[artefacts.FUNCTIONS].encode()).digest()
    assert base64.b64decode(frozen.code_sha256(artefacts.FUNCTIONS)) == expected


@pytest.mark.parametrize("name", [artefacts.FUNCTIONS, "web/dist/assets/a.js"])
@pytest.mark.parametrize("change", [lambda path: path.write_text("x"), Path.unlink], ids=["changed", "deleted"])
def test_a_copy_that_changes_stops_the_deploy(project: Path, name: str, change: Any) -> None:
    frozen = artefacts.freeze(project, project.parent / "frozen", STEPS)
    change(frozen.root / name)
    with pytest.raises(Failed, match=re.escape(f"{name} changed during the deploy")):
        frozen.check()


@pytest.mark.parametrize(
    ("steps", "missing"),
    [(["apply"], "build/service.json"), (["web"], "web/dist/index.html"), (["release"], "contract/openapi.yaml")],
)
def test_each_step_needs_what_it_ships(project: Path, steps: list[str], missing: str) -> None:
    (project / missing).unlink()
    with pytest.raises(Failed, match=f"{re.escape(missing)} does not exist"):
        artefacts.freeze(project, project.parent / "frozen", steps)
    for name in BUILT:
        (project / name).unlink(missing_ok=True)
    artefacts.freeze(project, project.parent / "frozen", ["build"])


def test_nothing_is_shipped_but_what_was_packaged(project: Path) -> None:
    wanted = sums(project)
    frozen = artefacts.freeze(project, project.parent / "frozen", STEPS)
    artefacts.check_origin(frozen, project, wanted)
    with pytest.raises(Failed, match="another SHA-256"):
        artefacts.check_origin(frozen, project, "0" * 64)


@pytest.mark.parametrize(
    ("name", "text"),
    [("build/service.json", "changed"), ("web/dist/assets/a.js", "changed"), ("web/dist/evil.js", "added"),
     ("web/dist/assets/a.js", None)],
)  # fmt: skip
def test_a_file_that_changed_came_or_went_after_the_package_was_made_is_named(
    project: Path, name: str, text: str | None
) -> None:
    wanted = sums(project)
    if text is None:
        (project / name).unlink()
    else:
        (project / name).write_text(text, encoding="utf-8")
    frozen = artefacts.freeze(project, project.parent / "frozen", STEPS)
    with pytest.raises(Failed, match=re.escape(f"{name} is not what was packaged")):
        artefacts.check_origin(frozen, project, wanted)


USUAL = Options(
    only=STEPS, pace=Pace([0.5], 120), plan=False, yes=True, older=False, no_doctor=False, accept_differences=False, write=None,
    delete=(), approved=None, checksums=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"plan": True, "only": ("release",)}, "--plan shows what apply would change, not release"),
        ({"plan": True, "only": ("apply", "web")}, "--plan shows"),
        ({"write": Path("x")}, "--write is for --plan"),
        ({"approved": "0" * 16, "only": ("release",)}, "--approved is for the step apply"),
        ({"delete": ("aws_dynamodb_table.data",), "plan": True}, "--delete is for the step apply"),
        ({"delete": ("aws_lambda_function.x",)}, "is not the address of a table or user pool"),
        ({"approved": "abc"}, "is not 16 hexadecimal digits"),
        ({"checksums": "", "only": ("apply",)}, "is not 64 hexadecimal digits"),
        ({"checksums": "0" * 64}, "was built before"),
        ({"yes": False}, "Confirmation required"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_is_done(given: dict[str, Any], message: str) -> None:
    with pytest.raises(Failed, match=re.escape(message)):
        replace(USUAL, **given).check()


@pytest.mark.parametrize(
    "given",
    [{}, {"plan": True, "write": Path("x")}, {"plan": True, "only": ("apply",), "yes": False, "checksums": "0" * 64},
     {"delete": ('module.a["b"].aws_cognito_user_pool.users[0]',)}, {"yes": False, "only": ("web",)}],
)  # fmt: skip
def test_usual_options_are_accepted(given: dict[str, Any]) -> None:
    replace(USUAL, **given).check()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--steps", "50"], "Invalid steps '50'"), (["--steps", "50,10,100"], "Invalid steps"),
     (["--bake", "10"], "Invalid duration"), (["--bake", "1m"], "at least 2m"), (["--delete", "x"], "is not the address")],
)  # fmt: skip
def test_nothing_is_built_before_all_options_were_checked(tmp_path: Path, arguments: list[str], message: str) -> None:
    put_names(tmp_path)
    (tmp_path / "contract").mkdir()
    (tmp_path / "contract" / "openapi.yaml").write_text("not read", encoding="utf-8")
    (tmp_path / "infra" / "envs").mkdir()
    (tmp_path / "infra" / "envs" / "test.tfvars").write_text("", encoding="utf-8")
    result = invoke(tmp_path, "deploy", "--env", "test", "--yes", *arguments)
    assert result.exit_code == 1
    assert message in result.stderr
    assert not (tmp_path / "build").exists()
    assert not (tmp_path / ".deployed").exists()


@pytest.mark.parametrize("ticks", [0, 3, 4, 12])
def test_a_plan_cannot_leave_its_code_block(tmp_path: Path, ticks: int) -> None:
    text = f"a: Refreshing state... [id=1]\n  + name = 1\n{'`' * ticks}\n@everybody <img src=x>\nPlan: 1 to add"
    plan = Plan(text, tmp_path, {"applyable": True, "resource_changes": [], "planned_values": {}})
    shown.write(tmp_path / "planned", plan, "test")
    lines = (tmp_path / "planned" / "plan.md").read_text(encoding="utf-8").splitlines()
    opening = next(line for line in lines if line.startswith("```"))
    fence = opening.removesuffix("text")
    assert set(fence) == {"`"}
    inside = lines[lines.index(opening) + 1 : lines.index(fence)]
    assert "@everybody <img src=x>" in inside
    assert inside[-1] == "Plan: 1 to add"
    assert not any("Refreshing" in line for line in lines)
    assert not [line for line in inside if re.match(rf"`{{{len(fence)},}}\s*$", line)]  # nothing in it ends it
    assert (tmp_path / "planned" / "digest").read_text(encoding="ascii") == f"{plan.digest}\n"


def test_a_plan_during_a_freeze_says_so_first(tmp_path: Path) -> None:
    plan = Plan("Plan: 1 to add", tmp_path, {"applyable": True})
    text = shown.markdown(plan, "prod", "Nothing is released to prod until Monday: <b>holidays</b> (by sam@build-1).")
    assert text.splitlines()[2] == "    Nothing is released to prod until Monday: <b>holidays</b> (by sam@build-1)."


def test_a_long_plan_is_cut_between_lines_and_says_so(tmp_path: Path) -> None:
    plan = Plan("\n".join(f"line {number} ü" for number in range(20_000)), tmp_path, {"applyable": True})
    text = shown.markdown(plan, "test")
    assert len(text) < 65_536
    rest = re.search(r"line (\d+) ü\n… and (\d+) more lines: `crudctl deploy --env test --plan`\n```\n", text)
    assert rest
    assert int(rest[1]) + 1 + int(rest[2]) == 20_000


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    commit(tmp_path, "init", "-q")
    commit(tmp_path, "commit", "-q", "--allow-empty", "-m", "First")
    return tmp_path


def commit(folder: Path, *arguments: str) -> str:
    """Run git and return what it prints."""
    git = ["git", "-c", "user.name=Items", "-c", "user.email=items@example.com", "-C", str(folder)]
    return subprocess.run([*git, *arguments], check=True, capture_output=True, text=True).stdout.strip()


def here(folder: Path) -> revision.Revision:
    """The commit that is checked out."""
    found = revision.here(folder)
    assert found
    return found


def test_an_older_commit_is_not_deployed_over_a_newer_one(repository: Path) -> None:
    first = here(repository)
    commit(repository, "commit", "-q", "--allow-empty", "-m", "Second")
    second = here(repository)
    revision.refuse_older(repository, second, first, "prod")
    revision.refuse_older(repository, first, first, "prod")
    with pytest.raises(Failed, match=f"prod has a newer commit, {second.commit[:12]}") as failure:
        revision.refuse_older(repository, first, second, "prod")
    assert "--older" in failure.value.hint


def test_a_commit_of_another_branch_is_not_older(repository: Path) -> None:
    start = commit(repository, "rev-parse", "HEAD")
    commit(repository, "commit", "-q", "--allow-empty", "-m", "Here")
    ours = here(repository)
    commit(repository, "checkout", "-q", "-b", "other", start)
    commit(repository, "commit", "-q", "--allow-empty", "-m", "There")
    revision.refuse_older(repository, ours, replace(here(repository), time="9999"), "test")


@pytest.mark.parametrize(
    ("time", "refused"), [("9999-01-01T00:00:00+00:00", True), ("2000-01-01T00:00:00+00:00", False)]
)
def test_the_time_decides_where_a_commit_is_not_known(repository: Path, time: str, refused: bool) -> None:
    last = revision.Revision("f" * 40, time, "alice")
    if refused:
        with pytest.raises(Failed, match="deployed by alice"):
            revision.refuse_older(repository, here(repository), last, "test")
    else:
        revision.refuse_older(repository, here(repository), last, "test")


def test_a_folder_without_commits_has_no_revision_which_is_reported_in_a_repository(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert revision.here(tmp_path) is None
    assert capsys.readouterr().err == ""
    commit(tmp_path, "init", "-q")
    assert revision.here(tmp_path) is None
    assert "does not have any commits yet" in capsys.readouterr().err


class Functions:
    """Lambda with functions whose code and versions are given. Publishes as Lambda does: nothing where nothing has changed."""

    def __init__(self, versions: dict[str, dict[str, dict[str, Any]]]) -> None:
        self.versions = versions

    def get_paginator(self, _operation: str) -> Functions:
        """Return something that pages."""
        return self

    def paginate(self, FunctionName: str) -> list[dict[str, Any]]:  # noqa: N803
        """Return a page for each version."""
        return [{"Versions": [{"Version": key, **each}]} for key, each in self.versions[FunctionName].items()]

    def update_function_code(self, FunctionName: str, ZipFile: bytes) -> None:  # noqa: N803
        """Replace the code."""
        digest = base64.b64encode(hashlib.sha256(ZipFile).digest()).decode()
        self.versions[FunctionName]["$LATEST"]["CodeSha256"] = digest

    def publish_version(self, FunctionName: str, CodeSha256: str) -> dict[str, str]:  # noqa: N803
        """Publish the code and configuration, if it has this hash."""
        versions = self.versions[FunctionName]
        assert versions["$LATEST"]["CodeSha256"] == CodeSha256
        number = str(len(versions))
        versions[number] = dict(versions["$LATEST"])
        return {"Version": number}

    def get_waiter(self, _name: str) -> Functions:
        """Return something that waits."""
        return self

    def wait(self, **_which: str) -> None:
        """Wait for nothing: everything is done at once."""


def test_a_function_whose_code_or_version_was_left_behind_is_found_and_completed(tmp_path: Path) -> None:
    package = tmp_path / "functions.zip"
    package.write_bytes(b"new")
    new = base64.b64encode(hashlib.sha256(b"new").digest()).decode()
    done = {"CodeSha256": new, "MemorySize": 256}
    lambda_ = Functions(
        {
            "right": {"$LATEST": dict(done), "1": {**done, "CodeSha256": "old"}, "2": dict(done)},
            "not-published": {"$LATEST": dict(done), "1": {**done, "CodeSha256": "old"}},
            "not-uploaded": {"$LATEST": {**done, "CodeSha256": "old"}, "1": {**done, "CodeSha256": "old"}},
            "another-memory": {"$LATEST": dict(done), "1": {**done, "MemorySize": 128}},
            "another-snap-start": {"$LATEST": {**done, "SnapStart": {"ApplyOn": "PublishedVersions"}}, "1": dict(done)},
            "tenth": {"$LATEST": dict(done), "9": {**done, "CodeSha256": "old"}, "10": dict(done)},
        }
    )
    functions = {name: name for name in lambda_.versions}
    found = shipped.behind(lambda_, functions, new)
    assert {each.name: each.code for each in found} == {
        "not-published": False,
        "not-uploaded": True,
        "another-memory": False,
        "another-snap-start": False,
    }
    assert [each.name for each in shipped.behind(lambda_, functions, None)] == [
        "not-published",
        "another-memory",
        "another-snap-start",
    ]
    for each in found:
        shipped.complete(lambda_, each, package, new)
    assert shipped.behind(lambda_, functions, new) == []
    assert all(
        versions[max(set(versions) - {"$LATEST"}, key=int)]["CodeSha256"] == new
        for versions in lambda_.versions.values()
    )


class Gateway:
    """API Gateway with one API, which has imported a body of this version."""

    def __init__(self, version: str | None) -> None:
        self.version = version

    def get_rest_api(self, restApiId: str) -> dict[str, str]:  # noqa: N803
        """Return the API."""
        return {"id": restApiId} | ({"version": self.version} if self.version else {})


@pytest.mark.parametrize(("version", "behind"), [("1 (new)", False), ("1 (old)", True), ("1", True), (None, False)])
def test_an_import_that_the_gateway_has_refused_is_found(tmp_path: Path, version: str | None, behind: bool) -> None:
    """Terraform's state has the body all the same."""
    body = json.dumps({"info": {"title": "x", "version": "1 (new)"}})
    apis = [
        {"type": "aws_api_gateway_rest_api", "values": {"id": "a1", "body": body}},
        {"type": "aws_api_gateway_rest_api", "values": {"id": "b2", "body": None}},
        {"type": "aws_lambda_function", "values": {"id": "c3", "body": body}},
    ]
    plan = Plan("", tmp_path, {"prior_state": {"values": {"root_module": {"resources": apis}}}})
    assert plan.bodies == {"a1": body}
    assert list(shipped.not_imported(Gateway(version), plan.bodies)) == (["a1"] if behind else [])
    assert Plan("", tmp_path, {}).bodies == {}
