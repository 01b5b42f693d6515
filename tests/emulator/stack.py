"""A running emulator: its clients, and small things to deploy into it."""

from __future__ import annotations

import io
import itertools
import json
import time
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config

from emulator import process

Json = dict[str, Any]

REGION = "eu-central-1"
LOGS: Json = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}

_numbers = itertools.count(1)


def unique(word: str) -> str:
    return f"{word}-{next(_numbers)}-{time.time_ns() % 10**9}"


def eventually(observe: Callable[[], Any], timeout: float = 60.0) -> Any:
    """Return the first true result of `observe`, or its last after `timeout` seconds. Only a failure waits so long."""
    deadline = time.monotonic() + timeout
    while not (result := observe()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return result


class Stack:
    """Attributes: folder: the emulator's state, with the keys of user pools and the root's secret; unless a test needs none."""

    def __init__(self, port: int, region: str = REGION, folder: Path | None = None) -> None:
        self.port = port
        self.folder = folder
        self.secret = (process.root_secret(folder) if folder else "") or "test"  # MiniStack alone accepts any
        self.region = region
        self.account = "000000000000"

    @cache  # noqa: B019
    def client(self, service: str) -> Any:
        return self.client_of(service, "test", self.secret)

    def client_of(self, service: str, key: str, secret: str, token: str | None = None) -> Any:
        client: Any = boto3.client  # the service is a variable, so that no overload has the type
        return client(
            service,
            endpoint_url=process.endpoint_url(self.port),
            region_name=self.region,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"max_attempts": 1}),
        )

    def role(self, statements: list[Json], trusted: Json | None = None) -> str:
        """Create a role with one policy and return its ARN. Lambda may assume it, or whom `trusted` names."""
        name = unique("role")
        trust = trusted or {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        iam = self.client("iam")
        created = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy([trust]))
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=policy(statements))
        return str(created["Role"]["Arn"])

    def function(self, source: str, **settings: Any) -> str:
        """Create a function from the source of its module, which defines `handler`, and return its name."""
        name = unique("function")
        client = self.client("lambda")
        client.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="module.handler",
            Role=settings.pop("Role", None) or self.role([LOGS]),
            Code={"ZipFile": zipped(source)},
            **{"Timeout": 30, **settings},
        )
        eventually(lambda: self._is_active(name))
        return name

    def _is_active(self, name: str) -> bool:
        configuration = self.client("lambda").get_function_configuration(FunctionName=name)
        return bool(configuration["State"] == "Active")

    def invoke(self, name: str, event: Any = None, **options: Any) -> Any:
        invoked = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode(), **options)
        return json.loads(invoked["Payload"].read())

    def permit(self, function: str, qualifier: str | None = None) -> None:
        """Let API Gateway invoke the function or its version or alias."""
        self.client("lambda").add_permission(
            FunctionName=function,
            StatementId=unique("gateway"),
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            **({"Qualifier": qualifier} if qualifier else {}),
        )

    def integration(self, function: str, **fields: Any) -> Json:
        """Return the fields of a proxy integration with the function, `name` or `name:qualifier`."""
        arn = f"arn:aws:lambda:{REGION}:{self.account}:function:{function}"
        uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}"
        return {"type": "AWS_PROXY", "httpMethod": "POST", "uri": f"{uri}/invocations", **fields}

    def api(self, method: Json | None = None, **parts: Any) -> Api:
        """Deploy an API with POST /thing, created call by call, as MiniStack supports it.

        Args:
            method: fields of PutMethod.
            parts: `integration` with the fields of PutIntegration; optional `models` (schema by name), `validator`
                (fields), `authorizer` (fields) and `responses` (gateway responses by type).
        """
        gateway = self.client("apigateway")
        api = gateway.create_rest_api(name=unique("api"))
        key = {"restApiId": api["id"]}
        root = gateway.get_resources(**key)["items"][0]["id"]
        thing = gateway.create_resource(**key, parentId=root, pathPart="thing")["id"]
        for name, schema in parts.get("models", {}).items():
            gateway.create_model(**key, name=name, contentType="application/json", schema=json.dumps(schema))
        wanted = {"authorizationType": "NONE", **(method or {})}
        if "validator" in parts:
            created = gateway.create_request_validator(**key, name="v", **parts["validator"])
            wanted["requestValidatorId"] = created["id"]
        if "authorizer" in parts:
            created = gateway.create_authorizer(**key, **parts["authorizer"])
            wanted["authorizerId"] = created["id"]
        where = {**key, "resourceId": thing, "httpMethod": "POST"}
        gateway.put_method(**where, **wanted)
        integration = dict(parts["integration"])
        integration["integrationHttpMethod"] = integration.pop("httpMethod", "POST")
        gateway.put_integration(**where, **integration)
        for kind, response in parts.get("responses", {}).items():
            gateway.put_gateway_response(**key, responseType=kind, **response)
        gateway.create_deployment(**key, stageName="test")
        return Api(self, api["id"], api["name"])


class Api:
    def __init__(self, stack: Stack, api_id: str, name: str) -> None:
        self.stack, self.id, self.name = stack, api_id, name
        self.url = process.api_url(stack.port, api_id, "test")

    def post(self, body: Any = None, **options: Any) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.request("POST", content=content, **options)

    def request(self, method: str, **options: Any) -> httpx.Response:
        return httpx.request(method, f"{self.url}/thing", timeout=60, **options)


def zipped(source: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("module.py", source)
    return data.getvalue()


def policy(statements: list[Json]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
