"""The sign-up page of Cognito's hosted pages, which MiniStack lacks; signing in is MiniStack's."""

from __future__ import annotations

import html
import json
import secrets
from typing import Any
from urllib.parse import parse_qs, urlencode

from ministack import app
from ministack.services import cognito

from emulator.differences import Difference, register

Json = dict[str, Any]
Response = tuple[int, Json, bytes]

SIGN_UP_PAGE = register(
    Difference(
        name="sign-up-page",
        service="Cognito",
        aws="the hosted pages let a user sign up: /signup takes the parameters of the authorize endpoint, mails a code, and "
        "signs in who enters it",
        source="https://docs.aws.amazon.com/cognito/latest/developerguide/managed-login-endpoints.html",
        ministack="only the sign-in page exists",
        here="as AWS, but the code is shown on the page: no mail leaves the machine",
    )
)

PATH = "/signup"
# In the order of the arguments of MiniStack's sign-in page.
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

_pending: dict[str, Json] = {}  # token of a sign-up that waits for its code -> what the form said


def install() -> None:
    """Serve the page, and lead to it from the sign-in page."""
    served = app._handle_cognito_body_request
    signing_in = cognito._login_page_html

    async def handle(method: str, path: str, headers: Json, body: bytes, query: Json) -> Response | None:
        if path == PATH and method in ("GET", "POST"):
            return opened(headers, query) if method == "GET" else submitted(headers, body)
        found: Response | None = await served(method, path, headers, body, query)
        return found

    def sign_in_page(*values: str, error_message: str = "") -> str:
        page: str = signing_in(*values, error_message=error_message)
        link = f"{PATH}?{urlencode(dict(zip(OAUTH, values, strict=False)))}"
        return page.replace("</form>", f'</form>\n<a href="{html.escape(link)}">Create an account</a>')

    app._handle_cognito_body_request = handle
    cognito._login_page_html = sign_in_page


def opened(headers: Json, query: Json) -> Response:
    """The form, if the authorize endpoint would take the parameters; else its error."""
    checked: Response = cognito.handle_oauth2_authorize("GET", "/oauth2/authorize", headers, query)
    if checked[0] != 200:
        return checked
    return _form({name: cognito._qp(query, name) for name in OAUTH})


def submitted(headers: Json, body: bytes) -> Response:
    """Takes the form, then the code; the answer to the right code goes back to the app with an authorization code."""
    form = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
    if "token" in form:
        return _confirmed(form)
    checked: Response = cognito.handle_oauth2_authorize("GET", "/oauth2/authorize", headers, form)
    if checked[0] != 200:
        return checked
    email = form.get("username", "")
    attributes = [{"Name": "email", "Value": email}]
    request = {"ClientId": form["client_id"], "Username": email, "Password": form.get("password", "")}
    status, _, answer = cognito._sign_up({**request, "UserAttributes": attributes})
    if status != 200:
        return _form(form, _message(answer))
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
    status, _, answer = refused or cognito._confirm_sign_up(request)
    if status != 200:
        return _code_form(form["token"], _message(answer))
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
        f"""<input type="hidden" name="token" value="{token}">
<p>On AWS a code is mailed to {html.escape(pending["username"])}. This machine sends no mail; the code is
<strong id="mailed">{user["_confirmation_code"]}</strong>.</p>
<label for="code">Verification code</label>
<input type="text" id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus>
<button type="submit">Confirm account</button>""",
    )


def _page(title: str, error: str, inner: str) -> Response:
    said = f'<div class="error">{html.escape(error)}</div>' if error else ""
    page = cognito._page_shell(title, title, f'{said}\n<form method="POST" action="{PATH}">{inner}</form>')
    return 200, {"Content-Type": "text/html; charset=utf-8"}, page.encode()


def _message(answer: bytes) -> str:
    found: Json = json.loads(answer)
    return str(found.get("message") or found.get("Message") or found.get("__type"))
