"""Refresh token rotation of Cognito's app clients; the rest of Cognito is MiniStack's."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from ministack.services import cognito

from emulator.differences import Difference, register

Json = dict[str, Any]
Response = tuple[int, Json, bytes]

ROTATION = register(
    Difference(
        name="refresh-token-rotation",
        service="Cognito",
        aws="an app client with rotation gets a new refresh token with every refresh, and the old one ends after the "
        "grace period",
        source="https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-refresh-token.html",
        ministack="the setting is dropped, and a refresh token stays valid",
        here="as AWS at the token endpoint and in GetTokensFromRefreshToken, but a new token lasts a full term",
    )
)

MEMBER = "RefreshTokenRotation"
RETIRED = "_retired_refresh_tokens"  # of a pool: token id -> when it ends, in seconds since 1970


def install() -> None:
    """Keep the setting, and rotate tokens where it is on."""
    cognito._create_user_pool_client = _keeping(cognito._create_user_pool_client)
    cognito._update_user_pool_client = _keeping(cognito._update_user_pool_client)
    cognito._oauth2_token = _rotating_at_endpoint(cognito._oauth2_token)
    cognito._get_tokens_from_refresh_token = _rotating_in_api(cognito._get_tokens_from_refresh_token)


def _keeping(original: Callable[[Json], Response]) -> Callable[[Json], Response]:
    def put(request: Json) -> Response:
        status, headers, body = original(request)
        if status != 200 or MEMBER not in request:
            return status, headers, body
        client_id = json.loads(body)["UserPoolClient"]["ClientId"]
        client = cognito._user_pools[request["UserPoolId"]]["_clients"][client_id]
        client[MEMBER] = request[MEMBER]
        answer: Response = cognito.json_response(
            {"UserPoolClient": {name: value for name, value in client.items() if value is not None}}
        )
        return answer

    return put


def _rotating_at_endpoint(original: Callable[..., Response]) -> Callable[..., Response]:
    def token(data: Json, query: Json, body: bytes = b"", headers: Json | None = None) -> Response:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        refreshing = form.get("grant_type") == "refresh_token"
        if refreshing and _is_retired(form.get("refresh_token", "")):
            refused: Response = cognito._oauth2_error("invalid_grant", "Invalid refresh token.")
            return refused
        status, answer_headers, answer = original(data, query, body, headers)
        new = _rotated(form.get("refresh_token", "")) if refreshing and status == 200 else None
        if new:
            answer = json.dumps({**json.loads(answer), "refresh_token": new}).encode()
        return status, answer_headers, answer

    return token


def _rotating_in_api(original: Callable[[Json], Response]) -> Callable[[Json], Response]:
    def refresh(request: Json) -> Response:
        old = str(request.get("RefreshToken") or "")
        if _is_retired(old):
            message = "Refresh token has been invalidated by rotation"
            refused: Response = cognito.error_response_json("RefreshTokenReuseException", message, 400)
            return refused
        status, headers, body = original(request)
        new = _rotated(old) if status == 200 else None
        if new:
            answer = json.loads(body)
            answer["AuthenticationResult"]["RefreshToken"] = new
            body = json.dumps(answer).encode()
        return status, headers, body

    return refresh


def _rotated(old: str) -> str | None:
    """A new refresh token in place of `old`, or None if the client does not rotate."""
    claims = cognito._token_claims(old)
    pool_id, pool = _pool(claims)
    client = pool["_clients"].get(claims.get("client_id")) or {}
    rotation = client.get(MEMBER) or {}
    if rotation.get("Feature") != "ENABLED":
        return None
    new = str(
        cognito._fake_token(
            claims["sub"],
            pool_id,
            client["ClientId"],
            "refresh",
            origin_jti=claims.get("origin_jti", ""),
            scope=claims.get("scope"),
        )
    )
    if old in cognito._refresh_tokens:
        cognito._refresh_tokens[new] = dict(cognito._refresh_tokens[old])
    grace = int(rotation.get("RetryGracePeriodSeconds") or 0)
    pool.setdefault(RETIRED, {}).setdefault(claims["jti"], time.time() + grace)
    return new


def _is_retired(token: str) -> bool:
    claims = cognito._token_claims(token)
    _, pool = _pool(claims)
    ends = (pool.get(RETIRED) or {}).get(claims.get("jti"))
    return ends is not None and ends <= time.time()


def _pool(claims: Json) -> tuple[str, Json]:
    pool_id = str(claims.get("iss", "")).rsplit("/", 1)[-1]
    return pool_id, cognito._get_pool_unscoped(pool_id) or {"_clients": {}}
