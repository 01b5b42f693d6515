"""Who may use the emulator: its user's own programs. Not a page in a browser, nor another user of the machine."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from emulator import process
from emulator.http import signatures
from emulator.lambda_ import credentials

from .stack import LOGS, REGION, Stack, unique

Attack = Callable[[Stack, AWSRequest, str], None]
JSON = "application/x-amz-json-1.0"
CLIENT = httpx.Client(timeout=120)


def request(stack: Stack, name: str) -> tuple[AWSRequest, str]:
    """One of the requests that a caller without the secret tries, without a signature, and the service to sign it for."""
    service, method, path, headers, body = REQUESTS[name]
    url = process.endpoint_url(stack.port) + path
    return AWSRequest(
        method, url, headers=headers, data=json.dumps(body).encode() if body is not None else b""
    ), service


REQUESTS: dict[str, tuple[str, str, str, dict[str, str], Any]] = {
    "list tables": ("dynamodb", "POST", "/", {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": JSON}, {}),
    "list users": (
        "cognito-idp", "POST", "/",
        {"X-Amz-Target": "AWSCognitoIdentityProviderService.ListUserPools", "Content-Type": JSON}, {"MaxResults": 1},
    ),
    "list functions": ("lambda", "GET", "/2015-03-31/functions/", {}, None),
    "create a function": ("lambda", "POST", "/2015-03-31/functions", {}, {"FunctionName": "theirs"}),
    "list buckets": ("s3", "GET", "/", {}, None),
    "create a bucket": ("s3", "PUT", "/theirs", {}, None),
    "list keys": ("iam", "GET", "/?Action=ListAccessKeys&Version=2010-05-08", {}, None),
    "assume a role": ("sts", "GET", "/?Action=AssumeRole&RoleArn=arn:aws:iam::000000000000:role/x&RoleSessionName=x", {}, None),
    "assume a role with a token": (
        "sts", "GET",
        "/?Action=AssumeRoleWithWebIdentity&RoleArn=arn:aws:iam::000000000000:role/x&RoleSessionName=x&WebIdentityToken=x",
        {}, None,
    ),
    "list REST APIs": ("apigateway", "GET", "/restapis", {}, None),
    "read logs": ("logs", "POST", "/", {"X-Amz-Target": "Logs_20140328.DescribeLogGroups", "Content-Type": JSON}, {}),
    "read a registry": ("ecr", "GET", "/v2/_catalog", {}, None),
    "call a function by its URL": ("lambda", "GET", "/_aws/lambda-url/x/", {}, None),
    "call a REST API by its old address": ("apigateway", "GET", "/restapis/x/v1/_user_request_/items", {}, None),
    "read an Iceberg catalog": ("s3tables", "GET", "/iceberg/v1/config", {}, None),
}  # fmt: skip


def sign(stack: Stack, tried: AWSRequest, service: str, key: str = "test", secret: str = "") -> None:
    SigV4Auth(Credentials(key, secret or stack.secret), service, REGION).add_auth(tried)


def unsigned(stack: Stack, tried: AWSRequest, service: str) -> None:
    """Send it as it is."""


def guessed(key: str, secret: str) -> Attack:
    def attack(stack: Stack, tried: AWSRequest, service: str) -> None:
        sign(stack, tried, service, key, secret)

    return attack


def authorization(value: str) -> Attack:
    def attack(stack: Stack, tried: AWSRequest, service: str) -> None:
        tried.headers["Authorization"] = value

    return attack


def in_the_query(secret: str) -> Attack:
    def attack(stack: Stack, tried: AWSRequest, service: str) -> None:
        SigV4QueryAuth(Credentials("test", secret or stack.secret), service, REGION).add_auth(tried)

    return attack


def two_credentials(stack: Stack, tried: AWSRequest, service: str) -> None:
    """The first names the root, the second a user whose secret the caller has, and whose signature is right."""
    iam, name = stack.client("iam"), unique("user")
    iam.create_user(UserName=name)
    own = iam.create_access_key(UserName=name)["AccessKey"]
    sign(stack, tried, service, own["AccessKeyId"], own["SecretAccessKey"])
    signed = tried.headers["Authorization"]
    del tried.headers["Authorization"]
    tried.headers["Authorization"] = signed.replace("Credential=", "Credential=test/x, Credential=")


def another_body(stack: Stack, tried: AWSRequest, service: str) -> None:
    sign(stack, tried, service)
    tried.data = b'{"Limit": 1}'


def another_path(stack: Stack, tried: AWSRequest, service: str) -> None:
    sign(stack, tried, service)
    tried.url += "&MaxItems=1" if "?" in tried.url else "?MaxItems=1"


def an_hour_ago(stack: Stack, tried: AWSRequest, service: str) -> None:
    sign(stack, tried, service)
    old = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y%m%dT%H%M%SZ")
    del tried.headers["X-Amz-Date"]
    tried.headers["X-Amz-Date"] = old


ATTACKS: dict[str, Attack] = {
    "no signature": unsigned,
    "the secret of MiniStack": guessed("test", "test"),
    "no secret": guessed("test", " "),
    "another account": guessed("111111111111", "test"),
    "a key that does not exist": guessed("AKIAIOSFODNN7EXAMPLE", "test"),
    "a bearer token": authorization("Bearer x"),
    "a password": authorization("Basic dGVzdDp0ZXN0"),
    "a signature of version 2": authorization("AWS test:x"),
    "an empty credential": authorization("AWS4-HMAC-SHA256 Credential=, SignedHeaders=, Signature="),
    "an unfinished signature": authorization("AWS4-HMAC-SHA256 Credential=test/20260101/x/x/aws4_request"),
    "another algorithm": authorization("AWS4-ECDSA-P256-SHA256 Credential=test/1/x/aws4_request, SignedHeaders=x, Signature=x"),
    "a presigned URL": in_the_query("test"),
    "a presigned URL of the root": in_the_query(""),
    "two credentials": two_credentials,
    "another query": another_path,
    "an old signature": an_hour_ago,
}  # fmt: skip


def send(tried: AWSRequest) -> httpx.Response:
    prepared: Any = tried.prepare()
    return CLIENT.request(prepared.method, prepared.url, headers=dict(prepared.headers), content=prepared.body)


@pytest.mark.parametrize("attack", ATTACKS)
def test_request_that_the_secret_did_not_sign_is_refused(ours: Stack, attack: str) -> None:
    for name in REQUESTS:
        tried, service = request(ours, name)
        ATTACKS[attack](ours, tried, service)
        response = send(tried)
        assert response.status_code in (400, 403), (name, response.status_code, response.text)
        assert "date" in response.headers
        assert not any(header.startswith("access-control-") for header in response.headers), name


@pytest.mark.parametrize("header", ["Authorization", "X-Amz-Security-Token"])
def test_signature_in_other_characters_is_refused(ours: Stack, header: str) -> None:
    tried, service = request(ours, "list tables")
    sign(ours, tried, service)
    headers = {**dict(tried.headers), header: f"{tried.headers.get(header, '')}\xff"}
    sent = {name: value.encode("latin-1") for name, value in headers.items()}
    assert CLIENT.post(tried.url, headers=sent, content=tried.data).status_code in (400, 403)


def test_signature_is_for_one_body(ours: Stack) -> None:
    tried, service = request(ours, "list tables")
    another_body(ours, tried, service)
    assert "signature" in send(tried).json()["message"]


@pytest.mark.adds(signatures.SIGNATURES)
def test_request_that_the_secret_signed_is_the_roots(ours: Stack) -> None:
    for name in ("list tables", "list functions", "list buckets", "list keys"):
        tried, service = request(ours, name)
        sign(ours, tried, service)
        assert send(tried).status_code == 200, name
    tried, service = request(ours, "list tables")
    sign(ours, tried, service, "111111111111")
    assert send(tried).status_code == 200


@pytest.mark.lacks(signatures.SIGNATURES)
def test_ministack_takes_everybody_for_the_root(ministack: Stack) -> None:
    for attack in ("no secret", "a bearer token"):
        tried, service = request(ministack, "list tables")
        ATTACKS[attack](ministack, tried, service)
        assert send(tried).status_code == 200, attack


def guess(name: str, arn: str) -> str:
    """The secret that MiniStack gives a function that has this role."""
    function = f"arn:aws:lambda:{REGION}:000000000000:function:{name}"
    return hashlib.sha256(f"secret:{hashlib.sha256(f'{function}:{arn}'.encode()).hexdigest()}".encode()).hexdigest()


SECRET = "import os\ndef handler(event, context):\n    return os.environ['AWS_SECRET_ACCESS_KEY']"


@pytest.mark.adds(credentials.FUNCTION_CREDENTIALS)
def test_credentials_of_a_function_do_not_follow_from_its_name(ours: Stack) -> None:
    role = ours.role([LOGS])
    name = ours.function(SECRET, Role=role)
    assert ours.invoke(name) != guess(name, role)


@pytest.mark.lacks(credentials.FUNCTION_CREDENTIALS)
def test_ministack_makes_them_of_its_name(ministack: Stack) -> None:
    role = ministack.role([LOGS])
    name = ministack.function(SECRET, Role=role)
    assert ministack.invoke(name) == guess(name, role)


PAGES = ("/oauth2/authorize", "/login", "/signup", "/logout", "/oauth2/token", "/oauth2/userInfo")
READY = "/_ministack/ready"


@pytest.mark.parametrize(
    "host",
    [
        "attacker.example", "attacker.example:{port}", "127.0.0.1.attacker.example:{port}", "localhost.attacker.example", "",
        "127.0.0.1@attacker.example:{port}", "127.0.0.2:{port}", "0.0.0.0:{port}", "localhost:{port}, attacker.example",
        "x.execute-api.attacker.example:{port}", "127.0.0.1:x", "[::2]:{port}", "169.254.169.254", "\xff",
    ],
)  # fmt: skip
def test_request_for_another_host_is_refused_whatever_it_asks_for(ours: Stack, host: str) -> None:
    """A page whose name has this machine's address (DNS rebinding) may read every response; its requests have its name."""
    for path in ("/", READY, process.PID_PATH, "/_aws/execute-api/x/v1/items", *PAGES):
        status, head = raw(
            ours.port, f"GET {path} HTTP/1.1\r\nHost: {host.format(port=ours.port)}\r\nConnection: close\r\n\r\n"
        )
        assert status in (400, 421), (path, head)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}", "localhost", "127.0.0.1:1"]
)
def test_request_for_this_machine_is_served(ours: Stack, host: str) -> None:
    """Under any port, which may be forwarded to the emulator's."""
    status, _ = raw(
        ours.port, f"GET {READY} HTTP/1.1\r\nHost: {host.format(port=ours.port)}\r\nConnection: close\r\n\r\n"
    )
    assert status == 200


