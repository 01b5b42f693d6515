"""Refresh token rotation of Cognito's app clients; the rest of Cognito is MiniStack's."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from ministack.services import cognito

from emulator.patches import Difference, patch, register, uses

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
        upstream="store RefreshTokenRotation with the app client, and retire the old token wherever one is refreshed",
    )
)
uses(
    ROTATION,
    cognito,
    "_user_pools",
    "_refresh_tokens",
    "_get_pool_unscoped(pool_id)",
    "_token_claims(token)",
    "_fake_token(sub, pool_id, client_id, token_type='access', username='', user_attrs=None, groups=None, nonce='', "
    "trigger_source='TokenGeneration_Authentication', client_metadata=None, origin_jti='', scope=None)",
    "_oauth2_error(error, description, status=400)",
    "json_response(data, status=200, *, content_type='application/x-amz-json-1.0')",
    "error_response_json(code, message, status=400, extra=None, *, message_key='message', "
    "content_type='application/x-amz-json-1.0')",
)

SETTING = "RefreshTokenRotation"
RETIRED = "_retired_refresh_tokens"  # of a pool: token id -> when it ends, in seconds since 1970


def install() -> None:
    """Keep the setting, and rotate tokens if it is on."""
    patch(cognito, "_create_user_pool_client", put_client, ROTATION)
    patch(cognito, "_update_user_pool_client", put_client, ROTATION)
    patch(cognito, "_oauth2_token", token, ROTATION)
    patch(cognito, "_get_tokens_from_refresh_token", tokens_from_refresh_token, ROTATION)


def put_client(original: Callable[[Json], Response], data: Json) -> Response:
    """Create or update an app client, and keep its setting."""
    status, headers, body = original(data)
    if status != 200 or SETTING not in data:
        return status, headers, body
    client_id = json.loads(body)["UserPoolClient"]["ClientId"]
    client = cognito._user_pools[data["UserPoolId"]]["_clients"][client_id]
    client[SETTING] = data[SETTING]
    response: Response = cognito.json_response(
        {"UserPoolClient": {name: value for name, value in client.items() if value is not None}}
    )
    return response


def token(
    original: Callable[..., Response],
    data: Json,
    query_params: Json,
    raw_body: bytes = b"",
    headers: Json | None = None,
) -> Response:
    """Serve the token endpoint."""
    form = {name: values[0] for name, values in parse_qs(raw_body.decode()).items()}
    refreshing = form.get("grant_type") == "refresh_token"
    if refreshing and _is_retired(form.get("refresh_token", "")):
        refused: Response = cognito._oauth2_error("invalid_grant", "Invalid refresh token.")
        return refused
    status, response_headers, body = original(data, query_params, raw_body, headers)
    new = _rotated(form.get("refresh_token", "")) if refreshing and status == 200 else None
    if new:
        body = json.dumps({**json.loads(body), "refresh_token": new}).encode()
    return status, response_headers, body


def tokens_from_refresh_token(original: Callable[[Json], Response], data: Json) -> Response:
    """Serve GetTokensFromRefreshToken."""
    old = str(data.get("RefreshToken") or "")
    if _is_retired(old):
        message = "Refresh token has been invalidated by rotation"
        refused: Response = cognito.error_response_json("RefreshTokenReuseException", message, 400)
        return refused
    status, headers, body = original(data)
    new = _rotated(old) if status == 200 else None
    if new:
        result = json.loads(body)
        result["AuthenticationResult"]["RefreshToken"] = new
        body = json.dumps(result).encode()
    return status, headers, body


def _rotated(old: str) -> str | None:
    """Return a new refresh token in place of `old`, or None if the client does not rotate."""
    claims = cognito._token_claims(old)
    pool_id, pool = _pool(claims)
    client = pool["_clients"].get(claims.get("client_id")) or {}
    rotation = client.get(SETTING) or {}
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


def _is_retired(refresh_token: str) -> bool:
    claims = cognito._token_claims(refresh_token)
    _, pool = _pool(claims)
    ends = (pool.get(RETIRED) or {}).get(claims.get("jti"))
    return ends is not None and ends <= time.time()


def _pool(claims: Json) -> tuple[str, Json]:
    pool_id = str(claims.get("iss", "")).rsplit("/", 1)[-1]
    return pool_id, cognito._get_pool_unscoped(pool_id) or {"_clients": {}}
