"""Methods and paths as the client wrote them."""

from __future__ import annotations

import http.client
import json

import pytest

from emulator.apigateway import integration, request_line

from .stack import Api, Json, Stack

ECHO = (
    "import json\n"
    "def handler(event, context):\n"
    "    if event['resource'] == '/thing/{id}':\n"
    "        return {'statusCode': 200, 'body': json.dumps(event['pathParameters'])}\n"
    "    return {'statusCode': 200, 'headers': {'WWW-Authenticate': 'Bearer', 'Server': 'own', 'X-Own': '1'}, 'body': '{}'}"
)


def thing(stack: Stack) -> Api:
    """Deploy POST /thing, POST /thing/{id} and POST /thing/{id}/restore."""
    function = stack.function(ECHO)
    stack.permit(function)
    api, gateway = stack.api(integration=stack.integration(function)), stack.client("apigateway")
    parent = next(r["id"] for r in gateway.get_resources(restApiId=api.id)["items"] if r["path"] == "/thing")
    for part in ("{id}", "restore"):
        parent = gateway.create_resource(restApiId=api.id, parentId=parent, pathPart=part)["id"]
        where = {"restApiId": api.id, "resourceId": parent, "httpMethod": "POST"}
        gateway.put_method(**where, authorizationType="NONE")
        fields = stack.integration(function) | {"integrationHttpMethod": "POST"}
        del fields["httpMethod"]
        gateway.put_integration(**where, **fields)
    gateway.create_deployment(restApiId=api.id, stageName="test")
    return api


def sent(api: Api, path: str, method: str = "POST") -> tuple[int, Json, http.client.HTTPMessage]:
    """Return status, document and headers of a request whose line is exactly this."""
    host, _, prefix = api.url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=120)
    connection.putrequest(method, f"/{prefix}{path}", skip_host=False, skip_accept_encoding=True)
    connection.endheaders()
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, json.loads(body or "{}"), response.headers


SERVED = {"/thing": {}, "/thing/": {}, "/%74hing": {}, "/thing/a": {"id": "a"}, "/thing/a/": {"id": "a"},
          "/thing/a%2Fb": {"id": "a/b"}, "/thing/a%2Frestore": {"id": "a/restore"}, "/thing/%2F": {"id": "/"},
          "/thing/a%25": {"id": "a%"}, "/thing/..": {"id": ".."}, "/thing/.": {"id": "."}, "/thing/a/restore": {},
          "/thing/%2F%2F": {"id": "//"}}  # fmt: skip
NOT_SERVED = ("//thing", "/thing//", "///thing", "/thing//a", "/thing/a//restore", "//", "/thing%2Fa", "/Thing", "/thing/a/b",
              "/./thing", "/x/../thing", "/thing/../thing/a/b", "/thing/a/restore//", "/%2Fthing")  # fmt: skip


@pytest.mark.adds(request_line.PATH_SEGMENTS)
@pytest.mark.adds(request_line.METHOD_CASE)
@pytest.mark.adds(integration.REMAPPED_HEADERS)
def test_a_request_is_served_by_what_its_line_says_and_nothing_else(ours: Stack) -> None:
    api = thing(ours)
    served = {path: sent(api, path)[:2] for path in SERVED}
    assert served == {path: (200, parameters) for path, parameters in SERVED.items()}
    assert {path: sent(api, path)[0] for path in NOT_SERVED} == dict.fromkeys(NOT_SERVED, 403)
    assert {method: sent(api, "/thing", method)[0] for method in ("post", "PoST", "head", "GET", "~POST", "~post")} == {
        "post": 403, "PoST": 403, "head": 403, "GET": 403, "~POST": 403, "~post": 403
    }  # fmt: skip
    headers = sent(api, "/thing")[2]
    assert headers["x-amzn-remapped-www-authenticate"] == "Bearer"
    assert (headers["www-authenticate"], headers["x-own"], headers["x-amzn-remapped-server"]) == (None, "1", "own")


@pytest.mark.lacks(request_line.PATH_SEGMENTS)
@pytest.mark.lacks(request_line.METHOD_CASE)
@pytest.mark.lacks(integration.REMAPPED_HEADERS)
def test_ministack_serves_similar_lines_too(ministack: Stack) -> None:
    api = thing(ministack)
    assert [sent(api, path)[0] for path in ("//thing", "/thing//a", "/thing/a%2Frestore")] == [200, 200, 200]
    assert sent(api, "/thing/a%2Frestore")[1] == {}
    assert sent(api, "/thing", "post")[0] == 200
    assert sent(api, "/thing")[2]["www-authenticate"] == "Bearer"
