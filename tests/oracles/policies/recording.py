"""Which requests of IAM an HTTP request to AWS's APIs is: actions, resources and condition keys.

The emulator's own reading, checked against AWS's reference by `test_calls.py`, and what it does not check: `iam:PassRole`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ministack import app
from ministack.core import iam_actions, router

from emulator.iam import operation_actions, request_keys, resources
from tests.oracles.policies.simulation import Request
from tests.oracles.rendered import ACCOUNT

NOT_NEEDED = {
    # https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html: no permission is required.
    "sts:GetCallerIdentity",
    # The provider asks for the default key of tables, to leave it out of its state, and goes on when that is denied, as it is in
    # `tests/deploy`.
    "kms:DescribeKey",
}


@dataclass(frozen=True)
class Call:
    """An HTTP request to an API of AWS."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def requests(self, region: str, account: str) -> Iterator[Request]:
        """Yield what IAM checks for it."""
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        if "authorization" not in headers:
            return  # of a browser, not of an API
        path, query = unquote(url.path), parse_qs(url.query, keep_blank_values=True)
        parameters = app._routing_params(self.method, path, headers, self.body, query)
        service = router.detect_service(self.method, path, headers, parameters)
        where = (service, self.method, path, headers, self.body, parameters)
        action = operation_actions.iam_action(iam_actions.extract_iam_action, *where)
        assert action, f"No action is known for {service} {self.method} {self.path}."
        if action in NOT_NEEDED:
            return
        resource = resources.resource_arn(iam_actions.extract_resource_arn, *where, region, account)
        keys = request_keys.request_context(iam_actions.request_tag_context, service, action, self.body, parameters)
        yield Request(action, resource, {name.lower(): value for name, value in keys.items() if isinstance(value, str)})
        yield from _passed_roles(action, path, self.body)


def _passed_roles(action: str, path: str, body: bytes) -> Iterator[Request]:
    """Yield `iam:PassRole` for a role that a request gives to a service: to Lambda, or to API Gateway for its logs.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    if action in ("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"):
        if role := json.loads(body).get("Role"):
            yield Request("iam:PassRole", role, {"iam:passedtoservice": "lambda.amazonaws.com"})
    elif action == "apigateway:PATCH" and path.rstrip("/").endswith("/account"):
        for change in json.loads(body)["patchOperations"]:
            if change["path"] == "/cloudwatchRoleArn" and change.get("value"):
                yield Request("iam:PassRole", change["value"], {"iam:passedtoservice": "apigateway.amazonaws.com"})


# What differs between two recordings, or between projects, and what stands for it.
_VARIABLE = (
    (re.compile(r"\b\d{12}\b"), ACCOUNT),
    (re.compile(r"\bstock-"), "NAME-"),
    (re.compile(r"\beu-central-1\b"), "REGION"),
    (re.compile(r"(-test-)[a-z]+(_[a-z]+)+"), r"\1OPERATION"),
    (re.compile(r"(:table/\w+-test-)(?!releases)[a-z]+"), r"\1TABLE"),
    (re.compile(r"(/restapis/|%2Frestapis%2F|API-Gateway-Execution-Logs_)[0-9a-z]{8,10}\b"), r"\1API"),
    (re.compile(r"(userpool/)[a-z0-9-]+_\w+"), r"\1POOL"),
    (re.compile(r"(:distribution/|origin-access-control/|response-headers-policy/)[\w-]+"), r"\1ID"),
    (re.compile(r"(/(?:deployments|resources|authorizers)/)\w+"), r"\1ID"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "ID"),
    (re.compile(r"(-site-\d+/)[^\"]+"), r"\1FILE"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "HASH"),
)


def distinct(requests: Iterable[Request]) -> list[dict[str, Any]]:
    """Return requests as JSON has them, sorted, each once, without tags and without what differs between two recordings."""
    found = {}
    for request in requests:
        keys = {name: value for name, value in request.keys.items() if not name.startswith("aws:")}
        entry = {"action": request.action, "resource": request.resource} | ({"keys": keys} if keys else {})
        text = json.dumps(entry)
        for pattern, name in _VARIABLE:
            text = pattern.sub(name, text)
        found[text] = json.loads(text)
    return [found[text] for text in sorted(found)]
