"""Each patch in docs/upstream applies to the pinned MiniStack, and MiniStack then has what it lacks."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from botocore.exceptions import ClientError

from emulator import process
from emulator.dynamodb import query_pages  # noqa: F401  # registers its difference, also if this file runs alone
from emulator.patches import registered

from . import test_invocation, test_put_rest_api, test_worker_io, test_worker_start
from .copies import UPSTREAM, apply, copy_of_ministack
from .stack import REGION, Stack, policy, unique
from .test_iam import denied, operations, table, text
from .test_put_rest_api import resources
from .test_sign_up import APP, PASSWORD, VERIFIER, Site, claims

ROOT = Path(__file__).resolve().parents[2]
PATCHES = (
    "leading-keys",
    "output-of-invocations",
    "put-rest-api",
    "query-pages",
    "sign-up-page",
    "weighted-aliases",
    "worker-start",
)


def test_there_is_a_patch_for_each_difference_that_is_plain_wiring() -> None:
    assert {patch.stem for patch in UPSTREAM} == set(PATCHES)
    assert {patch.stem for patch in UPSTREAM} <= {difference.name for difference in registered()}


@pytest.mark.parametrize("patch", UPSTREAM, ids=lambda patch: patch.stem)
def test_patch_applies_alone_and_is_described(patch: Path, tmp_path: Path) -> None:
    copy_of_ministack(tmp_path)
    apply(patch, tmp_path)
    assert f"## {patch.name}\n" in (patch.parent / "README.md").read_text()


@pytest.fixture
def api(upstream: Stack) -> str:
    return str(upstream.client("apigateway").create_rest_api(name=unique("api"))["id"])


def test_document_becomes_the_api(upstream: Stack, api: str) -> None:
    test_put_rest_api.test_document_becomes_the_api(upstream, api)


def test_deployed_document_serves(upstream: Stack, api: str) -> None:
    test_put_rest_api.test_deployed_document_serves(upstream, api)


def test_overwriting_keeps_ids_and_drops_the_rest(upstream: Stack, api: str) -> None:
    test_put_rest_api.test_overwriting_keeps_ids_and_drops_what_is_not_in_the_document(upstream, api)


def test_merging_keeps_what_the_document_does_not_name(upstream: Stack, api: str) -> None:
    test_put_rest_api.test_merging_keeps_what_the_document_does_not_name(upstream, api)


def test_importing_creates_a_new_api(upstream: Stack) -> None:
    body = b"openapi: 3.0.1\ninfo: {title: from yaml}\npaths:\n  /things/{id}: {}\n"
    created = upstream.client("apigateway").import_rest_api(body=body)
    assert created["name"] == "from yaml"
    assert set(resources(upstream, created["id"])) == {"/", "/things", "/things/{id}"}
    with pytest.raises(ClientError, match="BadRequestException"):
        upstream.client("apigateway").import_rest_api(body=b"[]")


def test_alias_divides_invocations_by_weight(upstream: Stack) -> None:
    test_invocation.test_alias_divides_invocations_by_weight(upstream)


def test_alias_describes_its_first_version(upstream: Stack) -> None:
    name = test_invocation.canary(upstream, 1.0)
    described = upstream.client("lambda").get_function_configuration(FunctionName=name, Qualifier="prod")
    assert described["Version"] == "1"


def test_log_has_every_line_that_was_written(upstream: Stack) -> None:
    name = upstream.function(test_worker_io.WRITING)
    test_worker_io.invoke(upstream, name, "word", 100)
    test_worker_io.invoke(upstream, name, "again", 1)
    lines = test_worker_io.written(upstream, name)
    assert sorted(lines) == sorted([*(f"word {number}" for number in range(100)), "again 0", *test_worker_io.LINES * 2])


def test_process_imports_botocore_only_where_the_function_does(upstream: Stack) -> None:
    test_worker_start.test_process_imports_botocore_only_where_the_function_does(upstream)


def test_expression_is_evaluated_for_each_item_and_each_request(upstream: Stack) -> None:
    name, client = table(upstream), upstream.client("dynamodb")
    for key in ("a", "b", "c"):
        client.put_item(TableName=name, Item={"id": text(key)})
    for least, found in (("a", ["b", "c"]), ("b", ["c"])):
        matching = client.scan(
            TableName=name, FilterExpression="id > :least", ExpressionAttributeValues={":least": text(least)}
        )
        assert sorted(item["id"]["S"] for item in matching["Items"]) == found
    for _ in range(2):
        with pytest.raises(ClientError, match="ValidationException"):
            client.scan(TableName=name, FilterExpression="id > >", ExpressionAttributeValues={":least": text("a")})


def test_policy_may_name_the_leading_keys_of_a_request(upstream: Stack) -> None:
    """A user whose policy names the keys that start with `ann`, without policy variables."""
    name, user, iam = table(upstream), unique("user"), upstream.client("iam")
    arn = f"arn:aws:dynamodb:{REGION}:{upstream.account}:table/{name}"
    keys = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["ann", "ann#*"]}}
    condition = {**keys, "Null": {"dynamodb:LeadingKeys": "false"}}
    statement = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": [arn, f"{arn}/index/*"], "Condition": condition}
    iam.create_user(UserName=user)
    iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=policy([statement]))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    client = upstream.client_of("dynamodb", key["AccessKeyId"], key["SecretAccessKey"])

    def allowed(owner: str) -> set[str]:
        requests = operations(name, owner)
        return {call for call, request in requests if not denied(lambda: getattr(client, call)(**request))}  # noqa: B023

    assert allowed("ann") == {call for call, _ in operations(name, "ann")}
    assert allowed("ben") == set()
    assert denied(lambda: client.scan(TableName=name))
    both = {"Keys": [{"id": text("ann#1")}, {"id": text("ben#1")}]}
    assert denied(lambda: client.batch_get_item(RequestItems={name: both}))


def test_new_user_is_signed_in_after_the_code(upstream: Stack) -> None:
    site, email = Site(upstream), f"{unique('new')}@example.com"
    sign_in = site.http.get("/oauth2/authorize", params=site.parameters()).text
    (link,) = re.findall(r'href="(/signup[^"]+)"', sign_in)
    assert '<button type="submit">Sign up</button>' in site.http.get(link.replace("&amp;", "&")).text
    assert "Password" in site.sign_up(email, "x").text
    page = site.sign_up(email).text
    (token,) = re.findall(r'name="su_token" value="([^"]+)"', page)

    def confirm(code: str) -> httpx.Response:
        return site.http.post("/signup", data={"su_token": token, "code": code})

    assert "Invalid verification code" in confirm("000000").text
    back = urlsplit(confirm(emailed_code(upstream, email)).headers["location"])
    given = parse_qs(back.query)
    assert given["state"] == ["s"]
    tokens = site.tokens(
        grant_type="authorization_code", code=given["code"][0], redirect_uri=APP, code_verifier=VERIFIER
    )
    name = claims(tokens["access_token"])["username"]
    assert site.api.admin_get_user(UserPoolId=site.pool, Username=name)["UserStatus"] == "CONFIRMED"
    assert "User already exists" in site.sign_up(email).text


def emailed_code(stack: Stack, email: str) -> str:
    """The code in the message that MiniStack keeps instead of sending it."""
    sent = httpx.get(f"{process.endpoint_url(stack.port)}/_ministack/ses/messages", timeout=60).text
    assert email in sent
    (code,) = re.findall(r"Your verification code is (\d{6})", sent[sent.index(email) :])[:1]
    return str(code)


@pytest.mark.parametrize("change", [{"redirect_uri": "http://evil.example.com/"}, {"client_id": "x"}])
def test_sign_up_refuses_what_the_authorize_endpoint_refuses(upstream: Stack, change: dict[str, str]) -> None:
    site = Site(upstream)
    assert site.http.get("/signup", params=site.parameters(**change)).status_code == 400
    form = site.parameters(**change, username="a@example.com", password=PASSWORD)
    assert site.http.post("/signup", data=form).status_code == 400


def test_form_escapes_what_the_user_typed(upstream: Stack) -> None:
    assert "<script>" not in Site(upstream).sign_up('"><script>').text
