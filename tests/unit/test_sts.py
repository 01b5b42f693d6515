"""Credentials of a role for one owner, from STS."""

from __future__ import annotations

import json
import time
import urllib.parse
from datetime import UTC, datetime
from email.utils import formatdate

import boto3
import pytest

from functions.aws import dynamodb, sts
from functions.aws.credentials import Credentials, CredentialsRefused, CredentialsUnavailable
from functions.aws.sts import OwnerRole
from tests.servers.hostile import Behaviour, HostileServer, error, half, hang, raw, reset, respond

NOW = datetime(2030, 1, 1, tzinfo=UTC).timestamp()
ROLE = "arn:aws:iam::000000000000:role/data"


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def soon() -> float:
    return 5.0


def role_at(server: HostileServer, clock: Clock | None = None) -> OwnerRole:
    return OwnerRole(
        ROLE, "eu-west-2", server.url, lambda remaining: Credentials("key", "secret"), clock=clock or Clock()
    )


def http(status: int, xml: str, header: str = "") -> Behaviour:
    body = xml.encode()
    head = f"HTTP/1.1 {status} -\r\n{header}Content-Length: {len(body)}\r\n\r\n".encode()
    return raw(head + body, close=False)


def session(number: int = 1, lifetime: float = 3600) -> Behaviour:
    """Return a response as https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html documents it."""
    expiration = datetime.fromtimestamp(NOW + lifetime, UTC).isoformat().replace("+00:00", "Z")
    return http(
        200,
        '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>'
        f"<Credentials><AccessKeyId>key-{number}</AccessKeyId><SecretAccessKey>a/b+c=</SecretAccessKey>"
        f"<SessionToken>token&amp;more</SessionToken><Expiration>{expiration}</Expiration></Credentials>"
        "</AssumeRoleResult></AssumeRoleResponse>",
    )


def failure(code: str, status: int, header: str = "") -> Behaviour:
    return http(
        status,
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
        f"<Code>{code}</Code><Message>no</Message></Error></ErrorResponse>",
        header,
    )


def test_the_role_is_assumed_with_the_owner_as_its_tag() -> None:
    with HostileServer(session()) as server:
        credentials = role_at(server).credentials("3f1c+a b", soon)
        head, body = server.requests[0]
    assert dict(urllib.parse.parse_qsl(body.decode())) == {
        "Action": "AssumeRole",
        "Version": "2011-06-15",
        "RoleArn": ROLE,
        "RoleSessionName": "owner-3f1c+a-b",
        "DurationSeconds": "3600",
        "Tags.member.1.Key": "owner",
        "Tags.member.1.Value": "3f1c+a b",
    }
    assert "/eu-west-2/sts/aws4_request" in head
    assert (credentials.access_key, credentials.secret_key, credentials.token) == ("key-1", "a/b+c=", "token&more")
    assert credentials.expires == NOW + 3600


@pytest.fixture(scope="module")
def role_arn(emulator: dict[str, str]) -> str:
    """The ARN of a role in the emulator that its account may assume."""
    iam = boto3.client(
        "iam",
        region_name=emulator["AWS_REGION"],
        endpoint_url=emulator["AWS_ENDPOINT_URL"],
        aws_access_key_id=emulator["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=emulator["AWS_SECRET_ACCESS_KEY"],
    )
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="data-of-an-owner", AssumeRolePolicyDocument=document)
    arn: str = role["Role"]["Arn"]
    return arn


def test_the_emulator_returns_credentials_of_the_role(emulator: dict[str, str], role_arn: str) -> None:
    role = OwnerRole.from_environment(emulator | {"DATA_ROLE_ARN": role_arn})
    credentials = role.credentials("owner", soon)
    assert credentials.access_key.startswith("ASIA")
    assert credentials.token
    assert credentials.secret_key
    assert credentials.expires > time.time() + 3000


def test_calls_for_an_owner_are_made_as_the_role(emulator: dict[str, str], role_arn: str) -> None:
    role = OwnerRole.from_environment(emulator | {"DATA_ROLE_ARN": role_arn})
    client = dynamodb.Client.from_environment(emulator)
    client.call("ListTables", {}, soon)
    with pytest.raises(dynamodb.AccessDenied, match="data-of-an-owner"):  # it has no policy
        client.call("ListTables", {}, soon, lambda left: role.credentials("owner", left))


def test_each_owner_has_its_own_credentials_and_keeps_them() -> None:
    with HostileServer(session(1), session(2)) as server:
        role = role_at(server)
        assert role.credentials("a", soon).access_key == "key-1"
        assert role.credentials("b", soon).access_key == "key-2"
        assert role.credentials("a", soon).access_key == "key-1"
        assert (len(server.requests), server.connections) == (2, 1)


def test_credentials_are_replaced_before_they_expire() -> None:
    clock = Clock()
    with HostileServer(session(1), session(2, 7200)) as server:
        role = role_at(server, clock)
        role.credentials("a", soon)
        clock.now += 3300
        assert role.credentials("a", soon).access_key == "key-2"


