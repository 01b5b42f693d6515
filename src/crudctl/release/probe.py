"""A synthetic round trip: creates, reads, changes and deletes one resource by invoking the functions directly.

Its owner is reserved: a Cognito user's `sub` is a UUID and an app client's id has no hyphen, so no token can have it, and the
functions keep it apart from all others, also where those share what they own (`OWNERSHIP` is "shared").
"""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from crudctl.build.round_trip import Call, RoundTrip
from crudctl.build.service import CREATE, DELETE, GET, LIST, PATCH, REPLACE

OWNER = "release-probe"
WITNESS = "release-witness"  # another owner that no token can have


@dataclass(frozen=True)
class Finding:
    """The result of a round trip. All fields are empty if every response was right.

    Attributes:
        fault: description of a crash, timeout or 5xx response.
        wrong: description of any other wrong response.
        function: key of the function whose response it was.
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


def missing(trip: RoundTrip, functions: Mapping[str, str]) -> list[str]:
    """Return the keys of the functions that a round trip calls and that are not deployed."""
    return [function for function in trip.counts if function not in functions]


class Probe:
    """Round trips through an alias.

    Args:
        client: boto3's of Lambda.
        functions: function name by key.
        trip: the requests to make. Functions that are not deployed are left out of it.
    """

    def __init__(self, client: Any, functions: Mapping[str, str], trip: RoundTrip) -> None:
        self._client = client
        self._functions = dict(functions)
        self._trip = replace(trip, calls=tuple(call for call in trip.calls if call.function in functions))
        self._versions: Mapping[str, str] = {}
        self._last = ("", "")  # function and version of the last response
        name = self._functions[self._trip.of(GET).function]
        configuration = client.get_function_configuration(FunctionName=name, Qualifier="prod")
        self._client_id = configuration["Environment"]["Variables"]["CLIENT_IDS"].partition(",")[0]

    @property
    def counts(self) -> dict[str, int]:
        """The number of requests of one round trip to each function that it calls, by the function's key."""
        return self._trip.counts

    def round_trip(self, alias: str, versions: Mapping[str, str] | None = None) -> Finding:
        """Make one round trip. What it created is deleted at the end, through `prod` if a step failed.

        Args:
            alias: through which the functions are invoked.
            versions: that must respond, by function; if None, whichever the alias chooses.
        """
        self._versions = versions or {}
        resource, exists = "", False
        try:
            for call in self._trip.calls:
                document = self._expect(alias, call, resource)
                self._check(call, document)
                if call.kind == CREATE:
                    resource, exists = str(document["id"]), True
                exists = exists and call.kind != DELETE
        except _Stopped as stopped:
            return replace(stopped.finding, function=self._last[0], version=self._last[1])
        finally:
            if exists:
                self._delete(resource)
        return Finding()

    def clean(self) -> None:
        """Delete what a releaser that died left behind.

        Only what another owner cannot read is deleted: versions of the functions from before the probe's owner was kept apart
        list everybody's resources to it where OWNERSHIP is "shared".
        """
        with contextlib.suppress(_Stopped):  # the next release tries again
            _, response, _ = self._invoke("prod", self._trip.of(LIST))
            listed = _body(response).get(self._trip.page) or []
            for resource in [entry["id"] for entry in listed if isinstance(entry, dict) and "id" in entry]:
                _, read, _ = self._invoke("prod", self._trip.of(GET), resource, WITNESS)
                if read.get("statusCode") == 404:
                    self._delete(resource)

    def _delete(self, resource: str) -> None:
        with contextlib.suppress(_Stopped):  # the next clean() deletes it
            self._invoke("prod", self._trip.of(DELETE), resource)

    def _check(self, call: Call, document: Mapping[str, Any]) -> None:
        """Raise _Stopped unless the response to a request is what the requests before it lead to."""
        content = self._trip.of(CREATE).body or {}
        holds = {name: document.get(name) for name in content} == content
        right, returned = {
            CREATE: (bool(document.get("id")), "no id"),
            LIST: (isinstance(document.get(self._trip.page), list), f"no list `{self._trip.page}`"),
            REPLACE: (document.get("version") == 2, "a version other than 2"),
            PATCH: (holds, "other content than was stored and patched"),
            GET: (holds or call.right == ("404",), "other content than was stored"),
        }.get(call.kind, (True, ""))
        if not right:
            raise _Stopped(Finding(wrong=f"{call.function} returned {returned}"))

    def _expect(self, alias: str, call: Call, resource: str) -> dict[str, Any]:
        """Make a request and return the JSON object of its response. Raise _Stopped unless it has the right status."""
        crashed, response, version = self._invoke(alias, call, resource)
        self._last = (call.function, version)
        where = f"{call.method} by {call.function} version {version}"
        expected = self._versions.get(call.function, version)
        if version != expected:
            raise _Stopped(Finding(fault=f"alias {alias} chose {where} instead of version {expected}"))
        if crashed:
            raise _Stopped(Finding(fault=f"{where} crashed"))
        code = response["statusCode"]
        if code >= 500:
            raise _Stopped(Finding(fault=f"{where} returned {code}"))
        if not {str(code), f"{code // 100}XX"} & set(call.right):
            raise _Stopped(Finding(wrong=f"{where} returned {code} instead of {' or '.join(call.right)}"))
        return _body(response)

    def _invoke(
        self, alias: str, call: Call, resource: str = "", owner: str = OWNER
    ) -> tuple[bool, dict[str, Any], str]:
        """Make a request. Return whether the function crashed, its proxy response, and the version that ran."""
        event = self._event(call, resource, owner)
        try:
            invoked = self._client.invoke(FunctionName=self._functions[call.function], Qualifier=alias, Payload=event)
        except (ClientError, BotoCoreError) as error:
            raise _Stopped(Finding(fault=f"{call.function} could not be invoked: {error}")) from error
        response = _object(invoked["Payload"].read())
        crashed = "FunctionError" in invoked or not isinstance(response.get("statusCode"), int)
        return crashed, response, invoked.get("ExecutedVersion", alias)

    def _event(self, call: Call, resource: str, owner: str) -> bytes:
        headers = {"Content-Type": call.media_type} if call.body is not None else {}
        return json.dumps(
            {
                "resource": call.path,
                "path": call.path.replace("{id}", resource),
                "httpMethod": call.method,
                "headers": headers,
                "multiValueHeaders": {name: [value] for name, value in headers.items()},
                "queryStringParameters": None,
                "multiValueQueryStringParameters": None,
                "pathParameters": {"id": resource} if "{id}" in call.path else None,
                "requestContext": {
                    "httpMethod": call.method,
                    "resourcePath": call.path,
                    "requestId": str(uuid.uuid4()),
                    "authorizer": {"claims": {"client_id": self._client_id, "sub": owner}},
                },
                "body": json.dumps(call.body) if call.body is not None else None,
                "isBase64Encoded": False,
            }
        ).encode()


def _body(response: Mapping[str, Any]) -> dict[str, Any]:
    return _object(response.get("body"))


def _object(text: Any) -> dict[str, Any]:
    """Return the JSON object in a text, or an empty one: a version under release may return anything."""
    try:
        value = json.loads(text or "null")
    except (TypeError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
