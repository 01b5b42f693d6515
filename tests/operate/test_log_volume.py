"""What a request costs in log lines: bytes of all groups together, none of them said twice."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from crudctl.cost import model
from crudctl.operate import logs
from tests.stack import Stack

# `tracing` of a report on AWS, which the emulator's lacks: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
TRACING = len(
    ',"tracing":{"spanId":"0123456789abcdef","type":"X-Amzn-Trace-Id","value":"Root=1-01234567-0123456789abcdef01234567;'
    'Parent=0123456789abcdef;Sampled=0;Lineage=1:01234567:0"}'
)
MOST = {"function": 450, "gateway": 650, "platform": 700}  # bytes of one request
# As long as API Gateway lets headers be, all together: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
HOSTILE = {
    "User-Agent": "u" * 2000, "X-Correlation-Id": "c" * 128, "X-Amzn-RequestId": "r" * 1000, "X-Forwarded-For": "1.2.3.4," * 100,
    "traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "If-None-Match": '"' + "e" * 1000 + '"', "Idempotency-Key": "k" * 1000,
}  # fmt: skip
LONGER = 128 + 55 + 40  # bytes that a caller can add to the function's line: both of its ids, and their names
SAID_TWICE = {"request_id", "method", "status"}  # what joins the two lines, and how each saw it end


def written(stack: Stack, response: httpx.Response) -> dict[str, list[str]]:
    """Return the lines about a request, by who wrote them."""
    groups = logs.groups(stack.outputs["functions"], stack.environment.prefix, None)
    lines: dict[str, list[str]] = {"function": [], "gateway": [], "platform": []}
    for event in logs.trace(stack.environment, groups, response.headers["x-amzn-requestid"], None):
        line = logs.entry(event["message"])
        by = "gateway" if logs.of_gateway(event["group"]) else "platform" if "record" in line else "function"
        lines[by].append(event["message"])
    return lines


@pytest.fixture(scope="module")
def requests(stack: Stack) -> dict[str, dict[str, list[str]]]:
    """The lines of one request each."""
    with stack.api() as api:
        created = api.post("items", json={"name": "x"}, headers={"Idempotency-Key": "log-volume"})
        where = f"items/{created.json()['id']}"
        sent = {
            "create": created,
            "get": api.get(where),
            "list": api.get("items"),
            "replace": api.put(where, json={"name": "y"}),
            "refused": api.get("items?limit=none"),
            "delete": api.delete(where),
            "hostile": api.get(f"items/{'x' * 3000}", params={"x" * 500: "y" * 500}, headers=HOSTILE),
        }
    assert {name: each.status_code for name, each in sent.items()} == {
        "create": 201, "get": 200, "list": 200, "replace": 200, "refused": 400, "delete": 204, "hostile": 400,
    }  # fmt: skip
    return {name: written(stack, response) for name, response in sent.items()}


@pytest.mark.parametrize("name", ["create", "get", "list", "replace", "refused", "delete"])
def test_a_request_leaves_four_lines_of_bounded_length(requests: dict[str, dict[str, list[str]]], name: str) -> None:
    lines = requests[name]
    assert {by: len(each) for by, each in lines.items()} == {"function": 1, "gateway": 1, "platform": 2}
    octets = {by: sum(len(line.encode()) for line in each) for by, each in lines.items()}
    octets["platform"] += TRACING
    assert {by: count for by, count in octets.items() if count > MOST[by]} == {}, octets
    assert sum(octets.values()) <= model.LOG_BYTES, f"`crudctl cost` counts less than this: {octets}"


def test_a_hostile_caller_makes_lines_no_longer_than_its_ids(requests: dict[str, dict[str, list[str]]]) -> None:
    """Whatever is in its path, query and headers: they are not logged."""
    (own,), (gateway,) = requests["hostile"]["function"], requests["hostile"]["gateway"]
    assert len(own) <= MOST["function"] + LONGER
    assert len(gateway) <= MOST["gateway"]
    assert not re.search("([xyuerk1.,])\\1{9}", own + gateway)


@pytest.mark.parametrize("name", ["create", "get", "list", "replace", "refused", "delete"])
def test_gateway_and_function_do_not_say_the_same_twice(requests: dict[str, dict[str, list[str]]], name: str) -> None:
    own, gateway = (json.loads(requests[name][by][0]) for by in ("function", "gateway"))
    assert own.keys() & gateway.keys() == SAID_TWICE
    assert (own["request_id"], own["method"], str(own["status"])) == tuple(
        gateway[each] for each in ("request_id", "method", "status")
    )
    again = [value for field, value in own.items() if field not in SAID_TWICE and value in said(gateway)]
    assert again == []
    assert "_aws" not in own


def said(line: dict[str, Any]) -> list[str]:
    """Return what a line says that is more than a number or a dash."""
    return [value for value in line.values() if len(value) > 8]
