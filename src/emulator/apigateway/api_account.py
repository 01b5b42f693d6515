"""Which account serves a request to an API: the one that has the API, whoever calls."""

from __future__ import annotations

from collections.abc import Callable

from ministack.services import apigateway_v1 as v1

from emulator.patches import Difference, patch, register, uses

API_ACCOUNT = register(
    Difference(
        name="api-account",
        service="API Gateway",
        aws="an API is reached by its address, whoever calls and without AWS credentials",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-call-api.html",
        ministack="looks for the API in the account of the caller; a request that is not signed is of the default account",
        here="as AWS",
        upstream="search all accounts in `apigateway_v1.find_api_scope`: the id of an API is unique",
    )
)
uses(API_ACCOUNT, v1, "_rest_apis.all_items()")


def install() -> None:
    """Find the account of an API among all."""
    patch(v1, "find_api_scope", find, API_ACCOUNT)


def find(original: Callable[[str], tuple[str, str] | None], api_id: str) -> tuple[str, str] | None:
    """Return account and region of an API; None if no account has it."""
    everywhere = ((account, region) for (account, region, name), _ in v1._rest_apis.all_items() if name == api_id)
    return original(api_id) or next(everywhere, None)
