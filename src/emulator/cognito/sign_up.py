"""The sign-up page of Cognito's hosted pages, which MiniStack lacks, and who may sign up; signing in is MiniStack's."""

from __future__ import annotations

import html
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlencode

from ministack import app
from ministack.core import responses
from ministack.services import cognito

from emulator.cognito.sign_in_look import LOOK, dressed
from emulator.patches import Difference, patch, register, uses

Json = dict[str, Any]
Response = tuple[int, Json, bytes]

SIGN_UP_PAGE = register(
    Difference(
        name="sign-up-page",
        service="Cognito",
        aws="the hosted pages let a user sign up: /signup takes the parameters of the authorize endpoint, sends a code by "
        "e-mail, and signs in the user who enters it",
        source="https://docs.aws.amazon.com/cognito/latest/developerguide/managed-login-endpoints.html",
        ministack="only the sign-in page exists",
        here="as AWS, but the code is shown on the page: no e-mail leaves the machine",
        upstream="serve /signup beside /login, with `_sign_up` and `_confirm_sign_up`; the code on the page is our own choice",
    )
)
INVITED_ONLY = register(
    Difference(
        name="invited-only",
        service="Cognito",
        aws="with AllowAdminCreateUserOnly nobody signs up: SignUp is a NotAuthorizedException, and the hosted page "
        "has no link to it",
        source="https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUserConfigType.html",
        ministack="AllowAdminCreateUserOnly is stored and read by nothing",
        here="as AWS",
        upstream="`_sign_up` returns this error for such a pool",
    )
)
uses(INVITED_ONLY, cognito, "_find_pool_by_client_id(client_id)")
uses(
    INVITED_ONLY,
    responses,
    "error_response_json(code, message, status=400, extra=None, *, message_key='message', "
    "content_type='application/x-amz-json-1.0')",
)
uses(
    SIGN_UP_PAGE,
    cognito,
    "handle_oauth2_authorize(method, path, headers, query_params)",
    "_qp(query_params, key, default='')",
    "_sign_up(data)",
    "_confirm_sign_up(data)",
    "_confirmation_code_error(action, data)",
    "_find_pool_by_client_id(client_id)",
    "_resolve_user(pool, username)",
    "_issue_auth_code_redirect(client_id, pool_id, redirect_uri, scope, username, nonce, code_challenge, "
    "code_challenge_method, state)",
    "_oauth2_error(error, description, status=400)",
    "_page_shell(title, heading, body_html)",
)

PATH = "/signup"
OAUTH = (
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "response_type",
    "code_challenge",
    "code_challenge_method",
    "nonce",
)

_pending: dict[str, Json] = {}  # token of a sign-up that waits for its code -> the submitted form


def install() -> None:
    """Serve the page, and link to it from the sign-in page."""
    patch(app, "_handle_cognito_body_request", handle, SIGN_UP_PAGE)
    patch(cognito, "_login_page_html", sign_in_page, SIGN_UP_PAGE, INVITED_ONLY, LOOK)
    patch(cognito, "_sign_up", sign_up, INVITED_ONLY)


async def handle(
    original: Callable[..., Awaitable[Response | None]],
    method: str,
    path: str,
    headers: Json,
    body: bytes,
    query_params: Json,
) -> Response | None:
    """Serve a hosted page; None if the path belongs to another service."""
    if path == PATH and method in ("GET", "POST"):
        return opened(headers, query_params) if method == "GET" else submitted(headers, body)
    return await original(method, path, headers, body, query_params)


def sign_in_page(
    original: Callable[..., str],
    client_id: str,
    redirect_uri: str,
    scope: str,
    state: str,
    response_type: str,
    code_challenge: str = "",
    code_challenge_method: str = "",
    nonce: str = "",
    error_message: str = "",
) -> str:
    """Return the HTML of the sign-in page."""
    values = (client_id, redirect_uri, scope, state, response_type, code_challenge, code_challenge_method, nonce)
    page = original(*values, error_message=error_message)
    if not _invited_only(client_id):
        link = f"{PATH}?{urlencode(dict(zip(OAUTH, values, strict=True)))}"
        page = page.replace("</form>", f'</form>\n<p><a href="{html.escape(link)}">Create an account</a></p>')
    return dressed(page, client_id)


def sign_up(original: Callable[[Json], Response], data: Json) -> Response:
    """SignUp, which a pool of invited users refuses."""
    if _invited_only(data.get("ClientId", "")):
        message = "SignUp is not permitted for this user pool"
        return responses.error_response_json("NotAuthorizedException", message, 400)  # type: ignore[no-any-return]
    return original(data)


