"""What clients rely on, as data: requests to the API, and the responses that the contract and the gateway promise.

`{c}` in a path is the collection and `{none}` an id that nothing has. OTHER is a method that the collection does
not have, and ALLOWED are those it has.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from crudctl.verify.rows import Row

GATEWAY_RESPONSES = "https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html"
TOKENS = "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html"
JWT = "https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html"
MOCK = "https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html"
QUOTAS = "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"
LAMBDA_QUOTAS = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
REMAPPED = "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html"
METHODS = "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html"
ENCODINGS = "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html"
THROTTLING = "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html"
HTTP = "https://www.rfc-editor.org/rfc/rfc9110"

OTHER, ALLOWED = "{other}", "{allowed}"
NOBODY, USER, IDENTITY, READER = "nobody", "a user", "an ID token", "a token that may only read"
TAMPERED, UNSIGNED, PADDED = (
    "a token with other claims",
    "a token without a signature",
    "a token with a padded signature",
)
CORS = {"access-control-allow-origin": r"\*"}
PROBLEM = {**CORS, "content-type": "application/problem\\+json.*", "cache-control": "no-store",
           "x-content-type-options": "nosniff"}  # fmt: skip


@dataclass(frozen=True)
class Promise:
    """A request and what its response has to be.

    Attributes:
        caller: whose token it carries.
        body: its bytes, or the number of bytes of a JSON text.
        status: of which one is right.
        problem: the end of its problem type; empty for a response that is none.
        response: headers by name in lower case, with a pattern of the whole value.
    """

    row: Row
    method: str
    path: str
    caller: str = USER
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | int = b""
    status: tuple[int, ...] = (200,)
    problem: str = ""
    response: dict[str, str] = field(default_factory=dict)


def _row(name: str, asked: str, expected: str, source: str, *parity: str) -> Row:
    return Row(name, asked, expected, source, parity)


def _assumed(name: str, asked: str, expected: str, source: str, *parity: str) -> Row:
    return Row(name, asked, expected, source, parity, assumed=True)


JSON = {"Content-Type": "application/json"}
ORIGIN = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "PUT"}
REFUSED = {**PROBLEM, "www-authenticate": "Bearer.*"}

PROMISES = (
    Promise(
        _row("served", "a list, as a user", "200, readable for browsers", HTTP, "trace-id"), "GET", "/{c}",
        response=CORS | {"content-type": "application/json.*"},
    ),
    Promise(
        _row("preflight", "OPTIONS of a browser, without a token", "204 with the methods and headers that are allowed", MOCK,
             "mock-integration"),
        "OPTIONS", "/{c}/{none}", NOBODY, ORIGIN, status=(200, 204),
        response=CORS | {"access-control-allow-headers": "(?i).*authorization.*if-match.*",
                         "access-control-allow-methods": ".*GET.*PUT.*", "access-control-max-age": "[1-9][0-9]*"},
    ),
    Promise(
        _row("no token", "a list without a token", "401, and the problem has the request's id", GATEWAY_RESPONSES,
             "validation-error-string", "request-id"),
        "GET", "/{c}", NOBODY, status=(401,), problem="unauthorized", response=REFUSED,
    ),
    Promise(
        _row("identity token", "a list with an ID token, which has no scope", "401", TOKENS, "token-verification"),
        "GET", "/{c}", IDENTITY, status=(401,), problem="unauthorized", response=REFUSED,
    ),
    Promise(
        _row("tampered token", "a list with an access token whose claims were changed", "401", JWT, "token-verification"),
        "GET", "/{c}", TAMPERED, status=(401,), problem="unauthorized", response=REFUSED,
    ),
    Promise(
        _row("unsigned token", 'a list with an access token of "alg": "none"', "401", JWT, "token-verification"),
        "GET", "/{c}", UNSIGNED, status=(401,), problem="unauthorized", response=REFUSED,
    ),
    Promise(
        _assumed("padded token", "a list with an access token whose signature ends in =", "401", JWT, "token-verification"),
        "GET", "/{c}", PADDED, status=(401,), problem="unauthorized", response=REFUSED,
    ),
    Promise(
        _row("scope", "a create with a token that may only read",
             "403 of the function, whose WWW-Authenticate is sent on under another name; or 401 of the gateway", REMAPPED,
             "remapped-headers"),
        "POST", "/{c}", READER, JSON, b"{}", (401, 403),
        response={**CORS, "www-authenticate|x-amzn-remapped-www-authenticate": "Bearer.*"},
    ),
    Promise(
        _row("unknown path", "a path that the contract does not have", "404 through MISSING_AUTHENTICATION_TOKEN",
             GATEWAY_RESPONSES, "path-segments"),
        "GET", "/surely-unknown", status=(404,), problem="not-found", response=PROBLEM,
    ),
    Promise(
        _assumed("trailing slash", "the collection with one slash at its end", "200, as without it", GATEWAY_RESPONSES,
             "path-segments"),
        "GET", "/{c}/", response=CORS,
    ),
    Promise(
        _assumed("empty segment", "the collection after two slashes", "404", GATEWAY_RESPONSES, "path-segments"),
        "GET", "//{c}", status=(404,), problem="not-found", response=PROBLEM,
    ),
    Promise(
        _assumed("encoded slash", "the collection with %2F at its end", "404: it is part of the segment", GATEWAY_RESPONSES,
             "path-segments"),
        "GET", "/{c}%2F", status=(404,), problem="not-found", response=PROBLEM,
    ),
    Promise(
        _row("unknown resource", "an id that nothing has", "404 of the function", HTTP),
        "GET", "/{c}/{none}", status=(404,), problem="not-found", response=PROBLEM,
    ),
    Promise(
        _row("other method", "a method that the collection does not have", "405 with Allow, from the gateway",
             MOCK, "mock-integration"),
        OTHER, "/{c}", headers=JSON, body=b'{"statusCode": 200}', status=(405,), problem="method-not-allowed",
        response=PROBLEM | {"allow": ALLOWED},
    ),
    Promise(
        _assumed("method in lower case", "get of the collection", "405: another method than GET", METHODS, "method-case"),
        "get", "/{c}", status=(405,), problem="method-not-allowed", response={"allow": ALLOWED},
    ),
    Promise(
        _row("unknown media type", "such a method with a Content-Type that no template has", "415", MOCK,
             "mock-integration"),
        OTHER, "/{c}", headers={"Content-Type": "application/x-unknown"}, body=b'{"statusCode": 200}', status=(415,),
        problem="unsupported-media-type", response=PROBLEM,
    ),
    Promise(
        _assumed("invalid UTF-8", "a create whose body is not UTF-8", "400", ENCODINGS, "undecodable-bodies"),
        "POST", "/{c}", headers=JSON, body=b'{"\xff\xfe": 1}', status=(400,), response=PROBLEM,
    ),
    Promise(
        _row("7 MB", "a create of 7 MB, which is over Lambda's limit and under the gateway's",
             "413 through REQUEST_TOO_LARGE", LAMBDA_QUOTAS, "event-too-large"),
        "POST", "/{c}", headers=JSON, body=7_000_000, status=(413,), problem="payload-too-large", response=PROBLEM,
    ),
    Promise(
        _row("11 MB", "a create of 11 MB, which is over the gateway's limit", "413, in whatever form", QUOTAS,
             "request-too-large"),
        "POST", "/{c}", headers=JSON, body=11_000_000, status=(413,),
    ),
)  # fmt: skip

HEAD = _row("HEAD", "HEAD and GET of one resource", "the same status and headers, and no body", f"{HTTP}#section-9.3.2")
BURST = _row(
    "concurrency",
    "20 reads at once",
    "each is answered, or has Retry-After: no 5xx without it",
    THROTTLING,
    "concurrency",
)
ROWS = (*(promise.row for promise in PROMISES), HEAD, BURST)
