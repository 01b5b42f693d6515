"""A deployed environment moves to domains of the team's and back, with the role of its workflow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deploy import snapshot
from tests.deploy.account import Account

ROLE = f"{snapshot.NAME}-ci-test-deploy"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """The account after its first deploy."""
    with snapshot.deployed(tmp_path_factory.mktemp("domains")) as account:
        yield account


def outputs(account: Account) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(account.succeed("outputs", "--env", "test", "--json"))
    return values


def apply(account: Account, usual: str, settings: str) -> dict[str, Any]:
    file: Path = account.home / "infra" / "envs" / "test.tfvars"
    file.write_text(usual + settings, encoding="utf-8")
    with account.as_role(ROLE):
        account.succeed("deploy", "--env", "test", "--yes", "--no-doctor", "--only", "apply")
    return outputs(account)


def test_an_environment_moves_to_domains_and_back(deployed: Account) -> None:
    usual = (deployed.home / "infra" / "envs" / "test.tfvars").read_text(encoding="utf-8")
    before = outputs(deployed)
    arn = f"arn:aws:acm:{{}}:{snapshot.ID}:certificate/6f0c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d"
    domains = (
        "".join(
            f'{variable} = {{ name = "{name}", certificate_arn = "{arn.format(region)}" }}\n'
            for variable, name, region in (
                ("api_domain", "api.example.com", snapshot.REGION),
                ("web_domain", "app.example.com", "us-east-1"),
                ("sign_in_domain", "auth.example.com", "us-east-1"),
            )
        )
        + 'sign_up = "open"\nsign_in_rate_limit = 500\n'
    )
    made = apply(deployed, usual, f"{domains}domains_in_use = false\n")
    urls = ("api_url", "web_url", "hosted_ui_url")
    assert [made[url] for url in urls] == [before[url] for url in urls]
    assert {record["serves"]: record["name"] for record in made["dns_records"]} == {
        "api": "api.example.com", "web": "app.example.com", "sign_in": "auth.example.com",
    }  # fmt: skip
    assert all(record["value"] for record in made["dns_records"])
    gateway, cognito = deployed.client("apigateway"), deployed.client("cognito-idp")
    (mapping,) = gateway.get_base_path_mappings(domainName="api.example.com")["items"]
    assert (mapping["basePath"], mapping["stage"]) == ("(none)", "v1")
    assert gateway.get_domain_name(domainName="api.example.com")["securityPolicy"] == "TLS_1_2"
    found = cognito.describe_user_pool_domain(Domain="auth.example.com")["DomainDescription"]
    assert found["UserPoolId"] == before["user_pool_id"]

    used = apply(deployed, usual, domains)
    assert [used[url] for url in urls] == [
        "https://api.example.com", "https://app.example.com", "https://auth.example.com",
    ]  # fmt: skip
    pool = cognito.describe_user_pool(UserPoolId=before["user_pool_id"])["UserPool"]
    assert not pool["AdminCreateUserConfig"].get("AllowAdminCreateUserOnly")
    client = cognito.describe_user_pool_client(
        UserPoolId=before["user_pool_id"], ClientId=before["user_pool_client_id"]
    )["UserPoolClient"]
    assert set(client["CallbackURLs"]) == {"https://app.example.com/", f"{before['web_url']}/"}

    back = apply(deployed, usual, "")
    assert [back[url] for url in urls] == [before[url] for url in urls]
    assert back["dns_records"] == []
    assert gateway.get_domain_names()["items"] == []
