"""What survives a kill, a stop and a restart of the emulator."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from ministack import app as ministack_app
from ministack.core.responses import request_scope
from ministack.services import dynamodb, sts

from emulator import process
from emulator.settings import environment
from emulator.state import chunks, persistence
from emulator.state.store import Row, StateStore

from . import test_xray
from .conftest import free_port, start_ministack
from .stack import LOGS, REGION, Stack, eventually, policy, unique

SAVED_WITHIN = persistence.INTERVAL + 5  # the file is locked, so nothing else tells; saving may wait for a busy machine


class Restartable:
    """An emulator that a test may kill and start again on the same state."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.port, self.pid = directory, free_port(), 0

    def start(self) -> Stack:
        self.pid = process.start(self.port, self.directory / "state", self.directory / "log", REGION)
        process.wait_ready(self.port, pid=self.pid)
        return Stack(self.port, folder=self.directory / "state")

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        while process.is_emulator(self.pid):
            time.sleep(0.01)


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Restartable]:
    restartable = Restartable(tmp_path)
    yield restartable
    process.stop(restartable.pid)


def thing_table(stack: Stack) -> Any:
    client = stack.client("dynamodb")
    client.create_table(
        TableName="Things",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def put(client: Any, key: str, value: str = "") -> None:
    client.put_item(TableName="Things", Item={"id": {"S": key}, "value": {"S": value}})


def things(stack: Stack) -> dict[str, str]:
    items = stack.client("dynamodb").scan(TableName="Things")["Items"]
    return {item["id"]["S"]: item["value"]["S"] for item in items}


@pytest.mark.adds(persistence.SAVED_WHILE_RUNNING)
def test_no_write_that_was_responded_to_is_lost_by_a_kill(emulator: Restartable) -> None:
    table = thing_table(emulator.start())
    time.sleep(SAVED_WITHIN)  # the table itself
    for key in ("kept", "changed", "deleted", "changed-alone"):
        put(table, key, "first")
    put(table, "changed", "second")
    alone = {"id": {"S": "changed-alone"}}
    value = {":value": {"S": "second"}}
    update = {"UpdateExpression": "SET #value = :value", "ExpressionAttributeNames": {"#value": "value"}}
    table.update_item(TableName="Things", Key=alone, ExpressionAttributeValues=value, **update)
    table.delete_item(TableName="Things", Key={"id": {"S": "deleted"}})
    together = [{"PutRequest": {"Item": {"id": {"S": name}, "value": {"S": "batch"}}}} for name in ("b1", "b2")]
    table.batch_write_item(RequestItems={"Things": together})
    both = [{"id": {"S": name}, "value": {"S": "transaction"}} for name in ("t1", "t2")]
    table.transact_write_items(TransactItems=[{"Put": {"TableName": "Things", "Item": item}} for item in both])
    emulator.kill()

    stack = emulator.start()
    changed = {"kept": "first", "changed": "second", "changed-alone": "second"}
    assert things(stack) == changed | {"b1": "batch", "b2": "batch", "t1": "transaction", "t2": "transaction"}
    assert stack.client("dynamodb").describe_table(TableName="Things")["Table"]["ItemCount"] == 7


@pytest.mark.lacks(persistence.SAVED_WHILE_RUNNING)
def test_ministack_loses_everything_when_killed(tmp_path: Path) -> None:
    port = free_port()
    server = start_ministack(port, tmp_path)
    process.wait_ready(port)
    thing_table(Stack(port))
    time.sleep(persistence.INTERVAL)
    server.kill()
    server.wait()
    server = start_ministack(port, tmp_path)
    process.wait_ready(port)
    assert Stack(port).client("dynamodb").list_tables()["TableNames"] == []
    server.kill()
    server.wait()


def test_stop_saves_everything_that_was_responded_to(emulator: Restartable) -> None:
    """Whether the stop comes before, during or after the saving that takes place every two seconds."""
    stack, expected = emulator.start(), dict[str, str]()
    thing_table(stack)
    for attempt in range(3):
        client, until = stack.client("dynamodb"), time.monotonic() + persistence.INTERVAL * (1 + attempt / 10)
        while time.monotonic() < until:
            key = str(len(expected))
            put(client, key)
            expected[key] = ""
        process.stop(emulator.pid)
        stack = emulator.start()
        assert things(stack) == expected


@pytest.mark.parametrize("pauses", [1, 5, 20])
def test_changes_that_were_collected_before_a_cancelled_write_are_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pauses: int
) -> None:
    monkeypatch.setattr(persistence, "INTERVAL", 0)
    monkeypatch.setattr(persistence, "LONGEST_SLICE", 0)
    monkeypatch.setattr(ministack_app, "_state_map", {"dynamodb": "dynamodb"})

    async def cancelled() -> None:
        saving = persistence.Persistence(StateStore(tmp_path / "state"))
        saving.mark("dynamodb")
        running = asyncio.create_task(saving.run())
        for _ in range(pauses):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        saving.save()

    item = {"id": {"S": "1"}}
    with request_scope(process.ACCOUNT, REGION):
        dynamodb.reset()
        dynamodb._tables["Things"] = {"items": {str(key): {"": item} for key in range(1000)}}
        asyncio.run(cancelled())
        dynamodb.reset()
        saved = persistence.Persistence(StateStore(tmp_path / "state")).load("dynamodb")
        assert len(saved["tables"]["Things"]["items"]) == 1000


