"""The metric of sign-ins that Cognito publishes; signing in is MiniStack's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from ministack.services import cognito

from emulator.cloudwatch import metrics
from emulator.patches import Difference, patch, register, uses

Json = dict[str, Any]
Response = tuple[int, Json, bytes]

SIGN_IN_METRICS = register(
    Difference(
        name="sign-in-metrics",
        service="Cognito",
        aws="`AWS/Cognito` has SignInSuccesses by UserPool and UserPoolClient: 1 for a sign-in, 0 for one that failed",
        source="https://docs.aws.amazon.com/cognito/latest/developerguide/metrics-for-cognito-user-pools.html",
        ministack="no metrics",
        here="as AWS for passwords, on the sign-in page and by the API; throttles and other metrics are left out",
        upstream="emit the metric where a password is checked",
    )
)
UNSIGNED_SIGN_IN = register(
    Difference(
        name="unsigned-sign-in",
        service="Cognito",
        aws="InitiateAuth and RespondToAuthChallenge are unsigned: they are served by the account that has the app client",
        source="https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flows-public-server-side.html",
        ministack="looks for the app client in the default account only, as an unsigned request names none",
        here="as AWS",
        upstream="look the client up by `_find_pool_by_client_id` in `_initiate_auth` and `_respond_to_auth_challenge`",
    )
)
uses(SIGN_IN_METRICS, cognito, "_find_pool_by_client_id(client_id)")


def install() -> None:
    """Count sign-ins when they are responded to."""
    patch(cognito, "_initiate_auth", initiate_auth, SIGN_IN_METRICS, UNSIGNED_SIGN_IN)
    patch(cognito, "_respond_to_auth_challenge", respond_to_challenge, SIGN_IN_METRICS, UNSIGNED_SIGN_IN)
    patch(cognito, "handle_login_submit", submit, SIGN_IN_METRICS)


def initiate_auth(original: Callable[[Json], Response], data: Json) -> Response:
    """Serve InitiateAuth."""
    _enter_account(data)
    response = original(data)
    if data.get("AuthFlow") == "USER_PASSWORD_AUTH":
        _count(str(data.get("ClientId")), response[0] == 200)
    return response


def respond_to_challenge(original: Callable[[Json], Response], data: Json) -> Response:
    """Serve RespondToAuthChallenge."""
    _enter_account(data)
    response = original(data)
    if data.get("ChallengeName") == "PASSWORD_VERIFIER":
        _count(str(data.get("ClientId")), response[0] == 200)
    return response


def submit(
    original: Callable[..., Response], method: str, path: str, headers: Json, body: bytes, query_params: Json
) -> Response:
    """Serve the form of the sign-in page."""
    response = original(method, path, headers, body, query_params)
    form = parse_qs((body or b"").decode(errors="replace"))
    if "password" in form and "client_id" in form:
        _count(form["client_id"][0], response[0] in (302, 303))  # a failure shows the page again
    return response


def _enter_account(data: Json) -> None:
    """Continue in the account and region of the app client, which MiniStack sets when it finds one."""
    cognito._find_pool_by_client_id(str(data.get("ClientId")))


def _count(client_id: str, succeeded: bool) -> None:
    pool_id, pool, _ = cognito._find_pool_by_client_id(client_id)
    if pool:
        dimensions = {"UserPool": pool_id, "UserPoolClient": client_id}
        metrics.record("AWS/Cognito", "SignInSuccesses", int(succeeded), "Count", dimensions)
