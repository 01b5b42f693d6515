"""A second secret of an app client, so that a secret can be replaced while both are valid; MiniStack has one for each client."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.core import responses
from ministack.services import cognito

from emulator.patches import Difference, patch, register, uses

Json = dict[str, Any]

CLIENT_SECRETS = register(
    Difference(
        name="client-secrets",
        service="Cognito",
        aws="an app client can have two secrets: AddUserPoolClientSecret, ListUserPoolClientSecrets, DeleteUserPoolClientSecret",
        source="https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AddUserPoolClientSecret.html",
        ministack="the actions are unknown, so that a secret cannot be replaced without an outage",
        here="as AWS for the token endpoint; `SecretHash` knows the older secret only",
        upstream="keep a list of secrets with each client, add the actions to `_dispatch_idp`, and accept each",
    )
)
uses(
    CLIENT_SECRETS,
    cognito,
    "_client_secret()",
    "_find_pool_by_client_id(client_id)",
    "_resolve_pool(pool_id)",
)
uses(
    CLIENT_SECRETS,
    responses,
    "json_response(data, status=200, *, content_type='application/x-amz-json-1.0')",
    "error_response_json(code, message, status=400, extra=None, *, message_key='message', "
    "content_type='application/x-amz-json-1.0')",
)

SECRETS = (
    "_client_secrets"  # of a pool: client id -> its secrets, oldest first, each {"id", "value", "created" in seconds}
)
MOST = 2


def install() -> None:
    """Serve the three actions, and accept each secret at the token endpoint."""
    patch(cognito, "_dispatch_idp", dispatch, CLIENT_SECRETS)
    patch(cognito, "_authenticate_client", authenticate, CLIENT_SECRETS)


async def dispatch(original: Callable[..., Awaitable[Any]], action: str, data: Json) -> Any:
    """Serve an API call."""
    if action not in _ACTIONS:
        return await original(action, data)
    pool, error = cognito._resolve_pool(data.get("UserPoolId"))
    if error:
        return error
    client = pool["_clients"].get(data.get("ClientId"))
    if client is None:
        return responses.error_response_json(
            "ResourceNotFoundException", f"User pool client {data.get('ClientId')} does not exist."
        )
    return _ACTIONS[action](pool, client, data)


def authenticate(original: Callable[..., tuple[str, str]], headers: Json, form: Json) -> tuple[str, str]:
    """Return the client's id and secret that a request has; for each of its secrets the one that MiniStack compares with."""
    client_id, secret = original(headers, form)
    _, pool, client = cognito._find_pool_by_client_id(client_id)
    if pool is None or client is None or not client.get("ClientSecret"):
        return client_id, secret
    valid = any(secret == each["value"] for each in _secrets(pool, client))
    return client_id, client["ClientSecret"] if valid else secret


def _secrets(pool: Json, client: Json) -> list[Json]:
    """Return the secrets of a client that has one, oldest first."""
    kept: list[Json] = pool.setdefault(SECRETS, {}).setdefault(client["ClientId"], [])
    if not kept and client.get("ClientSecret"):
        kept.append(_secret(client, client["ClientSecret"]))
    return kept


def _secret(client: Json, value: str) -> Json:
    now = time.time_ns()
    return {"id": f"{client['ClientId']}--{now // 1000}", "value": value, "created": now // 1_000_000_000}


def _described(secret: Json) -> Json:
    return {"ClientSecretId": secret["id"], "ClientSecretCreateDate": secret["created"]}


def _add(pool: Json, client: Json, data: Json) -> Any:
    kept = _secrets(pool, client)
    if not kept:
        return responses.error_response_json(
            "InvalidParameterException", "The app client is public: it was created without a secret."
        )
    if len(kept) >= MOST:
        return responses.error_response_json("LimitExceededException", f"An app client has at most {MOST} secrets.")
    new = _secret(client, data.get("ClientSecret") or cognito._client_secret())
    kept.append(new)
    shown = {} if data.get("ClientSecret") else {"ClientSecretValue": new["value"]}
    return responses.json_response({"ClientSecretDescriptor": _described(new) | shown})


def _list(pool: Json, client: Json, _data: Json) -> Any:
    return responses.json_response({"ClientSecrets": [_described(each) for each in _secrets(pool, client)]})


def _delete(pool: Json, client: Json, data: Json) -> Any:
    kept = _secrets(pool, client)
    left = [each for each in kept if each["id"] != data.get("ClientSecretId")]
    if len(left) == len(kept):
        return responses.error_response_json("ResourceNotFoundException", "The app client has no such secret.")
    if not left:
        return responses.error_response_json("InvalidParameterException", "The last secret cannot be deleted.")
    kept[:] = left
    client["ClientSecret"] = left[0]["value"]
    return responses.json_response({})


_ACTIONS: dict[str, Callable[[Json, Json, Json], Any]] = {
    "AddUserPoolClientSecret": _add,
    "ListUserPoolClientSecrets": _list,
    "DeleteUserPoolClientSecret": _delete,
}