def test_failed_write_is_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persistence, "INTERVAL", 0.01)
    store = Failing(tmp_path / "state", failures=2)

    async def saved() -> None:
        saving = persistence.Persistence(store)
        saving.mark("dynamodb")
        running = asyncio.create_task(saving.run())
        while not store.read("dynamodb"):
            await asyncio.sleep(0.01)
        running.cancel()

    asyncio.run(asyncio.wait_for(saved(), 60))
    assert store.failures == 0


def test_a_write_that_cannot_be_saved_is_not_responded_to_and_is_saved_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ministack_app, "_state_map", {"dynamodb": "dynamodb"})
    saving = persistence.Persistence(Failing(tmp_path / "state", failures=1))
    arn = f"arn:aws:dynamodb:{REGION}:{process.ACCOUNT}:table/Things"
    with request_scope(process.ACCOUNT, REGION):
        dynamodb.reset()
        dynamodb._tables["Things"] = table = {"TableArn": arn, "items": {}, "GlobalSecondaryIndexes": []}
        saving.set_item(dynamodb._set_item, table, "1", "", {"id": {"S": "1"}})
        with pytest.raises(persistence.NotSaved, match="No space left"):
            saving.commit_items()
        saving.save()
        dynamodb.reset()
        saved = persistence.Persistence(StateStore(tmp_path / "state")).load("dynamodb")
        assert list(saved["tables"]["Things"]["items"]) == ["1"]


def test_a_stop_that_cannot_save_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ministack_app, "_state_map", {"dynamodb": "dynamodb"})
    saving = persistence.Persistence(Failing(tmp_path / "state", failures=1))
    with pytest.raises(persistence.NotSaved, match="could not be saved"):
        saving.save()


def test_a_service_that_cannot_be_saved_takes_no_other_one_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ministack_app, "_state_map", {"dynamodb": "dynamodb", "sts": "sts"})
    monkeypatch.setattr(dynamodb, "_exports", {"one": object()})
    monkeypatch.setitem(sts._sessions, "key", {"Expiration": "2099-01-01T00:00:00Z"})
    monkeypatch.setattr(sts, "get_state", persistence.sessions)
    saving = persistence.Persistence(StateStore(tmp_path / "state"))
    with request_scope(process.ACCOUNT, REGION), pytest.raises(persistence.NotSaved, match="changes of dynamodb"):
        saving.save()
    assert b"2099" in StateStore(tmp_path / "state").read("sts")[chunks.WHOLE]