@pytest.mark.parametrize(
    "heads", ["", "Host: localhost\r\nHost: attacker.example\r\n", "Host: attacker.example\r\nHost: localhost\r\n"]
)
def test_request_has_one_host(ours: Stack, heads: str) -> None:
    for version in ("1.0", "1.1"):
        status, head = raw(ours.port, f"GET {READY} HTTP/{version}\r\n{heads}Connection: close\r\n\r\n")
        assert status in (400, 421), head


def raw(port: int, sent: str) -> tuple[int, str]:
    """Send bytes and return status and all of the response."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(sent.encode("latin-1"))
        received = b""
        while part := connection.recv(1 << 16):
            received += part
    text = received.decode("latin-1")
    return int(text.split(" ")[1]), text


ORIGIN = {"Origin": "http://127.0.0.1:5000"}
SENSITIVE = "authorization,content-type,x-amz-date,x-amz-target,x-amz-security-token,x-amz-content-sha256"


@pytest.mark.parametrize(
    "path",
    ["/", "/2015-03-31/functions", "/theirs", "/restapis", "/_ministack/reset", "/login", READY, process.PID_PATH],
)
def test_page_of_another_origin_may_neither_sign_nor_read(ours: Stack, path: str) -> None:
    """A browser asks before it sends such a request, and hides a response without the header."""
    url = process.endpoint_url(ours.port) + path
    for method in ("GET", "POST", "PUT", "DELETE"):
        asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": SENSITIVE}
        may = CLIENT.options(url, headers=ORIGIN | asked)
        assert "authorization" not in may.headers.get("access-control-allow-headers", "")
        response = CLIENT.request(method, url, headers=ORIGIN)
        assert "access-control-allow-origin" not in response.headers, (method, response.headers)


FORMS = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain")


@pytest.mark.parametrize("content_type", FORMS)
def test_form_of_another_page_changes_nothing(ours: Stack, content_type: str) -> None:
    """A browser sends it without asking, with no header of the page's choice."""
    url, headers = process.endpoint_url(ours.port), ORIGIN | {"Content-Type": content_type}
    for body in ("Action=CreateUser&UserName=theirs&Version=2010-05-08", '{"TableName": "theirs"}', ""):
        for path in ("/", "/?Action=CreateUser&UserName=theirs&Version=2010-05-08", "/2015-03-31/functions", "/theirs"):
            response = CLIENT.post(url + path, content=body, headers=headers)
            assert response.status_code in (400, 403), (path, body, response.text)
    assert "theirs" not in [user["UserName"] for user in ours.client("iam").list_users()["Users"]]


