"""An operation is added, rolled back and removed while users send requests: no failure, and nothing that the contract lacks."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import pytest

from crudctl.release.aliases import PROD
from crudctl.release.record import PROMOTED, ROLLED_BACK
from tests import contracts
from tests.deploy import snapshot
from tests.deploy.account import Account
from tests.release.rig import Rig
from tests.release.test_another_operation import apply
from tests.snapshot import cloned

PAUSE = 0.05  # seconds between two requests of the caller
USUAL = {200, 201, 204}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A stack of its own."""
    with cloned(tmp_path_factory.mktemp("gateway") / "items") as stack:
        stack.crudctl("up")
        yield Rig(stack)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """The account after its first deploy."""
    with snapshot.deployed(tmp_path_factory.mktemp("deployed")) as account:
        yield account


class Caller:
    """Calls the operation `archive_item` again and again; a context manager."""

    def __init__(self, api: httpx.Client) -> None:
        self._api, self._stop = api, threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.seen: Counter[tuple[int, str]] = Counter()
        self.all: Counter[tuple[int, str]] = Counter()

    def __enter__(self) -> Caller:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._stop.set()
        self._thread.join(120)

    def statuses(self) -> set[int]:
        """Return the statuses of the next ten responses, the first of which may have been on its way."""
        self.seen.clear()
        while sum(self.seen.values()) < 11:
            time.sleep(PAUSE)
        return {status for status, _ in self.seen}

    def _run(self) -> None:
        created = self._api.post("items", json={"name": "Desk"}).json()["id"]
        while not self._stop.wait(PAUSE):
            response = self._api.post(f"items/{created}/archive")
            for counted in (self.seen, self.all):
                counted[response.status_code, response.headers.get("Content-Type", "")] += 1


def test_users_meet_no_failure_while_an_operation_comes_goes_back_and_is_removed(rig: Rig) -> None:
    home, stack = rig.stack.home, rig.stack
    with rig.load(20) as load, rig.stack.api() as api, Caller(api) as caller:
        assert caller.statuses() == {404}
        apply(home)
        stack.crudctl("up", "--hold")
        assert Rig(stack).releaser().start([0.5], 0).state == PROMOTED
        assert caller.statuses() == {200}
        assert rig.release("rollback")[0] == 0
        assert caller.statuses() == {404}
        number = rig.records.past()[1].number
        assert rig.release("rollback", "--to", str(number))[0] == 0
        assert caller.statuses() == {200}

        contracts.put(home)
        stack.crudctl("up", "--hold")
        assert caller.statuses() == {200}
        assert Rig(stack).releaser().start([0.5], 0).state == PROMOTED
        stack.crudctl("up")
        assert caller.statuses() == {404}
        assert rig.release("rollback")[0] == 0
        assert caller.statuses() == {200}
        assert load.failed == 0
        assert set(load.responses) <= USUAL
    assert set(caller.all) <= {(200, "application/json"), (404, "application/problem+json")}


def test_a_release_that_is_rolled_back_by_itself_takes_the_gateway_with_it(rig: Rig) -> None:
    contracts.put(rig.stack.home)
    publish_and_serve(rig)
    stage = rig.cloud.stage()
    assert stage is not None
    before = stage.deployment
    apply(rig.stack.home)
    rig.stack.crudctl("up", "--hold")
    assert stage.deployment != before
    now = Rig(rig.stack)
    ended = now.releaser().start([0.5], 0, now.publish("5xx", "get_item"))
    assert ended.state == ROLLED_BACK
    assert ended.deployments["old"] == before != ended.deployments["new"]
    assert stage.deployment == before


def publish_and_serve(rig: Rig) -> None:
    """Put the project as it is in service: `up` alone brings back no versions that a release knows already."""
    rig.stack.crudctl("up", "--hold")
    now = Rig(rig.stack)
    assert now.releaser().start([0.5], 0, now.publish(None)).state == PROMOTED
    rig.stack.crudctl("up")


def test_a_deploy_says_what_goes_out_when_and_narrows_once_the_release_is_in_service(deployed: Account) -> None:
    gateway, functions = deployed.client("apigateway"), deployed.client("lambda")
    (api,) = gateway.get_rest_apis()["items"]

    def serving() -> str:
        return str(gateway.get_stage(restApiId=api["id"], stageName="v1")["deploymentId"])

    def paths() -> set[str]:
        summary = gateway.get_deployment(restApiId=api["id"], deploymentId=serving(), embed=["apisummary"])
        return {path for path in summary["apiSummary"] if path.endswith("archive")}

    def release() -> dict[str, Any]:
        deploying = deployed.begin(
            "deploy", "--env", "test", "--yes", "--no-doctor", "--steps", "50,100", "--bake", "2m"
        )
        name = f"{snapshot.NAME}-test-get_item"
        with ThreadPoolExecutor(1) as reader:  # a plan is longer than a pipe
            printed = reader.submit(deploying.communicate, timeout=1200)
            while deploying.poll() is None:
                alias = functions.get_alias(FunctionName=name, Name=PROD)
                if alias.get("RoutingConfig", {}).get("AdditionalVersionWeights"):
                    break
                time.sleep(0.5)
            during = paths()
            deployed.run("release", "promote", "--env", "test", "--yes")
            output, errors = printed.result()
        assert deploying.returncode == 0, errors
        return {"during": during, "after": paths(), "output": output}

    first, contract = serving(), Path(deployed.home / "contract" / "openapi.yaml")
    usual = contract.read_text(encoding="utf-8")
    apply(deployed.home)
    added = release()
    assert "responds with 404 until they know it): POST /items/{id}/archive is added." in added["output"]
    assert added["during"] == added["after"] == {"/items/{id}/archive"}
    second = serving()

    contract.write_text(usual, encoding="utf-8")
    planned = deployed.succeed("deploy", "--env", "test", "--plan")
    assert "Gateway, after the promotion: POST /items/{id}/archive is removed." in planned
    removed = release()
    assert (removed["during"], removed["after"]) == ({"/items/{id}/archive"}, set())
    assert "No changes." in deployed.succeed("deploy", "--env", "test", "--plan")

    deployed.succeed("release", "rollback", "--env", "test", "--yes")
    assert serving() == second
    listed = json.loads(deployed.succeed("release", "history", "--env", "test", "--json"))
    deployed.succeed("release", "rollback", "--env", "test", "--yes", "--to", "0")
    assert serving() == first, listed