def test_a_full_disk_stops_no_later_write(tmp_path: Path) -> None:
    store = StateStore(tmp_path / "state")
    store.write([("service", "small", b"1")])
    (pages,) = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    rows: list[Row] = [("service", "small", None), ("service", "large", b"x" * 100_000)]
    with pytest.raises(sqlite3.OperationalError, match="full"):
        store.write(rows)
    assert store.read("service") == {"small": b"1"}
    store._db.execute("PRAGMA max_page_count = 1000")
    store.write(rows)
    assert list(store.read("service")) == ["large"]


class Failing(StateStore):
    """A store on a disk that is full a few times."""

    def __init__(self, path: Path, failures: int) -> None:
        super().__init__(path)
        self.failures = failures

    def write(self, rows: Iterable[Row]) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("No space left on device")
        super().write(rows)


SLOW = "import time\ndef handler(event, context):\n    time.sleep(60)"
HALF_A_REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf"


def test_stop_does_not_wait_for_functions_and_clients(emulator: Restartable) -> None:
    stack = emulator.start()
    put(thing_table(stack), "kept", "value")
    name = stack.function(SLOW)
    stack.client("lambda").invoke(FunctionName=name, InvocationType="Event")
    worker = eventually(lambda: children(emulator.pid))
    with socket.create_connection(("127.0.0.1", emulator.port)) as client:
        client.sendall(HALF_A_REQUEST)
        started = time.monotonic()
        process.stop(emulator.pid)
    assert time.monotonic() - started < 45  # and not the minute that the function takes
    assert not any(Path(f"/proc/{pid}").exists() for pid in worker)
    assert things(emulator.start()) == {"kept": "value"}


def children(pid: int) -> list[str]:
    """The processes that an emulator has started."""
    listing = subprocess.run(["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return [child for child, parent in map(str.split, listing.splitlines()) if parent == str(pid)]


def test_item_deleted_after_a_restart_does_not_come_back(emulator: Restartable) -> None:
    put(thing_table(emulator.start()), "deleted")
    process.stop(emulator.pid)
    stack = emulator.start()
    stack.client("dynamodb").delete_item(TableName="Things", Key={"id": {"S": "deleted"}})
    process.stop(emulator.pid)
    assert things(emulator.start()) == {}


def test_the_whole_stack_works_after_a_kill(emulator: Restartable) -> None:
    stack = emulator.start()
    source = (
        "import boto3\n"
        "def handler(event, context):\n"
        "    print('line')\n"
        "    items = boto3.client('dynamodb').scan(TableName='Things')['Count']\n"
        "    return {'statusCode': 200, 'body': str(items)}"
    )
    put(thing_table(stack), "a")
    scan = {"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": "*"}
    function = stack.function(source, Role=stack.role([scan, LOGS]))
    stack.permit(function)
    cognito = stack.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=pool, Username="user")
    cognito.admin_set_user_password(UserPoolId=pool, Username="user", Password="Correct-horse-1", Permanent=True)
    tokens = cognito.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "user", "PASSWORD": "Correct-horse-1"},
    )["AuthenticationResult"]
    arn = f"arn:aws:cognito-idp:{REGION}:{stack.account}:userpool/{pool}"
    api = stack.api(
        method={"authorizationType": "COGNITO_USER_POOLS"},
        integration=stack.integration(function),
        authorizer={"name": "u", "type": "COGNITO_USER_POOLS", "providerARNs": [arn]},
    )
    bucket = stack.client("s3")
    bucket.create_bucket(Bucket="artefacts", CreateBucketConfiguration={"LocationConstraint": REGION})
    bucket.put_object(Bucket="artefacts", Key="key", Body=b"bytes")
    stack.client("cloudwatch").put_metric_data(Namespace="items", MetricData=[{"MetricName": "faults", "Value": 1}])
    stack.client("xray").create_sampling_rule(SamplingRule=test_xray.rule("kept"))
    signed_in = {"Authorization": tokens["IdToken"]}
    assert api.post(headers=signed_in).text == "1"
    time.sleep(SAVED_WITHIN)
    emulator.kill()

    stack = emulator.start()
    assert api.post(headers=signed_in).text == "1"
    logged = stack.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{function}")
    assert [event["message"] for event in logged["events"]].count("line") == 2
    assert stack.client("s3").get_object(Bucket="artefacts", Key="key")["Body"].read() == b"bytes"
    assert stack.client("cloudwatch").list_metrics(Namespace="items")["Metrics"]
    assert "kept" in test_xray.listed(stack)
    cognito = stack.client("cognito-idp")
    assert cognito.get_user(AccessToken=tokens["AccessToken"])["Username"] == "user"


