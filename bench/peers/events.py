"""API Gateway's proxy events, as the functions receive them.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

COUNT = itertools.count(1)
CLIENT, SCOPE = "bench-client", "items/read items/write"


def event(
    method: str,
    target: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    owner: str = "5c0a7a3e-3b5f-4d0e-9f66-0b7e6a2f1c11",
    client: str = CLIENT,
    scope: str = SCOPE,
) -> dict[str, Any]:
    """Return the event of a request with a valid access token.

    Args:
        target: path and query, below the stage.
        body: JSON value; None for none.
    """
    url = urlsplit(target)
    given = {
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate, br",
        "Host": "abcdefghij.execute-api.eu-west-2.amazonaws.com",
        "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "X-Amzn-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793",
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
        **({"Content-Type": "application/json"} if body is not None else {}),
        **(headers or {}),
    }
    query = parse_qsl(url.query)
    number = next(COUNT)
    identifier = url.path.removeprefix("/items").strip("/")
    resource = "/items/{id}" if identifier else "/items"
    return {
        "resource": resource,
        "path": url.path,
        "httpMethod": method,
        "headers": given,
        "multiValueHeaders": {name: [value] for name, value in given.items()},
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": {name: [each for key, each in query if key == name] for name, _ in query}
        or None,
        "pathParameters": {"id": identifier} if identifier else None,
        "stageVariables": None,
        "requestContext": {
            "resourceId": "a1b2c3",
            "resourcePath": resource,
            "httpMethod": method,
            "extendedRequestId": "KZzXIFqALPEFlPA=",
            "requestTime": "26/Nov/2026:10:00:00 +0000",
            "requestTimeEpoch": 1795687200000,
            "path": f"/v1{url.path}",
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "stage": "v1",
            "domainName": "abcdefghij.execute-api.eu-west-2.amazonaws.com",
            "apiId": "abcdefghij",
            "requestId": f"6f0c2a52-6f0e-4a58-9d7c-{number:012x}",
            "identity": {"sourceIp": "203.0.113.7", "userAgent": given["User-Agent"]},
            "authorizer": {
                "claims": {
                    "sub": owner,
                    "client_id": client,
                    "scope": scope,
                    "token_use": "access",
                    "iss": "https://cognito-idp.eu-west-2.amazonaws.com/eu-west-2_aB3dEf6hI",
                    "username": owner,
                    "exp": "Thu Nov 26 11:00:00 UTC 2026",
                    "iat": "Thu Nov 26 10:00:00 UTC 2026",
                }
            },
        },
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }
