"""A synthetic round trip: creates, reads, changes and deletes one item by invoking the functions directly.

Its owner is reserved: a Cognito user's `sub` is a UUID and an app client's id has no hyphen, so no token can have it.
"""

from __future__ import annotations

import contextlib
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

OWNER = "release-probe"
NAME = re.compile(r"release probe [0-9a-f-]{36}")
CALLS = {"create_item": 1, "get_item": 2, "list_items": 1, "update_item": 2, "delete_item": 1}  # of one round trip


@dataclass(frozen=True)
class Finding:
    """What a round trip met: nothing, a `fault` (crash, timeout, 5xx), or a `wrong` answer, in words; and of which function's
    version.
    """

    fault: str = ""
    wrong: str = ""
    function: str = ""
    version: str = ""


class _Stopped(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self.finding = finding


class Probe:
    """Round trips through an alias.

    Args:
        client: boto3's of Lambda.
        functions: function name by operation.
    """

    def __init__(self, client: Any, functions: Mapping[str, str]) -> None:
        self._client = client
        self._functions = dict(functions)
        configuration = client.get_function_configuration(FunctionName=self._functions["get_item"], Qualifier="prod")
        self._versions: Mapping[str, str] = {}
        self._answered = ("", "")  # function and version of the last answer
        self._client_id = configuration["Environment"]["Variables"]["CLIENT_IDS"].partition(",")[0]

    def round_trip(self, alias: str, versions: Mapping[str, str] | None = None) -> Finding:
        """One round trip. What it made is gone at its end, if need be by way of `prod`.

        Args:
            alias: through which.
            versions: by operation: which one has to answer; whichever the alias chooses, if None.
        """
        self._versions = versions or {}
        item_id, name = "", f"release probe {uuid.uuid4()}"
        try:
            item_id = self._create(alias, name)
            path = {"id": item_id}
            read = self._expect(alias, "get_item", "GET", 200, path=path)
            self._check(read.get("name") == name, "get_item", "another name than was stored")
            listed = self._expect(alias, "list_items", "GET", 200)
            self._check(isinstance(listed.get("items"), list), "list_items", "no list")
            replaced = self._expect(alias, "update_item", "PUT", 200, path=path, body={"name": name})
            self._check(replaced.get("version") == 2, "update_item", "not the next version")
            patched = self._expect(alias, "update_item", "PATCH", 200, path=path, body={"quantity": 1})
            kept = patched.get("name") == name and patched.get("quantity") == 1
            self._check(kept, "update_item", "a patch that changes something else")
            self._expect(alias, "delete_item", "DELETE", 204, path=path)
            self._expect(alias, "get_item", "GET", 404, path=path)
            item_id = ""
        except _Stopped as stopped:
            return replace(stopped.finding, function=self._answered[0], version=self._answered[1])
        finally:
            if item_id:
                self._delete(item_id)
        return Finding()

    def clean(self) -> None:
        """Deletes what a releaser that died may have left."""
        with contextlib.suppress(_Stopped):  # the next one cleans again
            _, answer, _ = self._invoke("prod", "list_items", "GET")
            for item in json.loads(answer.get("body") or "{}").get("items", []):
                if NAME.fullmatch(str(item.get("name"))):  # all callers share one owner where OWNERSHIP is "shared"
                    self._delete(item["id"])

    def _delete(self, item_id: str) -> None:
        with contextlib.suppress(_Stopped):  # clean() finds it again
            self._invoke("prod", "delete_item", "DELETE", {"id": item_id})

    def _create(self, alias: str, name: str) -> str:
        created = self._expect(alias, "create_item", "POST", 201, body={"name": name})
        self._check(bool(created.get("id")), "create_item", "no id")
        return str(created["id"])

    def _expect(
        self,
        alias: str,
        function: str,
        method: str,
        status: int,
        *,
        path: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        crashed, answer, version = self._invoke(alias, function, method, path, body)
        self._answered = (function, version)
        where = f"{method} by {function} version {version}"
        if version != self._versions.get(function, version):
            raise _Stopped(Finding(fault=f"alias {alias} chose {where} instead of version {self._versions[function]}"))
        if crashed:
            raise _Stopped(Finding(fault=f"{where} crashed"))
        if answer["statusCode"] >= 500:
            raise _Stopped(Finding(fault=f"{where} answered {answer['statusCode']}"))
        if answer["statusCode"] != status:
            raise _Stopped(Finding(wrong=f"{where} answered {answer['statusCode']} instead of {status}"))
        found: dict[str, Any] = json.loads(answer.get("body") or "{}")
        return found

    @staticmethod
    def _check(right: bool, function: str, otherwise: str) -> None:
        if not right:
            raise _Stopped(Finding(wrong=f"{function} answered {otherwise}"))

    def _invoke(
        self,
        alias: str,
        function: str,
        method: str,
        path: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> tuple[bool, dict[str, Any], str]:
        """(crashed, the proxy answer, the version that gave it)."""
        event = self._event(method, path, body)
        try:
            answer = self._client.invoke(FunctionName=self._functions[function], Qualifier=alias, Payload=event)
        except (ClientError, BotoCoreError) as error:
            raise _Stopped(Finding(fault=f"{function} was not invoked: {error}")) from error
        found = json.loads(answer["Payload"].read() or b"null")
        crashed = "FunctionError" in answer or not isinstance(found, dict) or "statusCode" not in found
        return crashed, found if isinstance(found, dict) else {}, answer.get("ExecutedVersion", alias)

    def _event(self, method: str, path: Mapping[str, str] | None, body: Mapping[str, Any] | None) -> bytes:
        media_type = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Content-Type": media_type} if body is not None else {}
        return json.dumps(
            {
                "resource": "/items/{id}" if path else "/items",
                "path": f"/items/{path['id']}" if path else "/items",
                "httpMethod": method,
                "headers": headers,
                "multiValueHeaders": {name: [value] for name, value in headers.items()},
                "queryStringParameters": None,
                "multiValueQueryStringParameters": None,
                "pathParameters": path,
                "requestContext": {
                    "httpMethod": method,
                    "resourcePath": "/items/{id}" if path else "/items",
                    "requestId": str(uuid.uuid4()),
                    "authorizer": {"claims": {"client_id": self._client_id, "sub": OWNER}},
                },
                "body": json.dumps(body) if body is not None else None,
                "isBase64Encoded": False,
            }
        ).encode()
