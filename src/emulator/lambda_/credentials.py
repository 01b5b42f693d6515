"""The credentials of a function's execution role."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc, sts

from emulator.patches import Difference, patch, register, uses

FUNCTION_CREDENTIALS = register(
    Difference(
        name="function-credentials",
        service="Lambda",
        aws="the credentials of a function's role are random",
        source="https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
        ministack="they are hashes of the ARNs of the function and its role, so that whoever knows these has the role",
        here="a secret of the process is part of the hash",
        upstream="make secret and token with `secrets.token_hex`, once for each function, in "
        "`lambda_runtime.execution_credentials`",
    )
)
uses(FUNCTION_CREDENTIALS, sts, "_sessions")

_key = secrets.token_bytes(32)


def install() -> None:
    """Make the credentials of functions unpredictable."""
    patch(lambda_runtime, "execution_credentials", execution_credentials, FUNCTION_CREDENTIALS)
    patch(lambda_svc, "execution_credentials", execution_credentials, FUNCTION_CREDENTIALS)


def execution_credentials(
    original: Callable[[dict[str, Any]], dict[str, str]], config: dict[str, Any]
) -> dict[str, str]:
    """Return the environment variables with a function's credentials: the same for all its environments, of this process."""
    found = original(config)
    access_key = found["AWS_ACCESS_KEY_ID"]
    secret, token = _hash(f"secret:{access_key}"), _hash(f"token:{access_key}")
    sts._sessions[access_key] |= {"SecretAccessKey": secret, "SessionToken": token}
    return {**found, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}


def _hash(text: str) -> str:
    return hmac.new(_key, text.encode(), hashlib.sha256).hexdigest()
