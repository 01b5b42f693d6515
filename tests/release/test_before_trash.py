"""The trash comes into service beside versions that know less of it, and none of them shows, lists or overwrites what is in it.
The gateway lets in any scope of the API only where no such version, which does not check scopes either, comes into service.

`before_trash.zip` is src/functions of BEFORE, the last commit without a trash, for the tests' contract of then: what a service
runs that has not been released since.
"""

from __future__ import annotations

import io
import json
import subprocess
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crudctl.release.probe import Finding
from crudctl.release.record import PROMOTED
from crudctl.release.releaser import CannotRelease
from tests.release.rig import Rig
from tests.stack import ROOT

BEFORE = "402e62046272a55c022c409ba4bf60a15072b9ff"
OLD = Path(__file__).with_name("before_trash.zip")
ITEM = "/items/{id}"
OPERATIONS = {  # method, path and function
    "create": ("POST", "/items", "create_item"),
    "list": ("GET", "/items", "list_items"),
    "get": ("GET", ITEM, "get_item"),
    "replace": ("PUT", ITEM, "update_item"),
    "patch": ("PATCH", ITEM, "update_item"),
    "delete": ("DELETE", ITEM, "delete_item"),
    "restore": ("POST", f"{ITEM}/restore", "update_item"),
}
Call = Callable[..., tuple[int, dict[str, Any]]]


def calls(rig: Rig, versions: dict[str, str], owner: str, scope: str = "items/read items/write") -> Call:
    """Return what calls an operation of these versions, past the aliases, and returns status and body."""

    def call(
        operation: str, item: str = "", body: Any = None, key: str = "", **query: str
    ) -> tuple[int, dict[str, Any]]:
        method, path, function = OPERATIONS[operation]
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Content-Type": kind} | ({"Idempotency-Key": key} if key else {})
        claims = {"client_id": rig.outputs["user_pool_client_id"], "sub": owner, "scope": scope}
        event = {
            "resource": path,
            "path": path.replace("{id}", item),
            "httpMethod": method,
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "queryStringParameters": query or None,
            "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} or None,
            "pathParameters": {"id": item} if item else None,
            "requestContext": {
                "httpMethod": method,
                "resourcePath": path,
                "requestId": str(uuid.uuid4()),
                "authorizer": {"claims": claims},
            },
            "body": None if body is None else json.dumps(body),
            "isBase64Encoded": False,
        }
        name, version = rig.functions[function], versions[function]
        invoked = rig.client.invoke(FunctionName=name, Qualifier=version, Payload=json.dumps(event).encode())
        response = json.loads(invoked["Payload"].read())
        return response["statusCode"], json.loads(response["body"] or "{}")

    return call


def stored(rig: Rig, owner: str, item: str) -> dict[str, Any]:
    """Return the attributes of an item in the table; none if there is no such row."""
    key = {"id": {"S": f"{owner}#{item}"}}
    found: dict[str, Any] = rig.table.get_item(TableName=rig.outputs["table_name"], Key=key).get("Item", {})
    return found


def test_the_old_version_is_what_its_commit_has() -> None:
    if subprocess.run(["git", "cat-file", "-e", BEFORE], cwd=ROOT, capture_output=True, check=False).returncode:
        pytest.skip("this clone does not reach back so far")
    with zipfile.ZipFile(OLD) as package:
        files = {name: package.read(name) for name in package.namelist() if name != "functions/operations.py"}
    command = ["git", "archive", "--format=zip", BEFORE, "src/functions"]
    archived = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    with zipfile.ZipFile(io.BytesIO(archived)) as tree:
        known = {name[4:]: tree.read(name) for name in tree.namelist() if not name.endswith("/")}
    assert files == known