def test_what_users_call_of_cognito_is_open_to_the_web_app(ours: Stack) -> None:
    """It is served at another port, and has no credentials of AWS."""
    url = process.endpoint_url(ours.port)
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-amz-target"}
    may = CLIENT.options(f"{url}/", headers=ORIGIN | asked)
    assert may.status_code == 204
    assert may.headers["access-control-allow-origin"] == "*"
    assert {"content-type", "x-amz-target"} <= set(may.headers["access-control-allow-headers"].split(", "))
    target = {
        "X-Amz-Target": "AWSCognitoIdentityProviderService.GlobalSignOut",
        "Content-Type": "application/x-amz-json-1.1",
    }
    refused = CLIENT.post(f"{url}/", headers=ORIGIN | target, json={"AccessToken": "x"})
    assert refused.headers["access-control-allow-origin"] == "*"
    assert refused.json()["__type"] == "NotAuthorizedException"
    for endpoint in ("/oauth2/token", "/oauth2/userInfo"):
        assert CLIENT.options(url + endpoint, headers=ORIGIN).headers["access-control-allow-origin"] == "*"
        assert CLIENT.post(url + endpoint, headers=ORIGIN).headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("extra", [{"X-Amz-Target": "DynamoDB_20120810.ListTables"}, {"Authorization": "Bearer x"}])
