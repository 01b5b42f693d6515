"""The sections about data: it is lost by a user or as a whole, and brought back from a backup or from point-in-time recovery."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.runbook.recipes.people import client_of, signed_up
from tests.runbook.steps import Recipe, Steps

TIME = "2026-11-26T10:15:00Z"  # the emulator restores what is there now
PATIENCE = 400.0  # seconds until a release has begun


def backup(steps: Steps) -> None:
    """The file is named by what was printed, and only its owner can read it."""
    with steps.stack.api() as api:
        one = created(steps, api)
        printed = steps.next("crudctl backup")
        file = Path(printed.splitlines()[-1])
        assert file.parent == steps.stack.home / "backups"
        assert file.stat().st_mode & 0o777 == 0o600
        steps.next("crudctl backup", FOLDER=str(steps.stack.home))
        assert "in the table as in the backup" in steps.next("crudctl restore", FILE=str(file))
        api.delete(f"{steps.described.collection}/{one['id']}?purge=true", headers={"If-Match": "*"})


def undeleted(steps: Steps) -> None:
    """A user changes one resource after the second in question, moves one to the trash and purges one."""
    with client_of(steps, signed_up(steps)) as maria:
        collection, change = steps.described.collection, steps.described.sample
        made = [maria.post(collection, json=change).json() for _ in range(3)]
        paths = [f"{collection}/{one['id']}" for one in made]
        steps.next("aws dynamodb restore-table-to-point-in-time", TIME=TIME)
        changed = maria.put(paths[0], json=change, headers={"If-Match": "*"}).json()
        maria.delete(paths[1], headers={"If-Match": "*"})
        maria.delete(f"{paths[2]}?purge=true", headers={"If-Match": "*"})
        steps.next("aws dynamodb wait")
        steps.next("crudctl backup")
        assert "2  deleted since" in steps.next("crudctl restore")
        assert "Verified" in steps.next("crudctl restore", answer="y")
        steps.next("aws dynamodb delete-table")
        steps.next("rm ")
        assert not (steps.stack.home / "before.jsonl.gz").exists()
        assert maria.get(paths[0]).json() == changed
        for path, one in zip(paths[1:], made[1:], strict=True):
            assert maria.get(path).json() == one | {"version": one["version"] + 1}
        for path in paths:
            maria.delete(f"{path}?purge=true", headers={"If-Match": "*"})


def whole_table(steps: Steps) -> None:
    """Something is purged and something created after the second in question; the table before is deleted in the end."""
    stack, collection = steps.stack, steps.described.collection
    before, dynamodb = stack.outputs["table_name"], stack.aws("dynamodb")
    with stack.api() as api:
        kept = created(steps, api)
        steps.next("aws dynamodb restore-table-to-point-in-time", TIME=TIME)
        assert api.delete(f"{collection}/{kept['id']}?purge=true", headers={"If-Match": "*"}).status_code == 204
        later = created(steps, api)
        steps.next("aws dynamodb wait")
        steps.next("crudctl use-table", answer="y")
        steps.only_on_aws("crudctl deploy")
        stack.run("up", "--hold")  # exits with 1: the versions in service may not use their table any more
        with releasing(steps):
            steps.next("crudctl release promote", answer="y")
        assert api.get(f"{collection}/{kept['id']}").json() == kept
        assert api.get(f"{collection}/{later['id']}").status_code == 404
        steps.next("crudctl backup")
        assert "Verified" in steps.next("crudctl restore", answer="y")
        assert api.get(f"{collection}/{later['id']}").json() == later

        # The emulator keeps no backup of a table that is deleted, so one is made.
        arn = dynamodb.create_backup(TableName=before, BackupName="deleted")["BackupDetails"]["BackupArn"]
        dynamodb.delete_table(TableName=before)
        assert arn in steps.next("aws dynamodb list-backups")
        steps.next("aws dynamodb restore-table-from-backup", ARN=arn)
        stack.crudctl("use-table", before, "--yes")
        stack.crudctl("up")
        assert api.get(f"{collection}/{later['id']}").json() == later
        api.delete(f"{collection}/{later['id']}?purge=true", headers={"If-Match": "*"})


def lost_users(steps: Steps) -> None:
    """A user is deleted; the address comes back, with what belonged to it, and with another id and password."""
    name = signed_up(steps)
    with client_of(steps, name) as maria:
        one = created(steps, maria)
    file = steps.shell.type("crudctl backup")[1].splitlines()[-1]
    cognito, pool = steps.stack.aws("cognito-idp"), steps.stack.outputs["user_pool_id"]
    former = cognito.admin_get_user(UserPoolId=pool, Username=name)["UserAttributes"]
    cognito.admin_delete_user(UserPoolId=pool, Username=name)
    printed = steps.next("crudctl restore", answer="y", FILE=file)
    assert "1  users to create" in printed
    assert re.search(r"Write [1-9]\d* entries to", printed)
    assert "Verified" in printed
    assert cognito.admin_get_user(UserPoolId=pool, Username=name)["UserAttributes"] != former
    with client_of(steps, signed_up(steps)) as maria:
        path = f"{steps.described.collection}/{one['id']}"
        assert maria.get(path).json() == one
        maria.delete(f"{path}?purge=true", headers={"If-Match": "*"})


def created(steps: Steps, api: Any) -> dict[str, Any]:
    response = api.post(steps.described.collection, json=steps.described.sample)
    assert response.status_code == 201, response.text
    one: dict[str, Any] = response.json()
    return one


@contextmanager
def releasing(steps: Steps) -> Iterator[None]:
    """Let a release begin in a terminal of its own, and wait for its end."""
    command = [sys.executable, "-m", "crudctl.cli", "release", "start", "--steps", "50,100", "--bake", "5m"]
    settings = {**os.environ, "PYTHONPATH": str(steps.stack.home / "src")}
    function = next(iter(steps.stack.outputs["functions"].values()))
    with subprocess.Popen(command, cwd=steps.stack.home, env=settings, stdout=subprocess.DEVNULL) as release:
        deadline = time.monotonic() + PATIENCE
        while not any(routing for _, routing in steps.stack.functions()[function].values()):
            assert release.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.5)
        yield
    assert release.returncode == 0


RECIPES: dict[str, Recipe] = {
    "Make a backup": backup,
    "A user deleted too much": undeleted,
    "Restore the whole table to a second": whole_table,
    "The users are lost, or somewhere else": lost_users,
}
