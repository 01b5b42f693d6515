"""What a client sees, and what is stored, when AWS fails during each operation. Shared by the quick form and the long one.

Each case has an owner, a store and proxies of its own, so that cases can run at once. Handlers, client and table are real.
"""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

import boto3
import httpx

from functions.aws import credentials
from functions.aws.credentials import Credentials
from functions.aws.dynamodb import Client
from functions.aws.sigv4 import Clock
from functions.aws.sts import OwnerRole
from functions.aws.transport import Host
from functions.store import Store
from tests.api.in_process import TIMEOUT, InProcess
from tests.api.test_items import MERGE
from tests.servers.faulty import KINDS, REFUSES, Faulty
from tests.servers.hostile import HostileServer, hang

if TYPE_CHECKING:
    from functions.aws.credentials import Source

HOUR = 3600


@dataclass(frozen=True)
class Operation:
    """One request about the only item of its owner, if it needs one.

    Attributes:
        after: what was done to the item before: create, delete.
        success: the status on a good day.
        applied: what the operation does to the stored state, [(version, whether it is in the trash)].
    """

    name: str
    method: str
    path: str
    success: int
    after: tuple[str, ...] = ("create",)
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = None
    applied: tuple[tuple[int, bool], ...] | None = None


OPERATIONS = {
    one.name: one
    for one in (
        Operation("list", "GET", "items", 200),
        Operation("get", "GET", "items/{id}", 200),
        Operation("create", "POST", "items", 201, (), {"name": "Lamp"}, applied=((1, False),)),
        Operation("replace", "PUT", "items/{id}", 200, body={"name": "Lamp"}, applied=((2, False),)),
        Operation(
            "patch", "PATCH", "items/{id}", 200, body={"attributes": {"a": "b"}}, headers=MERGE, applied=((2, False),)
        ),
        Operation("delete", "DELETE", "items/{id}", 204, applied=((1, True),)),
        Operation("restore", "POST", "items/{id}/restore", 200, ("create", "delete"), applied=((2, False),)),
        Operation("purge", "DELETE", "items/{id}?purge=true", 204, applied=()),
    )
}


@dataclass(frozen=True)
class Fault:
    """What fails, and how.

    Attributes:
        label: as the table of docs/reliability.md has it.
        table, sts: what the proxies before DynamoDB and STS do, and for how many requests of each action.
        slow: seconds by which the function's clock is slow, from the beginning.
        later: seconds between a first request that succeeds and the one that meets the fault; None for no first request.
        expires: whether AWS refuses the first request's session by then.
        frozen: whether the first request's connections are dead by then.
        endpoint: whether the function's own credentials come from SnapStart's endpoint, which hangs.
        helpless: whether nothing but the end of the fault can help.
    """

    label: str
    table: tuple[str, float] = ("", 0)
    sts: tuple[str, float] = ("", 0)
    slow: float = 0
    later: float | None = None
    expires: bool = False
    frozen: bool = False
    endpoint: bool = False
    helpless: bool = False


FAULTS = [
    *(Fault(f"DynamoDB {kind}, once", table=(kind, 1)) for kind in KINDS),
    *(Fault(f"DynamoDB {kind}, every time", table=(kind, inf), helpless=True) for kind in KINDS),
    Fault(f"DynamoDB {REFUSES}", table=(REFUSES, inf), helpless=True),
    *(Fault(f"STS {kind}, once", sts=(kind, 1)) for kind in KINDS),
    *(Fault(f"STS {kind}, every time", sts=(kind, inf), helpless=True) for kind in KINDS),
    Fault(f"STS {REFUSES}", sts=(REFUSES, inf), helpless=True),
    Fault("STS hangs, while the session is still valid", sts=("hangs", inf), later=HOUR - 200),
    Fault("the session expires before its time", later=1, expires=True),
    Fault("SnapStart's endpoint for credentials hangs", endpoint=True, helpless=True),
    Fault("the function's clock is an hour slow", slow=HOUR),
    Fault("the function's clock is an hour fast", slow=-HOUR),
    Fault("the function was frozen for an hour", later=HOUR, expires=True, frozen=True),
]


@dataclass(frozen=True)
class Outcome:
    """What became of one request that met a fault.

    Attributes:
        status, problem: of the response; the problem's type without its prefix, empty on success.
        retry_after: whether the response has that header.
        seconds: until the response.
        stored: `as before`, `applied once`, or what is stored otherwise.
        repeated: status of the same request with the same key once the fault is over.
        stored_then: as `stored`, after the repeat.
    """

    status: int
    problem: str
    retry_after: bool
    seconds: float
    stored: str
    repeated: int
    stored_then: str


