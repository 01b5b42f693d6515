"""The sections about people and accounts: a complaint, a secret, somebody who leaves, and a bill."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from crudctl import users
from crudctl.console import Failed
from tests.operate.faults import without_permission
from tests.runbook.recipes.traffic import api_id, lines, load, reader
from tests.runbook.steps import Recipe, Steps

PASSWORD = "Correct-horse-1"


def signed_up(steps: Steps) -> str:
    """Ensure that the user whom the page names exists, with PASSWORD, and return the address."""
    cognito, name, pool = steps.stack.aws("cognito-idp"), "maria@example.com", steps.stack.outputs["user_pool_id"]
    known = cognito.list_users(UserPoolId=pool, Filter=f'email = "{name}"')["Users"]
    if not known:
        attributes = [{"Name": "email", "Value": name}, {"Name": "email_verified", "Value": "true"}]
        cognito.admin_create_user(UserPoolId=pool, Username=name, UserAttributes=attributes, MessageAction="SUPPRESS")
    cognito.admin_enable_user(UserPoolId=pool, Username=name)
    cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)
    return name


def client_of(steps: Steps, name: str) -> httpx.Client:
    """Return a client of the API, signed in as a user."""
    outputs = steps.stack.outputs
    token = users.token(steps.stack.environment, outputs["user_pool_id"], name, PASSWORD)
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=outputs["api_url"] + "/", headers=headers, timeout=120)


def complaint(steps: Steps) -> None:
    """Reading failed for one user; another one used the service meanwhile."""
    with client_of(steps, signed_up(steps)) as maria, steps.stack.api() as other:
        created = maria.post(steps.described.collection, json=steps.described.sample).json()
        path = f"{steps.described.collection}/{created['id']}"
        fine = maria.get(steps.described.collection).headers["x-amzn-requestid"]
        foreign = other.get(steps.described.collection).headers["x-amzn-requestid"]
        with without_permission(steps.stack, reader(steps)):
            failed = maria.get(path).headers["x-amzn-requestid"]
        maria.delete(path, headers={"If-Match": "*"})
    recent = steps.next("crudctl logs")
    assert (fine in recent, failed in recent, foreign in recent) == (True, True, False)
    failures = steps.next("crudctl logs")
    assert [line["request_id"] for line in lines(failures)][-1:] == [failed]
    gateway = lines(steps.next("crudctl trace", REQUEST_ID=failed))[-1]
    assert failed in steps.next("crudctl logs", SOURCE_IP=gateway["source_ip"])
    steps.next("POOL=")
    assert json.loads(steps.next("aws cognito-idp admin-get-user"))["UserStatus"] == "CONFIRMED"


def machine_secret(steps: Steps) -> None:
    """The machine gets tokens with the old secret until it has the new one, and with the new one only afterwards."""
    cognito, pool = steps.stack.aws("cognito-idp"), steps.stack.outputs["user_pool_id"]
    clients = cognito.list_user_pool_clients(UserPoolId=pool, MaxResults=60)["UserPoolClients"]
    client = next(each["ClientId"] for each in clients if each["ClientName"].endswith("-machine"))
    described = cognito.describe_user_pool_client(UserPoolId=pool, ClientId=client)["UserPoolClient"]

    def accepted(secret: str) -> bool:
        form = {"grant_type": "client_credentials"}
        return (
            httpx.post(f"{steps.stack.endpoint}/oauth2/token", data=form, auth=(client, secret), timeout=60).status_code
            == 200
        )

    old = described["ClientSecret"]
    steps.next("POOL=")
    steps.next("CLIENT=")
    (listed,) = json.loads(steps.next("aws cognito-idp list-user-pool-client-secrets"))["ClientSecrets"]
    new = json.loads(steps.next("aws cognito-idp add-user-pool-client-secret"))["ClientSecretDescriptor"]
    assert (accepted(old), accepted(new["ClientSecretValue"])) == (True, True)
    steps.next("aws cognito-idp delete-user-pool-client-secret", OLD_SECRET_ID=listed["ClientSecretId"])
    assert (accepted(old), accepted(new["ClientSecretValue"])) == (False, True)


def leaving(steps: Steps) -> None:
    """A user who is disabled cannot sign in; the rest is looked at."""
    name = signed_up(steps)
    client_of(steps, name).close()
    steps.next("POOL=")
    steps.next("aws cognito-idp admin-user-global-sign-out")
    steps.next("aws cognito-idp admin-disable-user")
    assert steps.next("aws cognito-idp admin-get-user").strip() == "false"
    with pytest.raises(Failed, match="could not sign in"):
        client_of(steps, name)
    assert "alarm_emails" in steps.next("grep")
    steps.next("crudctl alarms", code=firing(steps))
    assert json.loads(steps.next("aws iam list-users")) == []
    steps.next("crudctl release status")


def firing(steps: Steps) -> int:
    """Return the exit code of `crudctl alarms`: another test's alarm may still be in ALARM."""
    return steps.stack.run("alarms").returncode


def bill(steps: Steps) -> None:
    """Too many requests, which the stage is told to refuse."""
    steps.only_on_aws("aws ce")
    assert "API Gateway" in steps.next("crudctl cost")
    assert steps.next("crudctl dashboard").startswith("file://")
    with load(steps):
        pass
    assert '"source_ip":"127.0.0.1"' in steps.next("crudctl logs")
    gateway = steps.stack.aws("apigateway")
    steps.next("API=")
    limits: dict[str, Any] = json.loads(steps.next("aws apigateway update-stage"))["*/*"]
    assert (limits["throttlingRateLimit"], limits["throttlingBurstLimit"]) == (5, 5)
    with steps.stack.api() as api:
        statuses = [api.get(steps.described.collection).status_code for _ in range(30)]
    assert 429 in statuses
    usual = {"rateLimit": "1000", "burstLimit": "2000"}
    patches = [{"op": "replace", "path": f"/*/*/throttling/{name}", "value": value} for name, value in usual.items()]
    gateway.update_stage(restApiId=api_id(steps), stageName="v1", patchOperations=patches)


RECIPES: dict[str, Recipe] = {
    "A user complains, and has no request id": complaint,
    "The machine client's secret has to be replaced": machine_secret,
    "Somebody leaves": leaving,
    "The bill is higher than expected": bill,
}