def test_what_users_call_of_cognito_opens_nothing_else(ours: Stack, extra: dict[str, str]) -> None:
    first = ("X-Amz-Target", "AWSCognitoIdentityProviderService.GlobalSignOut")
    headers = [first, *extra.items(), ("Content-Type", JSON)]
    for tried in (headers, headers[::-1]):
        refused = CLIENT.post(process.endpoint_url(ours.port), headers=tried, content=b"{}")
        assert "MissingAuthenticationToken" in refused.text


DEEP = b"[" * 60_000 + b"]" * 60_000
TOKEN = "e30." + base64.urlsafe_b64encode(b"[" * 9000 + b"]" * 9000).decode() + ".AA"


@pytest.mark.parametrize(
    "body", [DEEP, b'{"a":' + DEEP + b"}", b"[]", b"null", b'{"a":"\xff"}', b"{", b'{"a":%s}' % (b"9" * 5000)]
)
@pytest.mark.parametrize("operation", ["InitiateAuth", "SignUp", "GlobalSignOut", "GetUser", "RevokeToken"])
def test_call_of_a_user_that_cannot_be_read_is_refused(ours: Stack, operation: str, body: bytes) -> None:
    headers = {"X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}", "Content-Type": JSON}
    refused = CLIENT.post(process.endpoint_url(ours.port), headers=headers, content=body)
    assert (refused.status_code, refused.json()["__type"]) == (400, "SerializationException")


@pytest.mark.parametrize("operation", ["GetUser", "GlobalSignOut", "RevokeToken", "InitiateAuth"])
def test_token_of_a_user_that_cannot_be_read_is_refused(ours: Stack, operation: str) -> None:
    headers = {"X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}", "Content-Type": JSON}
    sent = {
        "AccessToken": TOKEN,
        "Token": TOKEN,
        "AuthFlow": "REFRESH_TOKEN_AUTH",
        "AuthParameters": {"REFRESH_TOKEN": TOKEN},
    }
    assert CLIENT.post(process.endpoint_url(ours.port), headers=headers, json=sent).status_code == 400


@pytest.mark.parametrize("path", ["/signup", "/login", "/oauth2/login", "/oauth2/token", "/oauth2/userInfo"])
def test_form_that_cannot_be_read_is_refused(ours: Stack, path: str) -> None:
    url, form = process.endpoint_url(ours.port) + path, {"Content-Type": "application/x-www-form-urlencoded"}
    assert CLIENT.post(url, headers=form, content=b"username=\xff&token=\xff").status_code == 400
    for headers in (form, form | {"Authorization": f"Bearer {TOKEN}"}):
        response = CLIENT.post(url, headers=headers, content=f"grant_type=refresh_token&refresh_token={TOKEN}")
        assert 400 <= response.status_code < 500


