"""The hosted sign-up page, and the time of a sign-in in the tokens of later refreshes."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from emulator.cognito import auth_time, sign_in_look, sign_up
from emulator.process import endpoint_url

from .stack import Json, Stack, unique

APP = "http://127.0.0.1:1/"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
PASSWORD = "Correct-horse-1"


class Site:
    """The hosted pages of a pool with one app client."""

    def __init__(self, stack: Stack, **settings: Any) -> None:
        api = stack.client("cognito-idp")
        self.pool = api.create_user_pool(
            PoolName=unique("pool"), UsernameAttributes=["email"], AutoVerifiedAttributes=["email"], **settings
        )["UserPool"]["Id"]
        self.client = api.create_user_pool_client(
            UserPoolId=self.pool,
            ClientName="app",
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthFlows=["code"],
            AllowedOAuthScopes=["openid", "email"],
            CallbackURLs=[APP],
        )["UserPoolClient"]["ClientId"]
        self.api = api
        self.http = httpx.Client(base_url=endpoint_url(stack.port), timeout=60)

    def parameters(self, **changes: str) -> dict[str, str]:
        default = {"client_id": self.client, "redirect_uri": APP, "response_type": "code", "scope": "openid email"}
        return (
            default
            | {"state": "s", "code_challenge": CHALLENGE, "code_challenge_method": "S256", "nonce": ""}
            | changes
        )

    def sign_up(self, email: str, password: str = PASSWORD) -> httpx.Response:
        return self.http.post("/signup", data=self.parameters(username=email, password=password))

    def confirm(self, page: str, code: str) -> httpx.Response:
        (token,) = re.findall(r'name="token" value="([^"]+)"', page)
        return self.http.post("/signup", data={"token": token, "code": code})

    def tokens(self, **form: str) -> Json:
        tokens: Json = self.http.post("/oauth2/token", data={"client_id": self.client, **form}).json()
        return tokens


def claims(token: str) -> Any:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def signed_in(site: Site) -> Json:
    page = site.sign_up(f"{unique('new')}@example.com").text
    (code,) = re.findall(r'id="mailed">([^<]+)<', page)
    back = urlsplit(site.confirm(page, code).headers["location"])
    given = parse_qs(back.query)
    assert given["state"] == ["s"]
    return site.tokens(grant_type="authorization_code", code=given["code"][0], redirect_uri=APP, code_verifier=VERIFIER)


@pytest.mark.adds(sign_up.SIGN_UP_PAGE)
def test_a_new_user_is_signed_in_after_the_code(ours: Stack) -> None:
    site = Site(ours)
    assert (
        '<button class="submitButton-customizable" type="submit">Sign up</button>'
        in site.http.get("/signup", params=site.parameters()).text
    )
    tokens = signed_in(site)
    name = claims(tokens["access_token"])["username"]
    assert site.api.admin_get_user(UserPoolId=site.pool, Username=name)["UserStatus"] == "CONFIRMED"


@pytest.mark.lacks(sign_up.SIGN_UP_PAGE)
def test_ministack_has_no_sign_up_page(ministack: Stack) -> None:
    site = Site(ministack)
    assert "Sign up" not in site.http.get("/signup", params=site.parameters()).text


def test_the_sign_in_page_links_to_sign_up_with_the_same_parameters(ours: Stack) -> None:
    site = Site(ours)
    page = site.http.get("/oauth2/authorize", params=site.parameters()).text
    (link,) = re.findall(r'href="(/signup[^"]+)"', page)
    assert dict(httpx.URL(link.replace("&amp;", "&")).params) == site.parameters()


def test_a_weak_password_a_wrong_code_and_a_taken_address_are_reported(ours: Stack) -> None:
    site = Site(ours)
    email = f"{unique('new')}@example.com"
    assert "Password" in site.sign_up(email, "x").text
    page = site.sign_up(email).text
    assert "Invalid verification code" in site.confirm(page, "000000").text
    assert "User already exists" in site.sign_up(email).text


@pytest.mark.parametrize("change", [{"redirect_uri": "http://evil.example.com/"}, {"client_id": "x"}])
def test_sign_up_refuses_what_the_authorize_endpoint_refuses(ours: Stack, change: dict[str, str]) -> None:
    site = Site(ours)
    assert site.http.get("/signup", params=site.parameters(**change)).status_code == 400
    form = site.parameters(**change, username="a@example.com", password=PASSWORD)
    assert site.http.post("/signup", data=form).status_code == 400


INVITED = {"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True}}


def sign_up_by_the_api(site: Site) -> None:
    site.api.sign_up(
        ClientId=site.client,
        Username="a@example.com",
        Password=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": "a@example.com"}],
    )


@pytest.mark.adds(sign_up.INVITED_ONLY)
def test_nobody_signs_up_to_a_pool_of_invited_users(ours: Stack) -> None:
    site = Site(ours, **INVITED)
    assert "/signup" not in site.http.get("/oauth2/authorize", params=site.parameters()).text
    assert "SignUp is not permitted for this user pool" in site.sign_up("a@example.com").text
    with pytest.raises(site.api.exceptions.NotAuthorizedException, match="not permitted for this user pool"):
        sign_up_by_the_api(site)
    site.api.admin_create_user(UserPoolId=site.pool, Username="a@example.com", MessageAction="SUPPRESS")
    assert len(site.api.list_users(UserPoolId=site.pool)["Users"]) == 1


@pytest.mark.lacks(sign_up.INVITED_ONLY)
def test_ministack_lets_anybody_sign_up(ministack: Stack) -> None:
    site = Site(ministack, **INVITED)
    sign_up_by_the_api(site)
    assert len(site.api.list_users(UserPoolId=site.pool)["Users"]) == 1


BRANDED = ".submitButton-customizable { background-color: #0f6b5c; }"


def branded(stack: Stack) -> Site:
    """A site whose pages have a style, and whose users need long passwords."""
    site = Site(stack, Policies={"PasswordPolicy": {"MinimumLength": 14, "RequireSymbols": False}})
    site.api.create_user_pool_domain(UserPoolId=site.pool, Domain=unique("domain"))
    site.api.set_ui_customization(UserPoolId=site.pool, ClientId=site.client, CSS=BRANDED + "</style><script>")
    return site


@pytest.mark.adds(sign_in_look.LOOK)
def test_the_pages_have_the_style_of_the_client_and_the_rules_of_a_password(ours: Stack) -> None:
    site = branded(ours)
    server = {"Identifier": "orders", "Name": "orders", "Scopes": [{"ScopeName": "read", "ScopeDescription": "Read"}]}
    site.api.create_resource_server(UserPoolId=site.pool, **server)
    settings = {
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid", "email", "orders/read"],
        "CallbackURLs": [APP],
    }
    site.api.update_user_pool_client(
        UserPoolId=site.pool, ClientId=site.client, AllowedOAuthFlowsUserPoolClient=True, **settings
    )
    site.api.admin_create_user(
        UserPoolId=site.pool, Username="a@example.com", TemporaryPassword="Temporary-passw0rd", MessageAction="SUPPRESS"
    )
    sign_in = site.http.get("/oauth2/authorize", params=site.parameters()).text
    sign_up = site.http.get("/signup", params=site.parameters()).text
    invited = site.parameters(username="a@example.com", password="Temporary-passw0rd")
    new_password = site.http.post("/login", data=invited).text
    for page in (sign_in, sign_up, new_password):
        assert BRANDED in page
        assert '<div class="banner-customizable">Orders</div>' in page
        assert '<button class="submitButton-customizable" type="submit"' in page
        assert "<script>" not in page
    rules = [
        *("Password must have length greater than or equal to 14", "Password must have uppercase characters"),
        *("Password must have lowercase characters", "Password must have numeric characters"),
    ]
    for page in (sign_up, new_password):
        assert re.findall("<li>([^<]*)</li>", page) == rules
    assert "<li>" not in sign_in


@pytest.mark.lacks(sign_in_look.LOOK)
def test_ministack_stores_a_style_and_uses_it_nowhere(ministack: Stack) -> None:
    site = branded(ministack)
    assert BRANDED not in site.http.get("/oauth2/authorize", params=site.parameters()).text


def test_form_escapes_what_the_user_typed(ours: Stack) -> None:
    page = Site(ours).sign_up('"><script>').text
    assert "<script>" not in page


@pytest.mark.adds(auth_time.AUTH_TIME)
def test_a_refreshed_token_has_the_time_of_the_sign_in(ours: Stack) -> None:
    site = Site(ours)
    first = signed_in(site)
    time.sleep(1.1)
    second = site.tokens(grant_type="refresh_token", refresh_token=first["refresh_token"])
    for kind in ("id_token", "access_token"):
        assert claims(second[kind])["auth_time"] == claims(first[kind])["auth_time"]
        assert claims(second[kind])["iat"] > claims(first[kind])["iat"]


@pytest.mark.lacks(auth_time.AUTH_TIME)
def test_ministack_has_the_time_of_the_refresh(ministack: Stack) -> None:
    api = ministack.client("cognito-idp")
    pool = api.create_user_pool(PoolName=unique("pool"))["UserPool"]["Id"]
    client = api.create_user_pool_client(
        UserPoolId=pool, ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )
    client_id = client["UserPoolClient"]["ClientId"]
    api.admin_create_user(UserPoolId=pool, Username="user")
    api.admin_set_user_password(UserPoolId=pool, Username="user", Password=PASSWORD, Permanent=True)
    parameters = {"USERNAME": "user", "PASSWORD": PASSWORD}
    first = api.initiate_auth(ClientId=client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    time.sleep(1.1)
    refresh = {"REFRESH_TOKEN": first["AuthenticationResult"]["RefreshToken"]}
    second = api.initiate_auth(ClientId=client_id, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=refresh)
    times = [claims(result["AuthenticationResult"]["IdToken"])["auth_time"] for result in (first, second)]
    assert times[0] < times[1]
