"""Who may do what with whose resources: every operation of the resource, tried by everybody, one matrix of what happens.

The rows follow from the contract's operations. The functions' own checks can be cut out of them (`without_checks`), so that only
IAM is left between owners.
"""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from crudctl.build import package
from crudctl.local import demo_versions
from functions import contract
from tests.stack import Stack

BODIES = {"create": "application/json", "replace": "application/json", "patch": "application/merge-patch+json"}
AS_OWNER = "X-As-Owner"  # read by functions without checks only
# What is cut: whose resources a request is about follows from a header, and a session's tag still from the token.
CHECKS = {
    "request.py": (
        'self.owner = "shared" if shared else self.caller\n',
        f'self.owner = headers.get("{AS_OWNER.lower()}", [self.caller])[-1]\n',
    ),
    "store.py": ("self._call(request.owner, action,", "self._call(request.caller, action,"),
}


class Attempt(NamedTuple):
    """One row: an operation, what the resource is before it, and the query."""

    name: str
    kind: str
    state: str = "live"
    query: Mapping[str, str] = {}

    def on(self, resource: str) -> tuple[str, str]:
        """Return method and path of a request about a resource."""
        declared = next(one for one in contract.OPERATIONS.values() if one["kind"] == self.kind)
        return declared["method"], declared["path"].lstrip("/").replace("{id}", resource)


LIST, RESTORE = Attempt("list", "list"), Attempt("restore", "restore", "trashed")
ATTEMPTS = [
    Attempt("create, with a key of the owner's", "create"),
    LIST,
    Attempt("list the trash", "list", "trashed", {"deleted": "true"}),
    *(Attempt(kind, kind) for kind in ("get", "replace", "patch", "delete")),
    Attempt("purge", "delete", "live", {"purge": "true"}),
    Attempt("purge from the trash", "delete", "trashed", {"purge": "true"}),
    RESTORE,
]

FOR_OWNER = {
    "create": "201, the same one", "list": "200, with it", "get": "200", "replace": "200", "patch": "200", "delete": "204",
    "restore": "200",
}  # fmt: skip
FOR_OTHERS = dict.fromkeys(FOR_OWNER, "404") | {"create": "201, another one", "list": "200, without it"}


