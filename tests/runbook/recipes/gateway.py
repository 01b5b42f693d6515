"""The sections about the gateway, Terraform's state and the shell."""

from __future__ import annotations

import json
import re

from crudctl.build.service import LIST
from emulator import process
from tests.runbook.recipes.traffic import api_id
from tests.runbook.steps import Recipe, Steps

LOCK = "terraform.tfstate.tflock"


def shell(steps: Steps) -> None:
    """The variables of the first section are in the shell afterwards."""
    steps.next("eval")
    assert steps.shell.type('echo "$AWS_ENDPOINT_URL"') == (0, f"{steps.stack.endpoint}\n")


def held_state(steps: Steps) -> None:
    """A bucket such as a deploy has, with the lock of somebody whose process was killed."""
    s3, bucket = steps.stack.aws("s3"), f"{steps.stack.environment.prefix}-state-{process.ACCOUNT}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": steps.stack.environment.region})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in ("{}", '{"serial": 2}'):
        s3.put_object(Bucket=bucket, Key="terraform.tfstate", Body=body)
    s3.put_object(Bucket=bucket, Key=LOCK, Body="{}")
    steps.only_on_aws("crudctl doctor")
    steps.next("aws s3 rm", ACCOUNT_ID=process.ACCOUNT)
    left = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert left == ["terraform.tfstate"]
    steps.only_on_aws("crudctl deploy")
    listed = json.loads(steps.next("aws s3api list-object-versions", ACCOUNT_ID=process.ACCOUNT))
    assert len([each for each in listed["Versions"] if each["Key"] == "terraform.tfstate"]) == 2


def changed_by_hand(steps: Steps) -> None:
    """Somebody deleted a method in the console and deployed that, of which the state knows nothing."""
    stack, gateway = steps.stack, steps.stack.aws("apigateway")
    listing = steps.described.operation(LIST)
    resources = gateway.get_resources(restApiId=api_id(steps))["items"]
    resource = next(each["id"] for each in resources if each["path"] == listing.path)
    gateway.delete_method(restApiId=api_id(steps), resourceId=resource, httpMethod="GET")
    gateway.create_deployment(restApiId=api_id(steps), stageName="v1")
    with stack.api() as api:
        assert api.get(steps.described.collection).status_code != 200
    steps.only_on_aws("crudctl deploy")
    assert '"response_type"' in steps.next("crudctl logs")
    steps.next("API=")
    assert len(json.loads(steps.next("aws apigateway get-stage"))) == 2
    methods = dict(json.loads(steps.next("aws apigateway get-resources")))
    assert "GET" not in methods[listing.path]
    contract = stack.home / "contract" / "openapi.yaml"
    text = contract.read_text(encoding="utf-8")
    changed, count = re.subn(r"^( {6}summary: \w+)", r"\1 again", text, count=1, flags=re.M)
    assert count == 1
    contract.write_text(changed, encoding="utf-8")
    stack.crudctl("up")
    with stack.api() as api:
        assert api.get(steps.described.collection).status_code == 200


RECIPES: dict[str, Recipe] = {
    "Runbook": shell,
    "A deploy says that the state is held": held_state,
    "A change of the gateway failed, or the API is not what the contract says": changed_by_hand,
}
