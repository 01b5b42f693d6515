"""Replacing the secret of an app client while both secrets are valid, and reading more log events than one page has."""

from __future__ import annotations

import httpx
import pytest
from botocore.exceptions import ClientError

from emulator.cognito import client_secrets
from emulator.logs import filter_log_events
from emulator.process import endpoint_url

from .stack import Json, Stack, unique


class Machine:
    """An app client for client credentials, in a pool of its own."""

    def __init__(self, stack: Stack) -> None:
        self.api, self.port = stack.client("cognito-idp"), stack.port
        self.pool = self.api.create_user_pool(PoolName=unique("pool"))["UserPool"]["Id"]
        self.api.create_resource_server(
            UserPoolId=self.pool,
            Identifier="things",
            Name="things",
            Scopes=[{"ScopeName": "read", "ScopeDescription": "Read"}],
        )
        created = self.api.create_user_pool_client(
            UserPoolId=self.pool,
            ClientName="machine",
            GenerateSecret=True,
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthFlows=["client_credentials"],
            AllowedOAuthScopes=["things/read"],
        )["UserPoolClient"]
        self.id, self.secret = created["ClientId"], created["ClientSecret"]

    def call(self, action: str, **parameters: str) -> Json:
        response: Json = getattr(self.api, action)(UserPoolId=self.pool, ClientId=self.id, **parameters)
        return response

    def accepts(self, secret: str) -> bool:
        form = {"grant_type": "client_credentials", "scope": "things/read"}
        response = httpx.post(f"{endpoint_url(self.port)}/oauth2/token", data=form, auth=(self.id, secret), timeout=60)
        return response.status_code == 200 and "access_token" in response.json()


@pytest.mark.adds(client_secrets.CLIENT_SECRETS)
def test_secret_is_replaced_while_both_are_valid(ours: Stack) -> None:
    machine = Machine(ours)
    (old,) = machine.call("list_user_pool_client_secrets")["ClientSecrets"]
    new = machine.call("add_user_pool_client_secret")["ClientSecretDescriptor"]
    assert (machine.accepts(machine.secret), machine.accepts(new["ClientSecretValue"])) == (True, True)
    assert not machine.accepts("x" * 48)
    listed = machine.call("list_user_pool_client_secrets")["ClientSecrets"]
    assert [each["ClientSecretId"] for each in listed] == [old["ClientSecretId"], new["ClientSecretId"]]
    assert not any("ClientSecretValue" in each for each in listed)
    with pytest.raises(ClientError, match="LimitExceededException"):
        machine.call("add_user_pool_client_secret")
    machine.call("delete_user_pool_client_secret", ClientSecretId=old["ClientSecretId"])
    assert (machine.accepts(machine.secret), machine.accepts(new["ClientSecretValue"])) == (False, True)
    with pytest.raises(ClientError, match="The last secret"):
        machine.call("delete_user_pool_client_secret", ClientSecretId=new["ClientSecretId"])


@pytest.mark.lacks(client_secrets.CLIENT_SECRETS)
def test_ministack_knows_no_second_secret(ministack: Stack) -> None:
    with pytest.raises(ClientError, match=r"add_user_pool_client_secret|AddUserPoolClientSecret"):
        Machine(ministack).call("add_user_pool_client_secret")


def pages(stack: Stack) -> list[list[str]]:
    """Five events, of which three have one time, read in pages of two."""
    logs, group = stack.client("logs"), unique("group")
    logs.create_log_group(logGroupName=group)
    for stream, times in {"a": [1_000, 2_000, 2_000], "b": [2_000, 3_000]}.items():
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        events = [
            {"timestamp": 1_790_000_000_000 + at, "message": f"{stream}{place}"} for place, at in enumerate(times)
        ]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
    found = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, startTime=1_790_000_000_000, PaginationConfig={"PageSize": 2}
    )
    return [[event["message"] for event in page["events"]] for page in found if page["events"]]


@pytest.mark.adds(filter_log_events.PAGES)
def test_every_event_is_on_one_page(ours: Stack) -> None:
    read = pages(ours)
    assert [len(page) for page in read] == [2, 2, 1]
    assert sorted(message for page in read for message in page) == ["a0", "a1", "a2", "b0", "b1"]


@pytest.mark.lacks(filter_log_events.PAGES)
def test_ministack_returns_the_first_page_only(ministack: Stack) -> None:
    assert [len(page) for page in pages(ministack)] == [2]


def refused(stack: Stack) -> list[str]:
    """What a pattern finds among lines about requests and plain text, on pages of one event."""
    logs, group = stack.client("logs"), unique("group")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="a")
    lines = ["plain", '{"status":200,"by":"a"}', '{"status":404,"by":"a"}', '{"status":404,"by":"b"}', '{"status":404}']
    events = [{"timestamp": 1_790_000_000_000 + at, "message": line} for at, line in enumerate(lines)]
    logs.put_log_events(logGroupName=group, logStreamName="a", logEvents=events)
    found = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group,
        startTime=1_790_000_000_000,
        filterPattern='{ ($.status = 404) && ($.by != "b") }',
        PaginationConfig={"PageSize": 1},
    )
    return [event["message"] for page in found for event in page["events"]]


@pytest.mark.adds(filter_log_events.PATTERNS)
def test_a_pattern_for_json_leaves_out_what_does_not_match(ours: Stack) -> None:
    assert refused(ours) == ['{"status":404,"by":"a"}']


@pytest.mark.lacks(filter_log_events.PATTERNS)
def test_ministack_returns_every_event_whatever_the_pattern(ministack: Stack) -> None:
    assert refused(ministack)[0] == "plain"
