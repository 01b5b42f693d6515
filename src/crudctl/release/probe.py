"""A synthetic round trip: creates, reads, changes and deletes one resource by invoking the functions directly.

Its owner is reserved: a Cognito user's `sub` is a UUID and an app client's id has no hyphen, so no token can have it, and the
functions keep it apart from all others, also where those share what they own (`OWNERSHIP` is "shared").
"""

from __future__ import annotations

import base64
import contextlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from crudctl.build.round_trip import ANY, Call, RoundTrip
from crudctl.build.script import ANOTHER, BY_PASSWORD, STRANGER, UNSCOPED, Exchange, values
from crudctl.build.service import CREATE, DELETE, GET, LIST, PATCH, REPLACE, RESTORE
from crudctl.release.offered import SETTINGS
from crudctl.release.order import TRASH_DAYS

OWNER = "release-probe"
WITNESS = "release-witness"  # another owner that no token can have
SIGNED_IN = "aws.cognito.signin.user.admin"  # the only scope of a token of a sign-in by password


@dataclass(frozen=True)
class Finding:
    """The result of a round trip. All fields are empty if every response was right.

    Attributes:
        fault: description of a crash, timeout or 5xx response, with the error that the function logged.
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
        self._logged = ""  # error that this function logged
        variables = self._variables_of(GET, "prod")
        self._client_id = variables["CLIENT_IDS"].partition(",")[0]
        self._password_client = variables.get("PASSWORD_CLIENT_ID") or self._client_id

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
        resource, tag, exists = "", ANY, False
        try:
            for call in self._trip.calls if self._trashes(versions) else self._trip.shared:
                response = self._expect(alias, call, resource, tag)
                document = _body(response)
                self._check(call, document)
                if call.kind == CREATE:
                    resource = str(document["id"])
                if call.kind != LIST:  # the version after an operation without an ETag is not known, but for a DELETE
                    tag = _header(response, "etag") or (tag if call.kind == DELETE else ANY)
                # After a DELETE that is `alone` it is in the trash.
                exists = call.alone if call.kind == DELETE else exists or call.kind == CREATE
        except _Stopped as stopped:
            return replace(stopped.finding, function=self._last[0], version=self._last[1])
        finally:
            if exists:
                self._delete(resource)
        return Finding()

    def survey(self, alias: str) -> list[Finding]:
        """Call every operation of the round trip once, also after one that failed. Return what is wrong, once for each function.

        After a failure only faults count: what is missing then has other responses.

        Args:
            alias: through which the functions are invoked. Where one version responds, all operations are called.
        """
        self._versions, found = {}, dict[str, Finding]()
        resource, tag, exists = str(uuid.uuid4()), ANY, False
        for call in self._trip.calls if self._trashes({self._trip.of(DELETE).function: alias}) else self._trip.shared:
            try:
                document = _body(response := self._expect(alias, call, resource, tag))
                self._check(call, document)
            except _Stopped as stopped:
                if stopped.finding.fault or not found:
                    function, version = self._last
                    found.setdefault(function, replace(stopped.finding, function=function, version=version))
                continue
            if call.kind == CREATE:
                resource, exists = str(document["id"]), True
            if call.kind != LIST:
                tag = _header(response, "etag") or (tag if call.kind == DELETE else ANY)
            exists = exists and (call.kind != DELETE or call.alone)
        if exists:
            self._delete(resource)
        return list(found.values())

    def clean(self) -> None:
        """Delete what a releaser that died left behind, in the trash too.

        Only what another owner cannot read is deleted: versions of the functions from before the probe's owner was kept apart
        list everybody's resources to it where OWNERSHIP is "shared".
        """
        with contextlib.suppress(_Stopped):  # the next release tries again
            listing, seen = self._trip.of(LIST), set[str]()
            while left := self._listed(listing) - seen:
                seen |= left
                for resource in left:
                    _, read, _ = self._invoke("prod", self._trip.of(GET), resource, WITNESS)
                    if read.get("statusCode") == 404:
                        self._delete(resource)
            # A version that knows the trash keeps this owner apart. Others respond with 400.
            trashed = replace(listing, query={"deleted": "true"})
            while left := self._listed(trashed) - seen:
                seen |= left
                for resource in left:
                    self._delete(resource)

    def _listed(self, call: Call) -> set[str]:
        """Return the ids on the first page of a list."""
        _, response, _ = self._invoke("prod", call)
        listed = _body(response).get(self._trip.page) or []
        return {str(entry["id"]) for entry in listed if isinstance(entry, dict) and "id" in entry}

    def _delete(self, resource: str) -> None:
        with contextlib.suppress(_Stopped):  # the next clean() deletes it
            self._versions = {}
            self._respond("prod", self._trip.of(DELETE), resource)

    def _trashes(self, versions: Mapping[str, str] | None) -> bool:
        """Whether the trip has calls for one version alone, and that version puts what is deleted into the trash."""
        if not versions or self._trip.shared == self._trip.calls:
            return False
        version = versions.get(self._trip.of(DELETE).function, "prod")
        return int(self._variables_of(DELETE, version).get(TRASH_DAYS) or 0) > 0

    def settings(self, old: Mapping[str, str], new: Mapping[str, str]) -> frozenset[str]:
        """Return which settings that callers notice differ between versions of the functions that are in both."""
        kinds = [kind for kind in (REPLACE, DELETE) if self._trip.of(kind).function in old.keys() & new.keys()]
        pairs = [
            [self._variables_of(kind, versions[self._trip.of(kind).function]) for versions in (old, new)]
            for kind in kinds
        ]
        return frozenset(name for one, other in pairs for name in SETTINGS if one.get(name) != other.get(name))

    def _variables_of(self, kind: str, qualifier: str) -> Mapping[str, str]:
        """Return the environment of the function that serves a kind of operation, at a version or an alias."""
        name = self._functions[self._trip.of(kind).function]
        configuration = self._client.get_function_configuration(FunctionName=name, Qualifier=qualifier)
        variables: Mapping[str, str] = configuration["Environment"]["Variables"]
        return variables

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
            RESTORE: (holds, "other content than was deleted"),
        }.get(call.kind, (True, ""))
        if not right:
            raise _Stopped(Finding(wrong=f"{call.function} returned {returned}"))

    def _expect(self, alias: str, call: Call, resource: str, tag: str) -> dict[str, Any]:
        """Make a request and return its proxy response. Raise _Stopped unless it has the right status."""
        self._last, self._logged = (call.function, ""), ""
        crashed, response, version = self._respond(alias, call, resource, tag)
        self._last = (call.function, version)
        where = f"{call.method} by {call.function} version {version}"
        expected = self._versions.get(call.function, version)
        if version != expected:
            raise _Stopped(Finding(fault=f"alias {alias} chose {where} instead of version {expected}"))
        if crashed:
            raise _Stopped(Finding(fault=f"{where} crashed{self._logged}"))
        code = response["statusCode"]
        if code >= 500:
            raise _Stopped(Finding(fault=f"{where} returned {code}{self._logged}"))
        if not {str(code), f"{code // 100}XX"} & set(call.right):
            raise _Stopped(Finding(wrong=f"{where} returned {code} instead of {' or '.join(call.right)}"))
        return response

    def _respond(self, alias: str, call: Call, resource: str, tag: str = ANY) -> tuple[bool, dict[str, Any], str]:
        """Make a request as `_invoke` does, and once more without its query if whichever version responded does not know that."""
        outcome = self._invoke(alias, call, resource, tag=tag)
        if call.query and not self._versions and outcome[1].get("statusCode") == 400:
            return self._invoke(alias, replace(call, query={}), resource, tag=tag)
        return outcome

    def _invoke(
        self, alias: str, call: Call, resource: str = "", owner: str = OWNER, tag: str = ANY
    ) -> tuple[bool, dict[str, Any], str]:
        """Make a request. Return whether the function crashed, its proxy response, and the version that ran."""
        headers = {"Content-Type": call.media_type} if call.body is not None else {}
        headers |= {"If-Match": tag} if call.conditional else {}
        text = json.dumps(call.body) if call.body is not None else None
        sent = Exchange(
            "", call.operation, call.kind, call.function, call.method, call.path, "", headers, call.query, text
        )
        event = self._event(sent, resource, owner)
        try:
            name = self._functions[call.function]
            invoked = self._client.invoke(FunctionName=name, Qualifier=alias, Payload=event, LogType="Tail")
        except (ClientError, BotoCoreError) as error:
            raise _Stopped(Finding(fault=f"{call.function} could not be invoked: {error}")) from error
        self._logged = _error(invoked.get("LogResult", ""))
        response = _object(invoked["Payload"].read())
        crashed = "FunctionError" in invoked or not isinstance(response.get("statusCode"), int)
        return crashed, response, invoked.get("ExecutedVersion", alias)

    def answer(self, version: str, exchange: Exchange, resource: str) -> Mapping[str, Any]:
        """Return the response of a function's version to a request, empty if it crashed (differential.Caller).

        Raises:
            botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: AWS refused the request or did not respond.
        """
        event = self._event(exchange, resource, WITNESS if exchange.caller == ANOTHER else OWNER)
        name = self._functions[exchange.function]
        invoked = self._client.invoke(FunctionName=name, Qualifier=version, Payload=event)
        return {} if "FunctionError" in invoked else _object(invoked["Payload"].read())

    def _event(self, exchange: Exchange, resource: str, owner: str) -> bytes:
        """Return the event that API Gateway makes of a request.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
        """
        path = exchange.path
        headers, query = (
            {name: values(one) for name, one in each.items()} for each in (exchange.headers, exchange.query)
        )
        clients = {STRANGER: "another-client", BY_PASSWORD: self._password_client}
        client = clients.get(exchange.caller, self._client_id)
        scopes = {UNSCOPED: "", BY_PASSWORD: SIGNED_IN}
        scope = scopes.get(exchange.caller, " ".join(exchange.scopes or self._trip.scopes))
        return json.dumps(
            {
                "resource": path,
                "path": path.replace("{id}", resource),
                "httpMethod": exchange.method,
                "headers": {name: given[-1] for name, given in headers.items()},
                "multiValueHeaders": headers,
                "queryStringParameters": {name: given[-1] for name, given in query.items()} or None,
                "multiValueQueryStringParameters": query or None,
                "pathParameters": {"id": resource} if "{id}" in path else None,
                "requestContext": {
                    "httpMethod": exchange.method,
                    "resourcePath": path,
                    "requestId": str(uuid.uuid4()),
                    "authorizer": {"claims": {"client_id": client, "sub": owner, "scope": scope}},
                },
                "body": exchange.text,
                "isBase64Encoded": exchange.base64,
            }
        ).encode()


def _error(tail: str) -> str:
    """Return the error in the end of a function's log, to be added to a sentence; empty if there is none.

    Args:
        tail: the last 4 KB in base64. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    """
    for line in reversed(base64.b64decode(tail).decode(errors="replace").splitlines()):
        logged = _object(line)
        if error := logged.get("error") or logged.get("errorType"):
            action = f", on {logged['aws_action']}" if logged.get("aws_action") else ""
            return f": {str(error).partition(' < ')[0]}{action}"
    return ""


def _header(response: Mapping[str, Any], wanted: str) -> str:
    """Return the value of a header, whose name is in lower case; empty if there is none."""
    headers = response.get("headers")
    found = (
        (value for name, value in headers.items() if name.lower() == wanted) if isinstance(headers, dict) else iter(())
    )
    return str(next(found, ""))


def _body(response: Mapping[str, Any]) -> dict[str, Any]:
    return _object(response.get("body"))


def _object(text: Any) -> dict[str, Any]:
    """Return the JSON object in a text, or an empty one: a version under release may return anything."""
    try:
        value = json.loads(text or "null")
    except (TypeError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
