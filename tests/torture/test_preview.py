"""An environment of a family, as a pull request gets it: it comes and goes beside the others, by the role of its workflow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.deploy import snapshot
from tests.deploy.account import Account
from tests.deploy.snapshot import ID, NAME
from tests.deploy.test_life import left, values

PREVIEW = f"{NAME}-pr-42"


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """The account with an environment of the family `pr` beside `test`, made by the role of its workflow."""
    with snapshot.deployed(tmp_path_factory.mktemp("preview")) as deployed:
        settings = deployed.home / "infra" / "ci" / "envs" / "pr.tfvars"
        settings.write_text('repository = "octo-org/items"\nprovider_here = false\n', encoding="utf-8")
        deployed.succeed("bootstrap", "--env", "pr")
        with deployed.as_role(f"{NAME}-ci-pr-deploy"):
            deployed.succeed("deploy", "--env", "pr-42", "--yes", "--only", "apply")
        yield deployed


def test_a_preview_is_an_environment_of_its_own_beside_the_others(preview: Account) -> None:
    mine, theirs = values(preview, "pr-42"), values(preview, "test")
    assert mine["table_name"].startswith(f"{PREVIEW}-")
    assert {key for key in ("api_url", "table_name", "user_pool_id", "web_bucket") if mine[key] == theirs[key]} == set()
    assert preview.succeed("members", "--env", "pr") == "pr-42\n"
    assert preview.succeed("members", "--env", "pr", "--idle", "3d") == ""
    role = preview.client("iam").get_role(RoleName=f"{PREVIEW}-rollback")["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith(f":policy/{NAME}-pr-boundary")


def test_a_family_is_not_deleted_under_its_members(preview: Account) -> None:
    before = left(preview, f"{NAME}-pr")
    result = preview.run("destroy", "--env", "pr", "--confirm", f"{NAME}-pr")
    assert (result.exit_code, "pr-42 use what was bootstrapped for pr. Nothing was deleted." in result.stderr) == (
        1,
        True,
    )
    assert left(preview, f"{NAME}-pr") == before != []


def test_the_workflows_role_deletes_a_preview_and_nothing_beside_it(preview: Account) -> None:
    beside = [name for name in left(preview, NAME) if not name.startswith(PREVIEW)]
    with preview.as_role(f"{NAME}-ci-pr-deploy"):
        shown = preview.succeed("destroy", "--env", "pr-42", "--confirm", PREVIEW)
    assert f"{PREVIEW} in account {ID}" in shown
    assert left(preview, NAME) == beside
    assert preview.succeed("members", "--env", "pr") == ""
    bucket = f"{NAME}-pr-state-{ID}"
    versions = preview.client("s3").list_object_versions(Bucket=bucket)
    keys = {each["Key"] for kind in ("Versions", "DeleteMarkers") for each in versions.get(kind, [])}
    assert {key for key in keys if "pr-42" in key} == set()
    assert preview.succeed("destroy", "--env", "pr", "--confirm", f"{NAME}-pr")
    assert left(preview, f"{NAME}-pr") == left(preview, f"{NAME}-ci-pr") == []
