"""The workflows of GitHub, read from their files: their steps, which run here, their permissions and their pins."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from crudctl import cli
from crudctl.deploy import shown
from crudctl.infra.terraform import Plan
from tests import contracts
from tests.stack import ROOT, put_names
from tests.workflows.steps import FOLDER, JOBS, SCRIPTS, SETUP, WORKFLOWS, script_of

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[0].split()
PREVIEWS = ("preview/make", "preview/delete", "preview/sweep")
CRUDCTL = re.compile(r"\.venv/bin/crudctl ([^\n>|);]*)")


def test_every_job_begins_with_a_fresh_checkout_and_the_same_tools() -> None:
    for name in JOBS.keys() - {"docs/publish"}:  # it runs nothing of the project
        job = JOBS[name]
        assert job["steps"][0]["uses"].startswith("actions/checkout@"), name
        assert job["steps"][0]["with"]["persist-credentials"] == "false", name
        assert job["steps"][1]["uses"] == "./.github/actions/setup", name
    assert [step for step in SETUP["runs"]["steps"] if "run" in step] == []


def test_every_action_is_pinned_to_a_commit_with_its_version() -> None:
    texts = [path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.yml")]
    used = [line.strip() for text in texts for line in text.splitlines() if re.search(r"\buses: (?!\./)", line)]
    assert len(used) > 10
    assert [line for line in used if not re.search(r"uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)] == []
    pins = {tuple(re.findall(r"uses: (.*)@(\w+) # (.*)", line)[0]) for line in used}
    assert len(pins) == len({action for action, _, _ in pins}), "an action is pinned to two commits"


def test_a_job_has_the_permissions_that_its_steps_need_and_no_other() -> None:
    for name, workflow in WORKFLOWS.items():
        assert workflow["permissions"] == {}, name
    allowed = {name: job["permissions"] for name, job in JOBS.items() if job["permissions"] != {"contents": "read"}}
    aws = {"contents": "read", "id-token": "write"}
    pages = {"pages": "write", "id-token": "write"}
    assert allowed == {
        "ci/plan": aws | {"pull-requests": "write"}, "deploy/test": aws, "deploy/plan": aws, "deploy/prod": aws,
        "docs/publish": pages, "preview/make": aws | {"pull-requests": "write"}, "preview/delete": aws,
        "preview/sweep": aws | {"pull-requests": "write"},
    }  # fmt: skip
    assert "secrets." not in "".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.yml"))


def test_the_roles_are_those_that_terraform_creates() -> None:
    roles = {
        name: (step["with"]["role-to-assume"].rpartition("role/")[2], step["with"]["aws-region"])
        for name, job in JOBS.items()
        for step in job["steps"]
        if "configure-aws-credentials" in step.get("uses", "")
    }
    name, region = "${{ steps.names.outputs.name }}", "${{ steps.names.outputs.region }}"
    assert roles == {
        "ci/plan": (f"{name}-ci-test-plan", region),
        "deploy/test": (f"{name}-ci-test-deploy", region),
        "deploy/plan": (f"{name}-ci-prod-plan", region),
        "deploy/prod": (f"{name}-ci-prod-deploy", region),
        **dict.fromkeys(PREVIEWS, (f"{name}-ci-pr-deploy", region)),
    }
    assert '"${var.name}-ci-${var.env}-${each.key}"' in (ROOT / "infra" / "ci" / "main.tf").read_text(encoding="utf-8")
    assert {JOBS["deploy/test"]["environment"], JOBS["deploy/prod"]["environment"]} == {"test", "prod"}
    assert {JOBS[name]["environment"] for name in PREVIEWS} == {"pr"}
    assert not {"environment"} & (JOBS["ci/plan"].keys() | JOBS["deploy/plan"].keys())


@pytest.mark.parametrize(
    ("job", "name"), [("ci/plan", "depot"), ("deploy/test", "depot"), ("deploy/plan", "yard"), ("deploy/prod", "yard")]
)
def test_the_name_and_region_are_those_of_the_environment(tmp_path: Path, job: str, name: str) -> None:
    (tmp_path / "contract").mkdir()
    shutil.copyfile(contracts.ITEMS, tmp_path / "contract" / "openapi.yaml")
    put_names(tmp_path, "depot", "eu-central-1")
    (tmp_path / "infra" / "envs").mkdir()
    (tmp_path / "infra" / "envs" / "test.tfvars").touch()
    (tmp_path / "infra" / "envs" / "prod.tfvars").write_text('name = "yard"\n', encoding="utf-8")
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    written = tmp_path / "output"
    result = run(f"{job}: Read the service's name and region", tmp_path, GITHUB_OUTPUT=str(written))
    assert result.returncode == 0, result.stderr
    assert written.read_text(encoding="utf-8") == f"name={name}\nregion=eu-central-1\n"


def test_the_workflows_name_no_region() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.yml"))
    assert re.findall(r"\b[a-z]{2}-[a-z]+-[0-9]\b", texts) == []


def test_the_suite_after_a_deploy_tests_the_contract_that_was_deployed() -> None:
    paths = re.findall(r"tests/\S+", script_of("deploy/test: API suite"))
    assert paths
    assert all(path.startswith("tests/own/") and (ROOT / path).is_file() for path in paths)


def test_one_deploy_of_an_environment_runs_at_a_time_and_none_is_cancelled() -> None:
    for name in ("test", "prod"):
        queue = {"group": f"deploy-{name}", "cancel-in-progress": "false"}
        assert JOBS[f"deploy/{name}"]["concurrency"] == queue
    assert WORKFLOWS["deploy"]["on"] == {"push": {"branches": ["main"]}}
    assert "pull_request" in WORKFLOWS["ci"]["on"]
    assert JOBS["deploy/test"]["needs"] == "package"
    assert JOBS["deploy/plan"]["needs"] == ["package", "test"]
    assert JOBS["deploy/prod"]["needs"] == ["package", "plan"]


def test_the_documentation_is_built_without_permissions_and_published_without_running_anything() -> None:
    assert WORKFLOWS["docs"]["on"] == {"push": {"branches": ["main"]}}
    assert JOBS["docs/publish"]["needs"] == "build"
    assert [step for step in JOBS["docs/publish"]["steps"] if "run" in step] == []
    assert JOBS["docs/build"]["steps"][-1]["with"] == {"path": "build/docs/site"}


def test_ci_runs_every_make_target_as_the_first_command_in_a_fresh_clone() -> None:
    job = JOBS["ci/make"]
    assert job["strategy"]["matrix"] == {"target": TARGETS}
    assert [step.get("run") for step in job["steps"]] == [None, None, 'make "$TARGET"']
    assert job["steps"][-1]["env"] == {"TARGET": "${{ matrix.target }}"}


def test_every_make_target_that_a_step_names_exists() -> None:
    commands = {script for _, script in SCRIPTS if re.fullmatch(r"make [\w./-]+", script)}
    assert commands == {"make .venv/.ready", "make .venv/.ready-dev", "make docs"}
    for command in commands:
        assert f"\n{command.removeprefix('make ')}: " in MAKEFILE


def test_the_targets_of_tests_run_every_folder_of_tests_once() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    folders = re.findall(r'"(tests/[^"]+)"', re.findall(r"testpaths = \[(.*?)\]", pyproject, re.DOTALL)[0])
    run = [folder for line in MAKEFILE.splitlines() if "$(PYTEST)" in line for folder in re.findall(r"tests/\S+", line)]
    assert sorted(folder for folder in run if not folder.startswith("tests/torture")) == sorted(folders)


@pytest.mark.parametrize(("where", "script"), SCRIPTS, ids=[where for where, _ in SCRIPTS])
def test_crudctl_accepts_the_arguments_of_a_step(where: str, script: str) -> None:
    for line in CRUDCTL.findall(script.replace("\\\n", " ").replace('"$PREVIEW"', "pr-42")):
        words = shlex.split(line)
        command: Any = cli.main
        context = click.Context(command, info_name="crudctl")
        while isinstance(command, click.Group):
            command = command.get_command(context, words.pop(0))
            assert command is not None, where
        command.make_context(command.name, words, resilient_parsing=False)


@pytest.mark.parametrize(("where", "script"), SCRIPTS, ids=[where for where, _ in SCRIPTS])
def test_a_step_is_a_valid_shell_script_without_expressions(where: str, script: str) -> None:
    assert "${{" not in script, f"{where}: pass values in env"
    checked = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def run(title: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a step as the runner does, in a bash that exits at the first failure."""
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script_of(title)]
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **environ}, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_linter_of_workflows_reports_nothing() -> None:
    result = subprocess.run(["make", "workflows"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_contract_is_compared_with_the_target_branch_of_the_pull_request(tmp_path: Path) -> None:
    git = ["git", "-c", "user.name=Items", "-c", "user.email=items@example.com", "-C", str(tmp_path)]
    contract = tmp_path / "contract" / "openapi.yaml"
    contract.parent.mkdir()
    text = contracts.ITEMS.read_text(encoding="utf-8")
    contract.write_text(text, encoding="utf-8")
    for arguments in (
        ["init", "-q"],
        ["add", "."],
        ["commit", "-qm", "Before"],
        ["update-ref", "refs/remotes/origin/main", "HEAD"],
    ):
        subprocess.run([*git, *arguments], check=True)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    step = "ci/contract: List them"
    assert run(step, tmp_path, GITHUB_BASE_REF="main").returncode == 0
    contract.write_text(text.replace("maxLength: 2000", "maxLength: 20"), encoding="utf-8")
    result = run(step, tmp_path, GITHUB_BASE_REF="main")
    assert result.returncode == 1
    assert "body/description: maxLength changed from 2000 to 20." in result.stdout


def test_what_is_deployed_is_checked_by_what_has_not_travelled_with_it() -> None:
    package = JOBS["deploy/package"]
    assert package["outputs"] == {"checksums": "${{ steps.checksums.outputs.sha256 }}"}
    assert [step["name"] for step in package["steps"] if step.get("id") == "checksums"] == [
        "Checksums and bills of materials"
    ]
    deploys = {
        name: step
        for name, job in JOBS.items()
        for step in job["steps"]
        if name in ("deploy/test", "deploy/plan", "deploy/prod") and "crudctl deploy" in step.get("run", "")
    }
    assert len(deploys) == 3
    for name, step in deploys.items():
        assert step["env"]["CHECKSUMS"] == "${{ needs.package.outputs.checksums }}", name
        assert '--checksums "$CHECKSUMS"' in step["run"], name
        assert "package" in JOBS[name]["needs"], name


def test_the_plan_that_was_shown_before_the_approval_is_the_one_that_is_applied() -> None:
    plan, prod = JOBS["deploy/plan"], JOBS["deploy/prod"]
    assert plan["outputs"] == {"digest": "${{ steps.plan.outputs.digest }}"}
    script = script_of("deploy/plan: Plan")
    assert "--plan" in script
    assert 'cat build/planned/plan.md >> "$GITHUB_STEP_SUMMARY"' in script
    assert prod["environment"] == "prod"
    (deploy,) = [step for step in prod["steps"] if step.get("name") == "Deploy"]
    assert deploy["env"]["APPROVED"] == "${{ needs.plan.outputs.digest }}"
    assert '--approved "$APPROVED"' in deploy["run"]


def test_jobs_that_deploy_know_which_commit_is_older() -> None:
    for name in ("deploy/test", "deploy/prod"):
        assert JOBS[name]["steps"][0]["with"]["fetch-depth"] == "0", name
        assert "--older" not in script_of(f"{name}: Deploy")


@pytest.mark.parametrize("environment", ["test", "prod"])
def test_the_verdict_of_a_release_is_in_the_summary(tmp_path: Path, environment: str) -> None:
    summary = tmp_path / "summary.md"
    reports = tmp_path / ".deployed" / environment / "releases"
    program = tmp_path / ".venv" / "bin" / "crudctl"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "crudctl $*"\n', encoding="ascii")
    program.chmod(0o755)
    run(f"deploy/{environment}: Report", tmp_path, GITHUB_STEP_SUMMARY=str(summary))
    status = f"crudctl release status --env {environment}\n"
    assert summary.read_text(encoding="utf-8") == f"No release has ended in this run. The current status:\n{status}"
    reports.mkdir(parents=True)
    (reports / "7.md").write_text("# Release 7: promoted\n", encoding="utf-8")
    run(f"deploy/{environment}: Report", tmp_path, GITHUB_STEP_SUMMARY=str(summary))
    assert "# Release 7: promoted" in summary.read_text(encoding="utf-8")


def commented(folder: Path, title: str, before: str = "", **environ: str) -> tuple[str, str]:
    """Run a step that comments. Return how `gh` was called last, and the comment.

    Args:
        before: the id of the comment of the same kind that exists.
    """
    gh = folder / "gh"
    gh.write_text(
        '#!/bin/sh\necho "$@" > called\n'
        f'for each in "$@"; do case "$each" in --jq) echo "{before}" ;; body=@*) cp "${{each#body=@}}" posted ;; esac; done\n'
        'while [ "$#" -gt 1 ]; do [ "$1" != --body-file ] || cp "$2" posted; shift; done\n',
        encoding="utf-8",
    )
    gh.chmod(0o755)
    if not (folder / "scripts").exists():
        (folder / "scripts").symlink_to(ROOT / "scripts")
    path = f"{folder}:{os.environ['PATH']}"
    result = run(title, folder, PATH=path, NUMBER="5", GITHUB_REPOSITORY="octo-org/items", **environ)
    assert result.returncode == 0, result.stderr
    called, posted = ((folder / name).read_text(encoding="utf-8") for name in ("called", "posted"))
    return called, posted


def test_the_plan_is_posted_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "build" / "planned").mkdir(parents=True)
    (tmp_path / "build" / "planned" / "plan.md").write_text("`$(id)` ``` is text\n", encoding="utf-8")
    called, posted = commented(tmp_path, "ci/plan: Post the plan")
    assert "pr comment 5 --repo octo-org/items --body-file" in called
    assert posted == "<!-- plan -->\n`$(id)` ``` is text\n"
    assert "--write build/planned" in script_of("ci/plan: Plan")


def test_of_a_long_plan_is_posted_that_it_is_cut_and_its_digest(tmp_path: Path) -> None:
    text = "\n".join(f"line {number} ü" for number in range(20_000))
    shown.write(tmp_path / "build" / "planned", Plan(text, tmp_path, {"applyable": True, "planned_values": {}}), "test")
    _, posted = commented(tmp_path, "ci/plan: Post the plan")
    assert posted.endswith((tmp_path / "build" / "planned" / "plan.md").read_text(encoding="utf-8")[-500:])
    assert "more lines: `crudctl deploy --env test --plan`" in posted
    assert len(posted) < 65_536


def test_a_comment_takes_the_place_of_the_one_of_its_kind_only(tmp_path: Path) -> None:
    (tmp_path / "build" / "planned").mkdir(parents=True)
    (tmp_path / "build" / "planned" / "plan.md").write_text("new\n", encoding="utf-8")
    called, posted = commented(tmp_path, "ci/plan: Post the plan", before="77")
    assert "--method PATCH repos/octo-org/items/issues/comments/77" in called
    assert posted == "<!-- plan -->\nnew\n"
    script = (ROOT / "scripts" / "comment-on-pull-request").read_text(encoding="utf-8")
    assert 'startswith(\\"$mark\\")' in script


def test_the_addresses_and_the_verification_of_a_preview_are_posted(tmp_path: Path) -> None:
    program = tmp_path / ".venv" / "bin" / "crudctl"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "https://$3.example.com/$4"\n', encoding="ascii")
    program.chmod(0o755)
    title = "preview/make: Post the addresses and what was verified"
    _, posted = commented(tmp_path, title, PREVIEW="pr-5", ENDED="failure", COMMIT="abc")
    assert "- api_url: https://pr-5.example.com/api_url\n" in posted
    assert posted.endswith("Nothing was verified.\n")
    report = tmp_path / ".deployed" / "pr-5" / "verify" / "report.md"
    report.parent.mkdir(parents=True)
    report.write_text("# 12 as here\n", encoding="utf-8")
    _, posted = commented(tmp_path, title, PREVIEW="pr-5", ENDED="success", COMMIT="abc")
    assert "Preview `pr-5` of abc: success\n" in posted
    assert posted.endswith("# 12 as here\n")


def test_a_preview_is_made_and_deleted_for_pull_requests_of_this_repository_only() -> None:
    for name in ("preview/make", "preview/delete"):
        job = JOBS[name]
        assert "github.event.pull_request.head.repo.full_name == github.repository" in job["if"], name
        assert job["concurrency"]["group"] == "preview-${{ github.event.pull_request.number }}", name
        assert job["env"] == {"PREVIEW": "pr-${{ github.event.pull_request.number }}"}, name
    assert "pull_request_target" not in WORKFLOWS["preview"]["on"]
    assert all("vars.PREVIEW_ACCOUNT_ID != ''" in JOBS[name]["if"] for name in PREVIEWS)


def swept(folder: Path, crudctl: str, gh: str) -> subprocess.CompletedProcess[str]:
    """Run the step that deletes idle previews, with these scripts in place of both programs."""
    program = folder / ".venv" / "bin" / "crudctl"
    program.parent.mkdir(parents=True)
    for file, script in ((program, crudctl), (folder / "gh", gh)):
        file.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
        file.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    return run("preview/sweep: Delete", folder, PATH=path, SERVICE="depot", GITHUB_REPOSITORY="octo-org/items")


def test_every_idle_preview_is_deleted_although_one_cannot_be(tmp_path: Path) -> None:
    script = 'if [ "$1" = members ]; then printf "pr-4\\npr-42\\n"; else echo "$@" >> deleted; [ "$3" != pr-4 ]; fi'
    result = swept(tmp_path, script, 'echo "$@" >> labels')
    assert result.returncode == 1
    assert (tmp_path / "deleted").read_text(encoding="ascii").splitlines() == [
        "destroy --env pr-4 --confirm depot-pr-4",
        "destroy --env pr-42 --confirm depot-pr-42",
    ]
    called = (tmp_path / "labels").read_text(encoding="ascii")
    assert called == "api --method DELETE repos/octo-org/items/issues/42/labels/preview --silent\n"


def test_every_idle_preview_is_deleted_although_one_has_no_pull_request(tmp_path: Path) -> None:
    script = 'if [ "$1" = members ]; then printf "pr-4\\npr-42\\n"; else echo "$3" >> deleted; fi'
    result = swept(tmp_path, script, 'case "$4" in */issues/4/*) exit 1 ;; esac')
    assert result.returncode == 1
    assert (tmp_path / "deleted").read_text(encoding="ascii") == "pr-4\npr-42\n"


def test_previews_that_cannot_be_listed_are_no_success(tmp_path: Path) -> None:
    assert swept(tmp_path, "exit 1", "exit 1").returncode == 1


def test_a_hook_runs_what_ci_runs() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"]
    for hook in hooks[0]["hooks"]:
        assert re.search(rf"^{hook['entry'].removeprefix('make ')}:", MAKEFILE, re.MULTILINE), hook["id"]
