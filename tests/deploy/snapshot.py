"""An account to which the project was deployed once, as its workflow does it: cloned for every file of tests that needs one."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from emulator import process
from tests.deploy.account import Account
from tests.servers import edge
from tests.snapshot import MADE_FROM, cloned, copy, snapshot
from tests.stack import Stack, free_port, put_names

ID, NAME, REGION = "111111111111", "stock", "eu-central-1"  # not the project's own
SETTINGS = "infra/ci/envs/test.tfvars"
KEPT = (".deployed", "build", "web/dist", "src/functions/operations.py", SETTINGS)
AWS = "aws"  # the folder of the emulator that stands for AWS


def project(folder: Path) -> Path:
    """Return a copy of the project with another name and region, in a new folder."""
    home = Stack(folder / "items").home
    put_names(home, NAME, REGION)
    return home


@contextlib.contextmanager
def aws(folder: Path) -> Iterator[str]:
    """Yield the endpoint of an emulator that stands for AWS, with its state and log in `folder`."""
    port = free_port()
    pid = process.start(port, folder / "state", folder / "emulator.log", REGION)
    process.wait_ready(port, 60, pid)
    try:
        with edge.before(process.endpoint_url(port)) as url:
            yield url
    finally:
        process.stop(pid)


@contextlib.contextmanager
def empty(folder: Path) -> Iterator[Account]:
    """Yield an empty account, and a project in the new `folder` whose packages and web app are built."""
    with aws(folder / AWS) as endpoint, cloned(folder / "items") as stack:
        put_names(stack.home, NAME, REGION)
        yield Account(stack.home, endpoint, ID, process.root_secret(folder / AWS / "state"))


def bootstrap(account: Account) -> str:
    """Create what the account needs for the workflows of a repository. Return what that printed."""
    (account.home / SETTINGS).write_text('env = "test"\nrepository = "octo-org/items"\n', encoding="utf-8")
    return account.succeed("bootstrap", "--env", "test")


@contextlib.contextmanager
def deployed(folder: Path) -> Iterator[Account]:
    """Yield the account after its first deploy, in the new `folder`."""
    home = project(folder)
    made = snapshot("account", (*MADE_FROM, ".github", "tests/deploy/snapshot.py", "tests/deploy/account.py"), _make)
    copy(made, home, KEPT)
    copy(made, folder, [AWS])
    with aws(folder / AWS) as endpoint:
        yield Account(home, endpoint, ID, process.root_secret(folder / AWS / "state"))


def _make(folder: Path) -> None:
    """Deploy by the steps of the workflow, with its role."""
    with tempfile.TemporaryDirectory() as temporary:
        with empty(Path(temporary)) as account:
            bootstrap(account)
            account.step("deploy/package: Build")
            checksums = account.step_output("deploy/package: Checksums and bills of materials", "sha256")
            with account.as_role(f"{NAME}-ci-test-deploy"):
                printed = account.step("deploy/test: Deploy", CHECKSUMS=checksums)
            assert " to add, 0 to change, 0 to destroy." in printed
            copy(account.home, folder, KEPT)
        copy(Path(temporary), folder, [AWS])
