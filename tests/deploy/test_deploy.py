"""From an empty account to a second version in service, in the order in which a team does it. An account of the emulator."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from crudctl.cost import deployed as prices
from crudctl.deploy import revision
from tests.deploy import snapshot
from tests.deploy.account import Account
from tests.deploy.snapshot import NAME

BUCKET = f"{NAME}-test-state-111111111111"
LOCK = "terraform.tfstate.tflock"


@pytest.fixture(scope="module")
def bootstrapped(empty: Account) -> Account:
    """The account with a state bucket, and roles for the workflows of a repository."""
    assert f"{BUCKET}\n" in snapshot.bootstrap(empty)
    return empty


@pytest.fixture
def locked(deployed: Account) -> Iterator[Account]:
    """The account while somebody else applies."""
    lock = {"ID": "6c1", "Operation": "OperationTypeApply", "Info": "", "Who": "alice@laptop", "Version": "1.11.4",
            "Created": "2026-11-23T02:00:00.123456789Z", "Path": ""}  # fmt: skip
    s3 = deployed.client("s3")
    s3.put_object(Bucket=BUCKET, Key=LOCK, Body=json.dumps(lock))
    yield deployed
    s3.delete_object(Bucket=BUCKET, Key=LOCK)


def test_doctor_reports_what_an_empty_account_needs(empty: Account) -> None:
    result = empty.run("doctor", "--env", "test")
    assert result.exit_code == 1
    assert "arn:aws:iam::111111111111:root in account 111111111111" in result.stdout
    assert [line[0] for line in result.stdout.splitlines() if not line.startswith(" ")].count("✗") == 1
    assert f"{BUCKET} does not exist." in result.stdout
    assert "crudctl bootstrap --env test" in result.stdout


def test_a_plan_needs_a_state_bucket(empty: Account) -> None:
    result = empty.run("deploy", "--env", "test", "--plan")
    assert result.exit_code == 1
    assert "Run `crudctl bootstrap --env test`" in result.stderr


def test_the_state_bucket_is_versioned_encrypted_private_and_for_tls_only(bootstrapped: Account) -> None:
    s3 = bootstrapped.client("s3")
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    closed = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert len(closed) == 4
    assert all(closed.values())
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_a_second_bootstrap_repairs_the_bucket(bootstrapped: Account) -> None:
    s3 = bootstrapped.client("s3")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    assert "(exists)" in bootstrapped.succeed("bootstrap", "--env", "test")
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"


def test_an_apply_needs_a_confirmation(bootstrapped: Account) -> None:
    result = bootstrapped.run("deploy", "--env", "test", "--only", "apply")
    assert result.exit_code == 1
    assert "Confirmation required, but stdin is not a terminal." in result.stderr
    assert "Review the changes with --plan, then pass --yes." in result.stderr


def test_the_role_of_pull_requests_can_plan_and_nothing_else(bootstrapped: Account) -> None:
    with bootstrapped.as_role(f"{NAME}-ci-test-plan"):
        bootstrapped.step("ci/plan: Plan")
        result = bootstrapped.run("deploy", "--env", "test", "--only", "apply", "--yes")
    planned = (bootstrapped.home / "build" / "planned" / "plan.md").read_text(encoding="utf-8")
    priced, known = prices.read(bootstrapped.home / "build" / "planned" / "cost.json"), prices.environment("test")
    assert (priced.alarm_metrics, priced.web_acls, priced.unpriced) == (known.alarm_metrics, known.web_acls, ())
    assert "aws_api_gateway_rest_api.api will be created" in planned  # what comes later in the alphabet may be cut off
    assert result.exit_code == 1
    assert "AccessDenied" in result.stderr
    assert "terraform.tfstate" not in bootstrapped.objects(BUCKET)
    assert bootstrapped.client("lambda").list_functions()["Functions"] == []


def test_every_role_of_the_stack_has_the_boundary(deployed: Account) -> None:
    iam = deployed.client("iam")
    names = [role["RoleName"] for role in iam.list_roles()["Roles"] if role["RoleName"].startswith(f"{NAME}-test-")]
    boundaries = [iam.get_role(RoleName=name)["Role"].get("PermissionsBoundary") for name in names]
    assert len(boundaries) >= 7
    arns = {boundary and boundary["PermissionsBoundaryArn"] for boundary in boundaries}
    assert arns == {f"arn:aws:iam::111111111111:policy/{NAME}-test-boundary"}


def test_a_first_deploy_takes_traffic_at_once(deployed: Account, outputs: dict[str, Any]) -> None:
    functions = deployed.client("lambda")
    for name in outputs["functions"].values():
        assert functions.get_alias(FunctionName=name, Name="prod")["FunctionVersion"] == "1"
    assert "No releases yet." in deployed.succeed("release", "status", "--env", "test")


def test_the_state_is_in_the_bucket_and_nowhere_else(deployed: Account, outputs: dict[str, Any]) -> None:
    assert deployed.state()["outputs"]["table_name"]["value"] == outputs["table_name"]
    assert LOCK not in deployed.objects(BUCKET)
    files = [path for path in (deployed.home / ".deployed").rglob("*.tfstate") if "resources" in path.read_text()]
    assert [path for path in files if json.loads(path.read_text()).get("resources")] == []


def test_another_machine_reads_the_outputs_of_a_deploy(
    deployed: Account, outputs: dict[str, Any], tmp_path: Path
) -> None:
    elsewhere = deployed.at(snapshot.project(tmp_path))
    assert json.loads(elsewhere.succeed("outputs", "--env", "test", "--json")) == outputs


def test_environments_and_accounts_share_nothing(deployed: Account, tmp_path: Path) -> None:
    other = deployed.at(snapshot.project(tmp_path), "222222222222")
    for account, environment in ((other, "test"), (deployed, "prod")):
        result = account.run("outputs", "--env", environment)
        assert result.exit_code == 1
        assert f"There is no state bucket {NAME}-{environment}-state-{account.id}" in result.stderr


def test_the_files_of_the_web_app_are_uploaded_with_their_types(deployed: Account, outputs: dict[str, Any]) -> None:
    objects = deployed.objects(outputs["web_bucket"])
    assert objects["index.html"] == "text/html; charset=utf-8"
    assert objects["config.json"] == "application/json"
    types = {kind for key, kind in objects.items() if key.startswith("assets/")}
    assert types == {"text/javascript; charset=utf-8", "text/css; charset=utf-8"}


def test_who_holds_the_state_is_reported_at_once(locked: Account) -> None:
    result = locked.run("deploy", "--env", "test", "--yes", "--only", "apply")
    assert result.exit_code == 1
    assert "The state of test is held by alice@laptop since 2026-11-23 02:00 UTC, for apply." in result.stderr
    assert f"aws s3 rm s3://{BUCKET}/{LOCK}" in result.stderr
    assert "held by alice@laptop since 2026-11-23 02:00 UTC" in locked.run("doctor", "--env", "test").stdout


def changed(account: Account) -> None:
    """Change the source of the functions, so that a deploy has something to publish."""
    handlers = account.home / "src" / "functions" / "handlers.py"
    handlers.write_text(handlers.read_text(encoding="utf-8") + "\nCHANGED = True\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("variable", "reason", "way_out"),
    [("GATEWAY_SCOPES", "in service, does not check scopes, and the gateway", 'Set `gateway_scopes = "own"` in infra/envs'),
     ("TRASH_DAYS", "in service, does not know the trash, which the planned", "Set `trash_days = null` in infra/envs")],
)  # fmt: skip
def test_a_deploy_that_could_not_be_released_changes_nothing(
    deployed: Account, outputs: dict[str, Any], variable: str, reason: str, way_out: str
) -> None:
    """As after an update of the project: the version in service is from before the trash, or before scopes were checked."""
    lambda_, name = deployed.client("lambda"), outputs["functions"]["list_items"]
    usual = lambda_.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    before = {key: value for key, value in usual.items() if key != variable}
    lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": before})
    version = lambda_.publish_version(FunctionName=name)["Version"]
    lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": usual})
    lambda_.update_alias(FunctionName=name, Name="prod", FunctionVersion=version)
    changed(deployed)
    result = deployed.run("deploy", "--env", "test", "--yes", "--only", "build", "--only", "apply")
    assert result.exit_code == 1, result.output
    assert f"Version {version} of list_items, {reason}" in result.stderr
    assert way_out in result.stderr
    assert lambda_.list_versions_by_function(FunctionName=name)["Versions"][-1]["Version"] == version
    lambda_.update_alias(FunctionName=name, Name="prod", FunctionVersion="1")


def test_a_deploy_during_a_freeze_changes_nothing_and_says_until_when(deployed: Account) -> None:
    why = ("--until", "2099-12-27T08:00Z", "--why", "the holidays")
    deployed.succeed("release", "freeze", "--env", "test", *why)
    sentence = "Nothing is released to test until 2099-12-27 08:00:00 UTC: the holidays (by "
    try:
        result = deployed.run("deploy", "--env", "test", "--yes", "--only", "apply", "--only", "web")
        assert (result.exit_code, sentence in result.stderr) == (1, True), result.output
        assert "`crudctl release unfreeze --env test`" in result.stderr
        with deployed.as_role(f"{NAME}-ci-test-plan"):
            assert deployed.run("release", "frozen", "--env", "test").stdout.startswith(sentence)
    finally:
        deployed.succeed("release", "unfreeze", "--env", "test")
    assert deployed.run("release", "frozen", "--env", "test").exit_code == 0


def test_a_deploy_that_would_delete_users_or_data_changes_nothing(deployed: Account, outputs: dict[str, Any]) -> None:
    """Here a pool of its own is to be shared, so that Terraform would delete it; test has no deletion protection."""
    settings = deployed.home / "infra" / "envs" / "test.tfvars"
    usual = settings.read_text(encoding="utf-8")
    settings.write_text(f'{usual}user_pool_id = "{outputs["user_pool_id"]}"\n', encoding="utf-8")
    result = deployed.run("deploy", "--env", "test", "--yes", "--only", "apply")
    settings.write_text(usual, encoding="utf-8")
    assert result.exit_code == 1, result.output
    assert (
        "This would delete aws_cognito_user_pool.users[0], with everything in it. Nothing was changed." in result.stderr
    )
    assert "pass --delete aws_cognito_user_pool.users[0]." in result.stderr
    assert deployed.client("cognito-idp").describe_user_pool(UserPoolId=outputs["user_pool_id"])


def test_a_second_deploy_goes_through_a_canary_and_uploads_the_web_app_after_it(
    deployed: Account, outputs: dict[str, Any]
) -> None:
    functions, s3 = deployed.client("lambda"), deployed.client("s3")
    changed(deployed)
    site, get_item = outputs["web_bucket"], outputs["functions"]["get_item"]
    page = deployed.home / "web" / "dist" / "index.html"
    approved = page.read_bytes()
    s3.delete_object(Bucket=site, Key="index.html")
    deploying = deployed.begin("deploy", "--env", "test", "--yes", "--steps", "50,100", "--bake", "2m")
    while deploying.poll() is None:
        alias = functions.get_alias(FunctionName=get_item, Name="prod")
        if alias.get("RoutingConfig", {}).get("AdditionalVersionWeights") == {"2": 0.5}:
            break
        time.sleep(0.5)
    with pytest.raises(ClientError, match="404"):
        s3.head_object(Bucket=site, Key="index.html")
    refused = deployed.run("deploy", "--env", "test", "--yes", "--only", "apply")
    assert refused.exit_code == 1
    assert "Another crudctl" in refused.stderr
    assert json.loads(deployed.succeed("outputs", "--env", "test", "--json")) == outputs
    page.write_text("built meanwhile", encoding="utf-8")
    deployed.succeed("release", "promote", "--env", "test", "--yes")
    output, errors = deploying.communicate(timeout=600)
    assert deploying.returncode == 0, errors
    assert "get_item 1 → 2" in errors
    assert "Call every operation" in errors
    assert "# Release 1 of test: promoted" in output
    assert functions.get_alias(FunctionName=get_item, Name="prod")["FunctionVersion"] == "2"
    uploaded = s3.get_object(Bucket=site, Key="index.html")
    assert (uploaded["ContentType"], uploaded["Body"].read()) == ("text/html; charset=utf-8", approved)
    deployed.succeed("deploy", "--env", "test", "--yes", "--only", "web")
    for back, wanted in (((), approved), (("--to", "1"), b"built meanwhile")):
        deployed.succeed("release", "rollback", "--env", "test", "--yes", *back)
        served = s3.get_object(Bucket=site, Key="index.html")
        assert (served["ContentType"], served["CacheControl"]) == ("text/html; charset=utf-8", "no-cache")
        assert served["Body"].read() == wanted
    assert [path.name for path in (deployed.home / ".deployed" / "test" / "runs").iterdir()] == ["lock"]
    assert LOCK not in deployed.objects(BUCKET)


def test_a_newer_commit_is_not_overtaken_by_an_older_one(deployed: Account, outputs: dict[str, Any]) -> None:
    """As when an older run of the workflow is approved: here, a commit that is not in this clone, from the future."""
    git = ["git", "-c", "user.name=Items", "-c", "user.email=items@example.com", "-C", str(deployed.home)]
    for arguments in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "Ours"]):
        subprocess.run([*git, *arguments], check=True)
    s3, bucket = deployed.client("s3"), f"{NAME}-test-artefacts-{deployed.id}"
    newer = revision.Revision("f" * 40, "9999-01-01T00:00:00+00:00", "alice")
    revision.record(s3, bucket, newer)
    result = deployed.run("deploy", "--env", "test", "--yes", "--only", "web")
    assert result.exit_code == 1
    assert "test has a newer commit, ffffffffffff of 9999-01-01 00:00 UTC, deployed by alice." in result.stderr
    assert "--older" in result.stderr
    s3.delete_object(Bucket=bucket, Key=revision.KEY)


def test_what_failed_although_it_is_in_the_state_is_repeated_by_the_next_deploy(
    deployed: Account, outputs: dict[str, Any]
) -> None:
    """A version that was not published, code that was not uploaded, a contract that was refused, settings of the web app."""
    lambda_, names, gateway = deployed.client("lambda"), outputs["functions"], deployed.client("apigateway")
    (api,), s3 = gateway.get_rest_apis()["items"], deployed.client("s3")
    site = {"Bucket": outputs["web_bucket"], "Key": "config.json"}
    settings = s3.get_object(**site)["Body"].read()

    def newest() -> dict[str, str]:
        listed = {key: lambda_.list_versions_by_function(FunctionName=name)["Versions"] for key, name in names.items()}
        return {key: max(listed[key][1:], key=lambda entry: int(entry["Version"]))["CodeSha256"] for key in names}

    def fail(*refused: tuple[str, str]) -> None:
        with deployed.refusing(*refused):
            failed = deployed.run("deploy", "--env", "test", "--yes", "--only", "build", "--only", "apply")
        assert failed.exit_code == 1
        assert "ExpiredTokenException" in failed.stderr
        assert "Import the contract" not in failed.stderr

    def reword() -> None:
        contract = deployed.home / "contract" / "openapi.yaml"
        contract.write_text(contract.read_text(encoding="utf-8").replace("summary: ", "summary: Really ", 1), "utf-8")

    before = newest()
    changed(deployed)
    reword()
    fail(("POST", f"{names['get_item']}/versions$"), ("PUT", f"{names['list_items']}/code$"))
    assert {key for key, sha256 in newest().items() if sha256 == before[key]} == {"get_item", "list_items"}
    incomplete = deployed.run("deploy", "--env", "test", "--yes", "--only", "release")
    assert incomplete.exit_code == 1
    assert f"{names['get_item']} has another CodeSha256 than its newest version" in incomplete.stderr
    reworded = gateway.get_rest_api(restApiId=api["id"])["version"]
    reword()
    fail(("PUT", r"/restapis/\w+\?"))
    assert gateway.get_rest_api(restApiId=api["id"])["version"] == reworded != api["version"]
    s3.put_object(**site, Body=b"{}")
    result = deployed.run("deploy", "--env", "test", "--yes", "--only", "apply")
    assert result.exit_code == 0, result.output
    assert f"Import the contract into API {api['id']}" in result.stderr
    assert gateway.get_rest_api(restApiId=api["id"])["version"] not in (api["version"], reworded)
    assert s3.get_object(**site)["Body"].read() == settings
    assert f"Publish {names['list_items']}" in result.stderr
    digest = hashlib.sha256((deployed.home / "build" / "functions.zip").read_bytes()).digest()
    assert set(newest().values()) == {base64.b64encode(digest).decode("ascii")}
    assert revision.deployed(s3, f"{NAME}-test-artefacts-{deployed.id}") == revision.here(deployed.home)