class Owned:
    """Resources of one owner, and the table to see what became of them.

    Args:
        stack: that serves the API.
        client: signed in as the owner.
    """

    def __init__(self, stack: Stack, client: httpx.Client) -> None:
        self.client, self.subject = client, subject(client)
        self._table, self._name = stack.aws("dynamodb"), stack.outputs["table_name"]
        self._secret, self._made = f"secret-{uuid.uuid4()}", list[str]()

    def outcome(self, attempt: Attempt, caller: httpx.Client, **headers: str) -> str:
        """Return the status of an attempt on a new resource, and in words what the caller learns or changes beyond that.

        Of a status that is no success, nothing but the status is right.
        """
        key = str(uuid.uuid4())
        content = {"name": self._secret}
        created = self.client.post("items", json=content, headers={"Idempotency-Key": key})
        assert created.status_code == 201, created.text
        resource = created.json()["id"]
        self._made.append(resource)
        if attempt.state == "trashed":
            assert self.client.delete(f"items/{resource}").status_code == 204
        before = self.stored(resource)
        method, path = attempt.on(resource)
        if attempt.kind in BODIES:
            body = content if attempt.kind == "create" else {"name": "Changed"}
            headers |= {"Content-Type": BODIES[attempt.kind]} | (
                {"Idempotency-Key": key} if attempt.kind == "create" else {}
            )
            response = caller.request(method, path, content=json.dumps(body), headers=headers)
        else:
            query = {**attempt.query, **({"order": "desc"} if attempt.kind == "list" else {})}
            response = caller.request(method, path, params=query, headers=headers)
        seen = resource in response.text or self._secret in response.text.replace(json.dumps(content), "")
        return self._in_words(attempt, response, seen=seen, changed=self.stored(resource) != before)

    def _in_words(self, attempt: Attempt, response: httpx.Response, *, seen: bool, changed: bool) -> str:
        status = str(response.status_code)
        if response.status_code == 201:
            same = response.json()["id"] == self._made[-1]
            if not same:
                self._elsewhere(response)
            return f"{status}, {'the same one' if same else 'another one'}{', changed' if changed else ''}"
        if attempt.kind == "list" and response.is_success:
            return f"{status}, {'with it' if seen else 'without it'}{', changed' if changed else ''}"
        writes = attempt.kind not in ("list", "get")
        if response.is_success and changed == writes:
            return status
        return status + (", seen" if seen else "") + (", changed" if changed else "")

    def _elsewhere(self, response: httpx.Response) -> None:
        """Purge what an attempt to create has made for its caller."""
        sent = response.request.headers
        headers = {name: sent[name] for name in ("authorization", AS_OWNER) if name in sent}
        purged = httpx.delete(
            response.request.url.join(response.headers["location"]),
            params={"purge": "true"},
            headers=headers,
            timeout=60,
        )
        assert purged.status_code == 204, purged.text

    def stored(self, resource: str) -> dict[str, Any]:
        """Return the entry of a resource as the table has it."""
        key = {"id": {"S": f"{self.subject}#{resource}"}}
        entry: dict[str, Any] = self._table.get_item(TableName=self._name, Key=key, ConsistentRead=True).get("Item", {})
        return entry

    def entries(self) -> int:
        """Return how many entries of the table have the owner's key."""
        pages = self._table.get_paginator("scan").paginate(TableName=self._name, ConsistentRead=True)
        return sum(item["id"]["S"].startswith(f"{self.subject}#") for page in pages for item in page["Items"])

    def purge(self) -> None:
        """Purge what was made."""
        for resource in self._made:
            assert self.client.delete(f"items/{resource}", params={"purge": "true"}).status_code in (204, 404)


def subject(client: httpx.Client) -> str:
    """Return the `sub` of the token that a client sends."""
    claims = client.headers["authorization"].split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(claims + "=="))["sub"])


def without_checks(root: Path) -> bytes:
    """Return the zip of the functions of a project in which a request's header says whose resources it is about."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("contract", "src/functions"):
            shutil.copytree(root / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name, (check, cut) in CHECKS.items():
            module = copy / "src" / "functions" / name
            source = module.read_text(encoding="utf-8")
            assert source.count(check) == 1, f"{name} has no longer `{check}`: cut its check where it is now"
            module.write_text(source.replace(check, cut), encoding="utf-8")
        return package.build(copy).zip.read_bytes()


@contextmanager
def versions(stack: Stack, code: bytes | None = None, **variables: str) -> Iterator[None]:
    """Let all functions run with other code or variables, as versions of their own, and as before in the end."""
    client, functions = stack.aws("lambda"), stack.outputs["functions"]
    own = (stack.home / "build" / "functions.zip").read_bytes()
    usual = {name: client.get_function_configuration(FunctionName=name) for name in functions.values()}
    before = {name: client.get_alias(FunctionName=name, Name="prod")["FunctionVersion"] for name in functions.values()}

    def configure(changes: dict[str, str]) -> None:
        for name, configuration in usual.items():
            changed = {"Variables": configuration["Environment"]["Variables"] | changes}
            client.update_function_configuration(FunctionName=name, Environment=changed)

    def serve(numbers: dict[str, str]) -> None:
        for name, number in numbers.items():
            client.update_alias(FunctionName=name, Name="prod", FunctionVersion=number)

    try:
        configure(variables)
        published = demo_versions.publish(client, functions, code or own)
        serve({functions[operation]: number for operation, number in published.items()})
        yield
    finally:
        serve(before)
        configure({})
        if code:
            for name in functions.values():
                client.update_function_code(FunctionName=name, ZipFile=own)
