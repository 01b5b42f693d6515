"""The `auth_time` of Cognito's tokens: when the user signed in, which a refresh does not change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services import cognito

from emulator.patches import Difference, patch, register, uses

Json = dict[str, Any]

AUTH_TIME = register(
    Difference(
        name="auth-time",
        service="Cognito",
        aws="`auth_time` is when the user signed in, in refreshed tokens too",
        source="https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html",
        ministack="a refreshed token has the time of the refresh, so that OpenID Connect clients refuse it",
        here="as AWS",
        upstream="keep the time of a sign-in with its `origin_jti`, and sign it into refreshed tokens",
    )
)
uses(AUTH_TIME, cognito, "_get_pool_unscoped(pool_id)")

TIMES = "_auth_times"  # of a pool: origin_jti of a sign-in -> its time, in seconds since 1970


def install() -> None:
    """Sign tokens with the time of their sign-in."""
    patch(cognito, "_signed_jwt", sign, AUTH_TIME)


def sign(original: Callable[..., str], claims: Json, pool_id: str = "", use: str = "") -> str:
    """Return a token with these claims."""
    pool = cognito._get_pool_unscoped(pool_id) if "auth_time" in claims and "origin_jti" in claims else None
    if pool is not None:
        times = pool.setdefault(TIMES, {})
        claims = {**claims, "auth_time": times.setdefault(claims["origin_jti"], claims["auth_time"])}
    return original(claims, pool_id, use)
