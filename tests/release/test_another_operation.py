"""What CONTRIBUTING shows about another operation is true: it is added to a copy of the project, released and rolled back."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from crudctl.build import handlers, service
from crudctl.release.aliases import PROD
from crudctl.release.record import PROMOTED
from tests import contracts
from tests.release.rig import Rig
from tests.snapshot import cloned
from tests.stack import ROOT

DIFF = Path(__file__).with_name("archive.diff")
ROUTE, RENAMED = "/items/{id}/archive", "/items/{id}/shelf"


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A stack with the operation `archive_item`, whose other functions are still in service as they were."""
    with cloned(tmp_path_factory.mktemp("grown") / "items") as stack:
        apply(stack.home)
        stack.crudctl("up", "--hold")
        yield Rig(stack)


def apply(home: Path) -> None:
    """Apply the difference to a project, without the files to which somebody has applied it already."""
    for part in re.split(r"^(?=diff --git )", DIFF.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        command = ["git", "apply", "--unidiff-zero"]
        applied = subprocess.run([*command, "--reverse", "--check"], cwd=home, input=part, text=True, check=False)
        if applied.returncode:
            subprocess.run(command, cwd=home, input=part, text=True, check=True)


def invoked(rig: Rig, function: str, version: str, route: str) -> dict[str, Any]:
    """Return the proxy response of a version of a function to a request at a route."""
    claims = {"client_id": rig.outputs["user_pool_client_id"], "sub": "somebody", "scope": "items/read items/write"}
    event = {
        "resource": route,
        "path": route.replace("{id}", "1"),
        "httpMethod": "POST",
        "headers": {},
        "pathParameters": {"id": "1"},
        "requestContext": {
            "httpMethod": "POST",
            "resourcePath": route,
            "requestId": "1",
            "authorizer": {"claims": claims},
        },
        "body": None,
    }
    name = rig.functions[function]
    invoked = rig.client.invoke(FunctionName=name, Qualifier=version, Payload=json.dumps(event).encode())
    response: dict[str, Any] = json.loads(invoked["Payload"].read())
    return response


def is_unknown(response: httpx.Response) -> bool:
    """Whether the function, not the gateway, said with a problem that there is no such route."""
    problem = response.headers["Content-Type"] == "application/problem+json" and response.json()["status"] == 404
    return response.status_code == 404 and problem and "Cache-Control" in response.headers


def test_an_operation_is_added_in_at_most_four_files() -> None:
    files = re.findall(r"^\+\+\+ b/(.+)$", DIFF.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(files) <= 4
    assert not [name for name in files if name.startswith("tests/")]


@pytest.mark.parametrize("line", ["", '    read_history = ["dynamodb:Query"]\n'])
@pytest.mark.parametrize("times", [1, 2])
def test_the_difference_applies_to_a_project_with_operations_of_its_own(tmp_path: Path, times: int, line: str) -> None:
    for name in ("src/functions/handlers.py", "infra/functions.tf"):
        (tmp_path / name).parent.mkdir(parents=True)
        shutil.copy2(ROOT / name, tmp_path / name)
    contracts.put(tmp_path)
    own = tmp_path / "infra" / "functions.tf"
    text = own.read_text(encoding="utf-8")
    own.write_text(re.sub(r"(?<=^  default = \{\n)", line, text, count=1, flags=re.MULTILINE), encoding="utf-8")
    for _ in range(times):
        apply(tmp_path)
    assert own.read_text(encoding="utf-8").count("archive_item") == 1
    operations = service.load(tmp_path).operations
    assert operations["archive_item"].probe
    handlers.check(tmp_path, service.load(tmp_path))


def test_the_contributing_page_shows_the_difference_that_is_tested() -> None:
    own, tested = service.load(ROOT), service.describe(contracts.document())
    if (own.schema, own.collection) != (tested.schema, tested.collection):
        pytest.skip("this project's resource has another name than that of the tests")
    shown = re.search(r"```diff\n(.+?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)
    assert shown
    assert shown[1] == DIFF.read_text(encoding="utf-8")


def test_an_added_operation_is_served_released_by_canary_and_probed(grown: Rig) -> None:
    before = grown.places()
    assert grown.cloud.round_trip().counts["archive_item"] == 1
    old = before[PROD]["get_item"].version
    assert old != grown.newest()["get_item"]
    assert before[PROD]["archive_item"].version == grown.newest()["archive_item"]
    unknown = invoked(grown, "get_item", old, ROUTE)
    assert (unknown["statusCode"], json.loads(unknown["body"])["status"]) == (404, 404)

    ended = grown.releaser().start([0.5], 0)
    assert ended.state == PROMOTED, ended.why
    assert grown.places() == grown.at(grown.newest())
    with grown.stack.api() as api:
        item = api.post("items", json={"name": "Desk", "attributes": {"colour": "green"}}).json()
        archived = api.post(f"items/{item['id']}/archive")
        assert archived.status_code == 200
        assert archived.json()["attributes"].keys() == {"colour", "archived_at"}
        assert api.get(f"items/{item['id']}").json() == archived.json()
    assert grown.left_behind() == 0

    assert grown.release("rollback")[0] == 0
    assert grown.places() == before
    stage, last = grown.cloud.stage(), grown.records.current()
    assert stage is not None
    assert last is not None
    assert last.deployments == {"old": ended.deployments["new"], "new": ended.deployments["old"]}
    assert stage.deployment == last.deployments["new"] != last.deployments["old"]
    stage.serve(last.deployments["old"])  # as if whoever rolled back had died before that
    assert grown.alarm("late", old) == {"rollback": "no release is under way"}
    assert stage.deployment == last.deployments["new"]
    with grown.stack.api() as api:
        assert api.get(f"items/{item['id']}").json() == archived.json()
    assert grown.release("rollback", "--to", str(ended.number))[0] == 0


def test_a_route_that_only_the_new_version_knows_is_a_404_until_it_is_released_and_after_it_is_rolled_back(
    grown: Rig,
) -> None:
    contract = grown.stack.home / "contract" / "openapi.yaml"
    text = contract.read_text(encoding="utf-8").replace(ROUTE, RENAMED)
    restoring = text.replace(
        "\n      operationId: restore_item\n", "\n      operationId: restore_item\n      x-probe: true\n"
    )
    contract.write_text(restoring, encoding="utf-8")
    grown.stack.crudctl("up", "--hold")
    rig = Rig(grown.stack)  # with the probes of the new contract
    assert [call.kind for call in rig.cloud.round_trip().calls if call.alone] == ["delete", "restore"]
    with rig.stack.api() as api:
        item = api.post("items", json={"name": "Desk"}).json()
        shelf = f"items/{item['id']}/shelf"
        assert is_unknown(api.post(shelf))

        ended = rig.releaser().start([0.5], 0)
        assert ended.state == PROMOTED, ended.why
        assert api.post(shelf).status_code == 200

        assert rig.release("rollback")[0] == 0
        assert is_unknown(api.post(shelf))
        assert api.get(f"items/{item['id']}").status_code == 200
    assert rig.left_behind() == 0


def test_an_operation_that_is_removed_is_served_until_the_release_without_it_is_in_service_and_after_a_rollback(
    grown: Rig,
) -> None:
    home = grown.stack.home
    with grown.stack.api() as api:
        archive = f"items/{api.post('items', json={'name': 'Desk'}).json()['id']}/archive"
        assert api.post(archive).status_code == 200
        contracts.put(home)  # without the operation; its handler stays, so that one apply less is needed
        grown.stack.crudctl("up", "--hold")
        assert api.post(archive).status_code == 200

        ended = Rig(grown.stack).releaser().start([0.5], 0)
        assert ended.state == PROMOTED, ended.why
        assert api.post(archive).status_code == 200
        grown.stack.crudctl("up")
        assert api.post(archive).status_code == 404

        assert grown.release("rollback")[0] == 0
        assert api.post(archive).status_code == 200
