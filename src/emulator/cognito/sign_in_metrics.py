"""The metric of sign-ins that Cognito publishes; signing in is MiniStack's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from ministack.services import cognito

from emulator.cloudwatch import metrics
from emulator.differences import Difference, register

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
    )
)


def install() -> None:
    """Count sign-ins as they are answered."""
    cognito._initiate_auth = _counted(
        cognito._initiate_auth, lambda request: request.get("AuthFlow") == "USER_PASSWORD_AUTH"
    )
    cognito._respond_to_auth_challenge = _counted(
        cognito._respond_to_auth_challenge, lambda request: request.get("ChallengeName") == "PASSWORD_VERIFIER"
    )
    cognito.handle_login_submit = _counted_on_page(cognito.handle_login_submit)


def _counted(original: Callable[[Json], Response], is_sign_in: Callable[[Json], bool]) -> Callable[[Json], Response]:
    def answer(request: Json) -> Response:
        answered = original(request)
        if is_sign_in(request):
            _count(str(request.get("ClientId")), answered[0] == 200)
        return answered

    return answer


def _counted_on_page(original: Callable[..., Response]) -> Callable[..., Response]:
    def submit(method: str, path: str, headers: Json, body: bytes, query_params: Json) -> Response:
        answered = original(method, path, headers, body, query_params)
        form = parse_qs((body or b"").decode(errors="replace"))
        if "password" in form and "client_id" in form:
            _count(form["client_id"][0], answered[0] in (302, 303))  # a failure shows the page again
        return answered

    return submit


def _count(client_id: str, succeeded: bool) -> None:
    pool_id, pool, _ = cognito._find_pool_by_client_id(client_id)
    if pool:
        dimensions = {"UserPool": pool_id, "UserPoolClient": client_id}
        metrics.record("AWS/Cognito", "SignInSuccesses", int(succeeded), "Count", dimensions)