def _invited_only(client_id: str) -> bool:
    _, pool, _ = cognito._find_pool_by_client_id(client_id)
    settings = (pool or {}).get("AdminCreateUserConfig") or {}
    return bool(settings.get("AllowAdminCreateUserOnly"))


def opened(headers: Json, query: Json) -> Response:
    """Return the form, if the authorize endpoint accepts the parameters; otherwise the error of that endpoint."""
    checked: Response = cognito.handle_oauth2_authorize("GET", "/oauth2/authorize", headers, query)
    if checked[0] != 200:
        return checked
    return _form({name: cognito._qp(query, name) for name in OAUTH})


def submitted(headers: Json, body: bytes) -> Response:
    """Process the form, and then the code: with the right code, redirect to the app with an authorization code."""
    form = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
    if "token" in form:
        return _confirmed(form)
    checked: Response = cognito.handle_oauth2_authorize("GET", "/oauth2/authorize", headers, form)
    if checked[0] != 200:
        return checked
    email = form.get("username", "")
    attributes = [{"Name": "email", "Value": email}]
    request = {"ClientId": form["client_id"], "Username": email, "Password": form.get("password", "")}
    status, _, result = cognito._sign_up({**request, "UserAttributes": attributes})
    if status != 200:
        return _form(form, _message(result))
    token = secrets.token_urlsafe(24)
    _pending[token] = form
    return _code_form(token)


def _confirmed(form: Json) -> Response:
    pending = _pending.get(form["token"])
    if pending is None:
        return cognito._oauth2_error("invalid_request", "Session has expired. Please sign up again.")  # type: ignore[no-any-return]
    request = {
        "ClientId": pending["client_id"],
        "Username": pending["username"],
        "ConfirmationCode": form.get("code", "").strip(),
    }
    pool_id, pool, _ = cognito._find_pool_by_client_id(pending["client_id"])
    refused = cognito._confirmation_code_error("ConfirmSignUp", request)
    status, _, result = refused or cognito._confirm_sign_up(request)
    if status != 200:
        return _code_form(form["token"], _message(result))
    del _pending[form["token"]]
    user, _ = cognito._resolve_user(pool, pending["username"])
    redirect: Response = cognito._issue_auth_code_redirect(
        pending["client_id"],
        pool_id,
        pending["redirect_uri"],
        pending["scope"],
        user["Username"],
        pending["nonce"],
        pending["code_challenge"],
        pending["code_challenge_method"],
        pending["state"],
    )
    return redirect


def _form(values: Json, error: str = "") -> Response:
    hidden = "".join(f'<input type="hidden" name="{n}" value="{html.escape(values.get(n, ""))}">' for n in OAUTH)
    email = html.escape(values.get("username", ""))
    return _page(
        "Sign up",
        error,
        values.get("client_id", ""),
        f"""{hidden}
<label for="username">Email</label>
<input type="text" id="username" name="username" inputmode="email" autocomplete="username" value="{email}" required autofocus>
<label for="password">Password</label>
<input type="password" id="password" name="password" autocomplete="new-password" required>
<button type="submit">Sign up</button>""",
    )


def _code_form(token: str, error: str = "") -> Response:
    pending = _pending[token]
    _, pool, _ = cognito._find_pool_by_client_id(pending["client_id"])
    user, _ = cognito._resolve_user(pool, pending["username"])
    return _page(
        "Confirm your account",
        error,
        pending["client_id"],
        f"""<input type="hidden" name="token" value="{token}">
<p>On AWS a code is sent to {html.escape(pending["username"])}. This machine sends no e-mail; the code is
<strong id="mailed">{user["_confirmation_code"]}</strong>.</p>
<label for="code">Verification code</label>
<input type="text" id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus>
<button type="submit">Confirm account</button>""",
    )


def _page(title: str, error: str, client_id: str, inner: str) -> Response:
    message = f'<div class="error">{html.escape(error)}</div>' if error else ""
    page = cognito._page_shell(title, title, f'{message}\n<form method="POST" action="{PATH}">{inner}</form>')
    page = dressed(page, client_id, choosing=title == "Sign up")
    return 200, {"Content-Type": "text/html; charset=utf-8"}, page.encode()


def _message(body: bytes) -> str:
    error: Json = json.loads(body)
    return str(error.get("message") or error.get("Message") or error.get("__type"))