@pytest.mark.usefixtures("before")
def test_the_trash_comes_into_service_in_two_releases(rig: Rig) -> None:
    owner, content = f"trash-{uuid.uuid4()}", {"name": "Desk"}
    versions = {
        "ignorant": rig.publish_with({"TRASH_DAYS": None}, OLD.read_bytes()),
        "hiding": rig.publish_with({"TRASH_DAYS": ""}),
        "trashing": rig.publish_with({"TRASH_DAYS": "30"}),
    }
    ignorant, hiding, trashing = (calls(rig, of, owner) for of in versions.values())
    rig.put(rig.at(versions["ignorant"]))
    with pytest.raises(CannotRelease, match="does not know the trash"):
        rig.releaser().start([0.5], 0, versions["trashing"])
    assert rig.places() == rig.at(versions["ignorant"])

    # The first release: both versions delete for good, and each can go on with what the other made.
    ended = rig.releaser().start([0.5], 0, versions["hiding"])
    assert ended.state == PROMOTED, ended.why
    for make, delete in ((ignorant, hiding), (hiding, ignorant)):
        item = make("create", body=content, key="first")[1]["id"]
        assert delete("get", item)[1]["version"] == 1
        assert delete("delete", item) == (204, {})
        assert stored(rig, owner, item) == {}
        assert [version("get", item)[0] for version in (ignorant, hiding)] == [404, 404]
    assert hiding("list", deleted="true") == (200, {"items": [], "next_cursor": None})
    assert rig.round_trips(versions["ignorant"], versions["hiding"]) == {Finding()}
    rig.put(rig.at(versions["hiding"]))

    # The second: what one version puts into the trash, the other neither shows, lists nor overwrites; both can restore it.
    ended = rig.releaser().start([0.5], 0, versions["trashing"])
    assert ended.state == PROMOTED, ended.why
    item = hiding("create", body=content, key="second")[1]["id"]
    assert trashing("delete", item) == (204, {})
    trashed = stored(rig, owner, item)
    assert {"deleted_at", "expires_at"} <= trashed.keys()
    for version in (hiding, trashing):
        assert version("list") == (200, {"items": [], "next_cursor": None})
        assert version("get", item)[0] == 404
        assert version("replace", item, {"name": "Chair"})[0] == 404
        assert version("patch", item, {"name": "Chair"})[0] == 404
        assert version("delete", item)[0] == 404
        status, problem = version("create", body=content, key="second")
        assert (status, problem["type"]) == (409, "urn:items:problem:deleted")
        assert stored(rig, owner, item) == trashed
        assert version("restore", item)[0] == 200
        assert version("list")[1]["items"][0]["name"] == "Desk"
        assert trashing("delete", item) == (204, {})
        trashed = stored(rig, owner, item)

    assert rig.round_trips(versions["hiding"], versions["trashing"]) == {Finding()}
    assert rig.left_behind() == 0
    rig.put(rig.at(versions["trashing"]))

    # This is why no way leads back: the version before the first release shows it.
    assert ignorant("get", item)[0] == 200
    assert rig.releaser().go_to(versions["hiding"], "a test").state == PROMOTED
    with pytest.raises(CannotRelease, match="does not know the trash"):
        rig.releaser().go_to(versions["ignorant"], "a test")
    assert rig.places() == rig.at(versions["hiding"])
    assert hiding("delete", item, purge="true") == (204, {})
    assert "name" not in stored(rig, owner, item)
    rig.put(rig.at(rig.publish(None)))  # those that served before are too old to be kept


@pytest.mark.usefixtures("before")
def test_a_version_from_before_scopes_were_checked_stays_out_of_service(rig: Rig) -> None:
    """The gateway of this stack lets in any scope of the API."""
    owner, content = f"scopes-{uuid.uuid4()}", {"name": "Desk"}
    ignorant, checking = rig.publish_with({"GATEWAY_SCOPES": None}, OLD.read_bytes()), rig.publish(None)
    with pytest.raises(CannotRelease, match="does not check scopes, and the gateway lets in a token with any"):
        rig.releaser().go_to(ignorant, "a test")
    rig.put(rig.at(ignorant))
    with pytest.raises(CannotRelease, match="in service, does not check scopes"):
        rig.releaser().start([0.5], 0, checking)
    with pytest.raises(CannotRelease, match="in service, does not check scopes"):
        rig.releaser().go_to(checking, "a test")
    assert rig.places() == rig.at(ignorant)
    # This is why: a token that may only read writes.
    for versions, statuses in ((ignorant, [201, 200]), (checking, [403, 200])):
        call = calls(rig, versions, owner, "items/read")
        assert [call("create", body=content)[0], call("list")[0]] == statuses
    rig.put(rig.at(checking))