class Bench:
    """Runs cases in-process against the emulator. Its methods may be called from several threads.

    Args:
        environ: the functions' environment.
        hopeless: seconds after which Lambda would end a function that meets a fault without end.
    """

    def __init__(self, environ: dict[str, str], hopeless: float = TIMEOUT) -> None:
        self._environ = environ
        self._hopeless = hopeless
        self._transport = InProcess(environ)
        self._client = httpx.Client(base_url="http://in-process/", transport=self._transport)
        self._role = _role(environ)

    def meet(self, fault: Fault, operation: Operation) -> Outcome:
        """Let one request meet a fault. Return what became of it."""
        owner = str(uuid.uuid4())
        healthy = self._store(self._own())
        self._transport.use(healthy)
        path = operation.path
        for step in operation.after:
            if step == "create":
                item = self._send(owner, "POST", "items", json={"name": "Desk"}).json()
                path = path.format(id=item["id"])
            else:
                self._send(owner, "DELETE", f"items/{item['id']}")
        before = self._state(owner)
        key = {"Idempotency-Key": str(uuid.uuid4())} if operation.applied is not None else {}
        request: dict[str, Any] = {"json": operation.body, "headers": {**key, **(operation.headers or {})}}
        with self._faulty(fault, owner) as store:
            self._transport.use(store)
            started = time.monotonic()
            timeout = {"function": self._hopeless if fault.helpless else TIMEOUT}
            response = self._send(owner, operation.method, path, **request, extensions=timeout)
            seconds = time.monotonic() - started
        self._transport.use(healthy)
        applied = before if operation.applied is None else operation.applied
        stored = _compared(self._state(owner), before, applied)
        repeated = self._send(owner, operation.method, path, **request).status_code
        return Outcome(
            response.status_code,
            json.loads(response.text)["type"].rpartition(":")[2] if response.status_code >= 400 else "",
            "retry-after" in response.headers,
            seconds,
            stored,
            repeated,
            _compared(self._state(owner), before, applied),
        )

    @contextlib.contextmanager
    def _faulty(self, fault: Fault, owner: str) -> Iterator[Store]:
        """Yield a store that meets the fault, after a first request that did not if the fault is to come later."""
        url, shift = self._environ["AWS_ENDPOINT_URL"], [-fault.slow]

        def clock() -> float:
            return time.time() + shift[0]

        with Faulty(url) as table, Faulty(url) as sts, HostileServer(*[hang] * 20) as silent:
            own = self._own()
            if fault.endpoint:
                own = credentials.from_environment(
                    {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{silent.url}/credentials"}, clock
                )
            role = OwnerRole(self._role, self._environ["AWS_REGION"], url, own, clock=clock)
            client = Client(url, self._environ["AWS_REGION"], own, clock=clock)
            # The emulator's time does not move: signatures are as slow as the fault says, but not later.
            role._aws_clock, client._clock = (Clock(lambda: time.time() - fault.slow) for _ in "ab")
            _reach(role, sts)
            _reach(client, table)
            store = Store(
                lambda owner, action, payload, remaining: client.call(
                    action, payload, remaining, lambda left: role.credentials(owner, left)
                ),
                self._environ["TABLE_NAME"],
                self._environ["INDEX_NAME"],
            )
            if fault.later is not None:
                self._transport.use(store)
                self._send(owner, "GET", "items")
                shift[0] += fault.later
                for proxy in (table, sts):
                    if fault.frozen:
                        proxy.freeze()
                if fault.expires:
                    table.expire()
            (table.kind, table.times), (sts.kind, sts.times) = fault.table, fault.sts
            yield store

    def _own(self) -> Source:
        keys = Credentials(self._environ["AWS_ACCESS_KEY_ID"], self._environ["AWS_SECRET_ACCESS_KEY"])
        return lambda remaining: keys

    def _store(self, source: Source) -> Store:
        client = Client(self._environ["AWS_ENDPOINT_URL"], self._environ["AWS_REGION"], source)
        return Store(
            lambda owner, action, payload, remaining: client.call(action, payload, remaining),
            self._environ["TABLE_NAME"],
            self._environ["INDEX_NAME"],
        )

    def _send(self, owner: str, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {owner}", **(options.pop("headers", None) or {})}
        return self._client.request(method, path, headers=headers, **options)

    def _state(self, owner: str) -> tuple[tuple[int, bool], ...]:
        """Return version and whether it is in the trash, of each item of an owner."""
        return tuple(
            (item["version"], deleted)
            for deleted in (False, True)
            for item in self._send(owner, "GET", f"items?deleted={str(deleted).lower()}").json()["items"]
        )


def _compared(state: tuple[tuple[int, bool], ...], before: tuple[tuple[int, bool], ...], applied: Any) -> str:
    if state == before:
        return "as before"
    return "applied once" if state == applied else f"wrong: {state}"


def _reach(caller: Client | OwnerRole, proxy: Faulty) -> None:
    """Let a client reach its host, whose name it goes on signing, by way of a proxy."""
    caller._connection._host = Host("127.0.0.1", proxy.port, tls=False)


def _role(environ: dict[str, str]) -> str:
    """Return the ARN of a role that may use the table, and that the account may assume."""
    iam = boto3.client(
        "iam",
        region_name=environ["AWS_REGION"],
        endpoint_url=environ["AWS_ENDPOINT_URL"],
        aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
    )
    name = f"data-{uuid.uuid4().hex[:8]}"
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    access = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))
    iam.put_role_policy(RoleName=name, PolicyName="data", PolicyDocument=_policy(access))
    arn: str = role["Role"]["Arn"]
    return arn


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def check(fault: Fault, operation: Operation, outcome: Outcome) -> None:
    """Assert what is promised: a right response or a problem that says what to do, and a write that is applied at most once."""
    case = f"{fault.label}, {operation.name}: {outcome}"
    if not fault.helpless:
        assert outcome.status == operation.success, case
    elif REFUSES in fault.label:
        assert (outcome.status, outcome.problem, outcome.retry_after) == (500, "internal-error", False), case
    else:
        assert (outcome.status, outcome.problem, outcome.retry_after) == (503, "unavailable", True), case
    applied = "as before" if operation.applied is None else "applied once"
    assert outcome.stored in ("as before", applied), case
    assert outcome.stored == applied or fault.helpless, case
    assert (outcome.repeated, outcome.stored_then) == (operation.success, applied), case


def logged(text: str) -> list[dict[str, Any]]:
    """Return the log lines of requests that failed."""
    lines = [json.loads(line) for line in text.splitlines()]
    return [line for line in lines if line["status"] >= 500]