def session_after_restart(stack: Stack, restart: Any) -> str:
    trust = {"Effect": "Allow", "Principal": {"AWS": stack.account}, "Action": "sts:AssumeRole"}
    role = stack.role([{"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}], trust)
    user, iam = unique("user"), stack.client("iam")
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    allowed = [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]
    iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=policy(allowed))
    sts = stack.client_of("sts", key["AccessKeyId"], key["SecretAccessKey"])
    session = sts.assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    stack = restart()
    client = stack.client_of("iam", session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
    try:
        client.list_users()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "valid"


@pytest.mark.adds(persistence.SESSIONS_SAVED)
def test_temporary_credentials_survive_a_restart(emulator: Restartable) -> None:
    def restart() -> Stack:
        process.stop(emulator.pid)
        return emulator.start()

    assert session_after_restart(emulator.start(), restart) == "valid"


@pytest.mark.lacks(persistence.SESSIONS_SAVED)
def test_ministack_loses_temporary_credentials(tmp_path: Path) -> None:
    port = free_port()
    servers = [start_ministack(port, tmp_path)]
    process.wait_ready(port)

    def restart() -> Stack:
        servers[0].terminate()
        servers[0].wait(120)
        servers.append(start_ministack(port, tmp_path))
        process.wait_ready(port)
        return Stack(port)

    assert session_after_restart(Stack(port), restart) != "valid"
    servers[-1].kill()
    servers[-1].wait()


def test_two_emulators_cannot_share_a_state(emulator: Restartable) -> None:
    emulator.start()
    port = free_port()
    other = process.start(port, emulator.directory / "state", emulator.directory / "other.log", REGION)
    with pytest.raises(process.EmulatorUnavailable, match="ended"):
        process.wait_ready(port, pid=other)
    assert "database is locked" in (emulator.directory / "other.log").read_text()


def test_unsigned_administration_is_refused(ours: Stack) -> None:
    for path in ("reset", "config"):
        response = httpx.post(f"{process.endpoint_url(ours.port)}/_ministack/{path}", json={}, timeout=60)
        assert response.status_code == 403


def test_every_store_of_a_service_is_part_of_its_saved_state(tmp_path: Path) -> None:
    """Services that are saved in chunks list their stores: all of MiniStack's, and those that an addition creates."""
    script = (
        "from importlib import import_module\n"
        "from emulator.logs import query_definitions\n"
        "from emulator.state.chunks import CHUNKED\n"
        "query_definitions.install()\n"
        "added = {'cloudwatch_logs': {'query_definitions'}}\n"
        "for service, chunks in CHUNKED.items():\n"
        "    module = import_module(f'ministack.services.{service}')\n"
        "    ours, theirs = set(chunks(module).state()), set(module.get_state())\n"
        "    assert ours == theirs | added.get(service, set()), (service, ours ^ theirs)\n"
    )
    assert set(chunks.CHUNKED) == {"dynamodb", "cloudwatch_logs", "cloudwatch"}
    subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        env={**environment(0, tmp_path, REGION, "test"), "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_credentials_without_end_end_with_the_emulator() -> None:
    """Those of functions, which an older version made of their names."""
    ended, valid = {"SecretAccessKey": "x"}, {"SecretAccessKey": "x", "Expiration": time.time() + 60}
    persistence.load_sessions({"sessions": {"ASIAFUNCTION": ended, "ASIAROLE": valid}})
    assert sts._sessions.pop("ASIAROLE") == valid
    assert "ASIAFUNCTION" not in sts._sessions