def test_the_least_recently_used_owner_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sts, "OWNERS", 2)
    with HostileServer(*map(session, range(1, 5))) as server:
        role = role_at(server)
        keys = [role.credentials(owner, soon).access_key for owner in ("a", "b", "a", "c", "a", "b")]
    assert keys == ["key-1", "key-2", "key-1", "key-3", "key-1", "key-4"]


@pytest.mark.parametrize("code", ["AccessDenied", "SignatureDoesNotMatch", "ValidationError"])
def test_a_role_that_may_not_be_assumed_raises_refused(code: str) -> None:
    with HostileServer(failure(code, 403)) as server, pytest.raises(CredentialsRefused, match=code) as caught:
        role_at(server).credentials("a", soon)
    assert (caught.value.action, caught.value.code) == ("sts:AssumeRole", code)


def test_a_refusal_of_sts_is_access_denied_and_names_its_action() -> None:
    with HostileServer(failure("AccessDenied", 403)) as server:
        role = role_at(server)
        client = dynamodb.Client("http://127.0.0.1:9", "eu-west-2", lambda left: role.credentials("a", left))
        with pytest.raises(dynamodb.AccessDenied) as caught:
            client.call("GetItem", {}, soon)
    assert (caught.value.action, caught.value.code) == ("sts:AssumeRole", "AccessDenied")


def test_a_role_with_expired_credentials_of_its_own_renews_them() -> None:
    keys = [Credentials("old", "secret"), Credentials("new", "secret")]
    with HostileServer(failure("ExpiredToken", 403), session()) as server:
        role = OwnerRole(ROLE, "eu-west-2", server.url, lambda left: next(one for one in keys if one.expires))
        with pytest.raises(CredentialsUnavailable) as caught:
            role.credentials("a", soon)
        assert caught.type is CredentialsUnavailable
        assert role.credentials("a", soon).access_key == "key-1"
        assert "Credential=new/" in server.requests[1][0]


def test_a_role_whose_own_credentials_stay_expired_raises_refused() -> None:
    fixed = Credentials("old", "secret")
    with HostileServer(*[failure("ExpiredToken", 403)] * 2) as server:
        role = OwnerRole(ROLE, "eu-west-2", server.url, lambda left: fixed)
        with pytest.raises(CredentialsUnavailable):
            role.credentials("a", soon)
        with pytest.raises(CredentialsRefused):
            role.credentials("a", soon)


def test_a_session_that_dynamodb_refuses_as_expired_is_replaced() -> None:
    with (
        HostileServer(session(1), session(2)) as sts_server,
        HostileServer(error("ExpiredTokenException"), respond({"Item": {}})) as server,
    ):
        role = role_at(sts_server)
        client = dynamodb.Client(server.url, "eu-west-2", lambda left: role.credentials("a", left))
        assert client.call("GetItem", {}, soon) == {"Item": {}}
        assert "Credential=key-2/" in server.requests[1][0]


def test_a_clock_that_is_wrong_is_corrected_by_that_of_sts() -> None:
    date = f"Date: {formatdate(NOW + 7200, usegmt=True)}\r\n"
    with HostileServer(failure("SignatureDoesNotMatch", 403, date), session()) as server:
        role = role_at(server)
        with pytest.raises(CredentialsUnavailable) as caught:
            role.credentials("a", soon)
        assert caught.type is CredentialsUnavailable
        role.credentials("a", soon)
        assert "X-Amz-Date: 20300101T0200" in server.requests[1][0]


@pytest.mark.parametrize(
    "fault",
    [
        failure("Throttling", 400),
        failure("ServiceUnavailable", 503),
        reset,
        half({}),
        http(200, "<no"),
        http(200, "<empty/>"),
    ],
)
def test_a_transient_failure_is_not_a_refusal(fault: Behaviour) -> None:
    with HostileServer(fault, session()) as server:
        role = role_at(server)
        with pytest.raises(CredentialsUnavailable) as caught:
            role.credentials("a", soon)
        assert caught.type is CredentialsUnavailable
        assert role.credentials("a", soon).access_key == "key-1"


def test_a_silent_sts_is_abandoned_at_the_deadline() -> None:
    with HostileServer(hang) as server, pytest.raises(CredentialsUnavailable):
        role_at(server).credentials("a", lambda: 0.1)


def test_no_request_is_sent_without_time_left() -> None:
    with HostileServer() as server:
        with pytest.raises(CredentialsUnavailable):
            role_at(server).credentials("a", lambda: 0.0)
        assert server.connections == 0


@pytest.mark.parametrize("owner", ["", "x" * 300, "ä/ö", "shared"])
def test_the_session_name_is_valid_for_sts(owner: str) -> None:
    with HostileServer(session()) as server:
        role_at(server).credentials(owner, soon)
        form = dict(urllib.parse.parse_qsl(server.requests[0][1].decode()))
    name = form["RoleSessionName"]
    assert 2 <= len(name) <= 64
    assert all(letter.isascii() and (letter.isalnum() or letter in "_+=,.@-") for letter in name)
