"""A session of the app, from the hosted sign-in page without a browser, in the form in which the app stores it."""

from __future__ import annotations

import base64
import json
import time
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx


def stored(outputs: dict[str, Any], scopes: list[str], user: dict[str, str]) -> dict[str, str]:
    """Sign a user in and return the entries of `sessionStorage` that make a tab signed in."""
    scope = " ".join(["openid email", *scopes, "aws.cognito.signin.user.admin"])
    verifier, home, client = token_urlsafe(48), f"{outputs['web_url']}/", outputs["user_pool_client_id"]
    challenge = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    form = {"client_id": client, "redirect_uri": home, "response_type": "code", "scope": scope, "state": "s"}
    form |= {"code_challenge": challenge, "code_challenge_method": "S256", **user}
    with httpx.Client(base_url=outputs["hosted_ui_url"], timeout=120) as hosted:
        back = hosted.post("/login", data=form).headers["location"]
        (code,) = parse_qs(urlsplit(back).query)["code"]
        grant = {"grant_type": "authorization_code", "client_id": client, "redirect_uri": home, "code": code}
        tokens = hosted.post("/oauth2/token", data={**grant, "code_verifier": verifier}).raise_for_status().json()
    expires = int(time.time()) + tokens.pop("expires_in")
    session = {**tokens, "scope": scope, "profile": claims(tokens["id_token"]), "expires_at": expires}
    issuer = f"https://cognito-idp.{outputs['region']}.amazonaws.com/{outputs['user_pool_id']}"
    return {f"oidc.user:{issuer}:{client}": json.dumps(session)}


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return read