@pytest.mark.parametrize("path", ["/login", "/_aws/execute-api/x/v1/items", "/2015-03-31/functions"])
def test_body_without_end_is_not_kept(ours: Stack, path: str) -> None:
    """Whoever may send nothing else may not fill the memory either."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {1 << 40}\r\n\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", ours.port), timeout=120) as connection, contextlib.suppress(OSError):
        connection.sendall(head.encode())
        while sent < 1 << 26:
            connection.sendall(bytes(1 << 20))
            sent += 1 << 20
    assert sent < 1 << 26
    assert raw(ours.port, f"GET {READY} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")[0] == 200


@pytest.mark.parametrize("path", ["/2015-03-31/functions", "/?Action=ListUsers", "//", "/."])
def test_what_users_call_of_cognito_has_one_path(ours: Stack, path: str) -> None:
    headers = {"X-Amz-Target": "AWSCognitoIdentityProviderService.GlobalSignOut", "Content-Type": JSON}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    status, text = raw(
        ours.port,
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n{lines}\r\n{{}}",
    )
    assert status in (400, 403), text


OPEN = (
    *PAGES, "/oauth2/login", READY, process.PID_PATH, "/x_1/.well-known/jwks.json", "/x_1/.well-known/openid-configuration",
    "/_aws/execute-api", "/_aws/execute-api/", "/_aws/execute-api/x", "/_aws/execute-api//v1", "/_aws/execute-api/x/v1/items",
    "/_aws/execute-api/x/v1/@connections/x", "/_aws/execute-api/x/../../", "/",
)  # fmt: skip


@pytest.mark.parametrize("path", OPEN)
def test_open_address_leads_to_no_other_service(ours: Stack, path: str) -> None:
    """MiniStack goes by other headers where an address turns out to have no meaning of its own."""
    form = "application/x-www-form-urlencoded"
    for method in ("GET", "POST", "PUT", "DELETE", "HEAD"):
        for target, content_type, body in (
            ("DynamoDB_20120810.ListTables", JSON, "{}"),
            ("AWSCognitoIdentityProviderService.ListUserPools", JSON, '{"MaxResults": 1}'),
            ("AWSCognitoIdentityProviderService.GlobalSignOut", form, "Action=ListUsers&Version=2010-05-08"),
            (
                "AWSCognitoIdentityProviderService.GlobalSignOut",
                form,
                "X-Amz-Credential=test/1/eu-central-1/s3/aws4_request",
            ),
        ):
            for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic dGVzdDp0ZXN0"}):
                lines = "".join(f"{key}: {value}\r\n" for key, value in {**headers, "X-Amz-Target": target}.items())
                head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}"
                text = raw(
                    ours.port, f"{head}Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
                )[1]
                found = [
                    word
                    for word in ("TableNames", "UserPools", "ListUsersResult", "ListAllMyBuckets", "Buckets")
                    if word in text
                ]
                assert found == [], (method, headers, text)


ADMINISTRATION = (
    "_ministack/reset", "_ministack/config", "_ministack/health", "_localstack/health", "health", "_localstack/x",
    "_ministack/ses/messages", "_ministack/sqs/messages", "_ministack/sns/sms-messages", "_ministack/rds/ca.pem",
    "_ministack/iot/ca.pem", "_ministack/elasticache/ca.pem", "_ministack/transfer/sftp-ports", "_ministack/rds/iam-auth",
    "_ministack/lambda-code/x", "_ministack/lambda-layers/x/1/content", "_ministack/cfn-response/x", "_ministack/cfn-signal/x",
    "_ministack/eks-auth/x", "_ministack/ready/", "_ministack//reset", "_ministack",
)  # fmt: skip


@pytest.mark.parametrize("path", ADMINISTRATION)
def test_administration_of_ministack_is_refused(ours: Stack, path: str) -> None:
    for method in ("GET", "POST", "PUT", "OPTIONS", "HEAD"):
        tried = AWSRequest(method, f"{process.endpoint_url(ours.port)}/{path}", data=b"{}")
        assert send(tried).status_code == 403, method
        sign(ours, tried, "s3")
        assert send(tried).status_code == 403, f"{method}, signed"


@pytest.mark.parametrize(("path", "host"), [("/_ministack/reset", "localhost"), ("/", "evil.example")])
def test_connection_of_a_request_that_is_refused_unread_ends(ours: Stack, path: str, host: str) -> None:
    tried = CLIENT.post(process.endpoint_url(ours.port) + path, headers={"Host": host}, content=b"{}")
    assert (tried.status_code, tried.headers.get("connection")) == (421 if "." in host else 403, "close")


@pytest.mark.parametrize(
    "path", ["/%5Fministack/reset", "/./_ministack/reset", "/x/../_ministack/reset", "//_ministack/reset"]
)
def test_administration_is_refused_under_other_spellings(ours: Stack, path: str) -> None:
    status, _ = raw(
        ours.port, f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    )
    assert status == 403


def test_websocket_is_refused(ours: Stack) -> None:
    for path in ("/", "/_aws/execute-api/x/v1"):
        head = f"GET {path} HTTP/1.1\r\nHost: localhost:{ours.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        with socket.create_connection(("127.0.0.1", ours.port), timeout=60) as connection:
            connection.sendall((head + key).encode())
            assert b" 403 " in connection.recv(1 << 16)
