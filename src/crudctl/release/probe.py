"""A synthetic round trip: creates, reads, updates and deletes one item by invoking the functions directly.

The item's owner is reserved: a Cognito user's `sub` is a UUID and an app client's id has no hyphen, so no token can have it.
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
    """The result of a round trip. All fields are empty if every response was right.

    Attributes:
        fault: description of a crash, timeout or 5xx response.
        wrong: description of any other wrong response.
        function: operation whose response it was.
        version: of that function.
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
        self._last = ("", "")  # function and version of the last response
        self._client_id = configuration["Environment"]["Variables"]["CLIENT_IDS"].partition(",")[0]

    def round_trip(self, alias: str, versions: Mapping[str, str] | None = None) -> Finding:
        """Make one round trip. Its item is deleted at the end, through `prod` if a step failed.

        Args:
            alias: through which the functions are invoked.
            versions: that must respond, by operation; if None, whichever the alias chooses.
        """
        self._versions = versions or {}
        item_id, name = "", f"release probe {uuid.uuid4()}"
        try:
            item_id = self._create(alias, name)
            path = {"id": item_id}
            read = self._expect(alias, "get_item", "GET", 200, path=path)
            self._check(read.get("name") == name, "get_item", "another name than the stored one")
            listed = self._expect(alias, "list_items", "GET", 200)
            self._check(isinstance(listed.get("items"), list), "list_items", "no list of items")
            replaced = self._expect(alias, "update_item", "PUT", 200, path=path, body={"name": name})
            self._check(replaced.get("version") == 2, "update_item", "a version other than 2")
            patched = self._expect(alias, "update_item", "PATCH", 200, path=path, body={"quantity": 1})
            kept = patched.get("name") == name and patched.get("quantity") == 1
            self._check(kept, "update_item", "an item that differs in more than the patch")
            self._expect(alias, "delete_item", "DELETE", 204, path=path)
            self._expect(alias, "get_item", "GET", 404, path=path)
            item_id = ""
        except _Stopped as stopped:
            return replace(stopped.finding, function=self._last[0], version=self._last[1])
        finally:
            if item_id:
                self._delete(item_id)
        return Finding()

    def clean(self) -> None:
        """Delete the items left by a releaser that died."""
        with contextlib.suppress(_Stopped):  # the next release tries again
            _, response, _ = self._invoke("prod", "list_items", "GET")
            for item in json.loads(response.get("body") or "{}").get("items", []):
                if NAME.fullmatch(str(item.get("name"))):  # all callers share one owner where OWNERSHIP is "shared"
                    self._delete(item["id"])

    def _delete(self, item_id: str) -> None:
        with contextlib.suppress(_Stopped):  # the next clean() deletes it
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
        """Invoke a function and return the JSON object of its response. Raise _Stopped unless it has the `status`."""
        crashed, response, version = self._invoke(alias, function, method, path, body)
        self._last = (function, version)
        where = f"{method} by {function} version {version}"
        if version != self._versions.get(function, version):
            raise _Stopped(Finding(fault=f"alias {alias} chose {where} instead of version {self._versions[function]}"))
        if crashed:
            raise _Stopped(Finding(fault=f"{where} crashed"))
        code = response["statusCode"]
        if code >= 500:
            raise _Stopped(Finding(fault=f"{where} returned {code}"))
        if code != status:
            raise _Stopped(Finding(wrong=f"{where} returned {code} instead of {status}"))
        document: dict[str, Any] = json.loads(response.get("body") or "{}")
        return document

    @staticmethod
    def _check(right: bool, function: str, returned: str) -> None:
        if not right:
            raise _Stopped(Finding(wrong=f"{function} returned {returned}"))

    def _invoke(
        self,
        alias: str,
        function: str,
        method: str,
        path: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> tuple[bool, dict[str, Any], str]:
        """Invoke a function. Return whether it crashed, its proxy response, and the version that ran."""
        event = self._event(method, path, body)
        try:
            invoked = self._client.invoke(FunctionName=self._functions[function], Qualifier=alias, Payload=event)
        except (ClientError, BotoCoreError) as error:
            raise _Stopped(Finding(fault=f"{function} could not be invoked: {error}")) from error
        response = json.loads(invoked["Payload"].read() or b"null")
        crashed = "FunctionError" in invoked or not isinstance(response, dict) or "statusCode" not in response
        return crashed, response if isinstance(response, dict) else {}, invoked.get("ExecutedVersion", alias)

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
