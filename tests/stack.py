"""A local stack for tests: a copy of the project, driven as a user drives it, by `crudctl`."""

from __future__ import annotations

import copy
import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.exceptions import ClientError

from crudctl import users
from crudctl.infra import outputs
from crudctl.project import Environment
from crudctl.web import build as web
from tests import contracts

ROOT = Path(__file__).parents[1]
LAST_FIELD = "        attributes:\n          type: object\n          title: Custom fields\n"
OUTPUTS_COME_FROM = ("stack.json", "users.json", "terraform/terraform.tfstate")


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def put_names(home: Path, name: str = "items", region: str = "eu-west-2") -> None:
    """Write the service's name and region as those of the project in `home`."""
    (home / "infra").mkdir(exist_ok=True)
    (home / "infra" / "terraform.tfvars.json").write_text(
        json.dumps({"name": name, "region": region}), encoding="utf-8"
    )


def project_files() -> list[str]:
    """Paths of the project's files, in order: those that git tracks or would track."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted(name for name in set(names) if (ROOT / name).is_file())


def _share_web_packages(home: Path) -> None:
    """Install the packages of web/ in this checkout if they are not up to date, and let the copy in `home` use them."""
    if web.missing(home):
        return
    with (ROOT / "build" / "web-packages.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        web.install(ROOT, lambda _: None)
    (home / "build").mkdir()
    shutil.copy2(ROOT / "build" / web.PACKAGES, home / "build" / web.PACKAGES)
    (home / "web" / "node_modules").symlink_to(ROOT / "web" / "node_modules")


class Stack:
    """The project copied to `home`, with the tests' contract and an emulator, state and ports of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._outputs: tuple[list[int], dict[str, Any]] | None = None
        for name in project_files():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, home / name)
        contracts.put(home)
        _share_web_packages(home)

    def crudctl(self, *arguments: str, check: bool = True, env: dict[str, str] | None = None) -> str:
        """Standard output of `crudctl`. Raises with everything it printed when it fails and `check` is set."""
        result = self.run(*arguments, env=env)
        if check and result.returncode:
            raise AssertionError(
                f"crudctl {' '.join(arguments)} exited {result.returncode}\n{result.stdout}\n{result.stderr}"
            )
        return result.stdout

    def crudctl_exit(self, *arguments: str, env: dict[str, str] | None = None) -> tuple[int, str]:
        """The exit code of `crudctl`, and everything it printed."""
        result = self.run(*arguments, env=env)
        return result.returncode, result.stdout + result.stderr

    def run(self, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """How `crudctl` ended and what it printed, with variables in addition to those of the tests."""
        return subprocess.run(
            [sys.executable, "-m", "crudctl.cli", *arguments],
            cwd=self.home,
            env={**os.environ, "PYTHONPATH": str(self.home / "src"), **(env or {})},
            capture_output=True,
            text=True,
            timeout=1200,
            check=False,
        )

    def add_fields(self, fields: str) -> None:
        """Add properties, as YAML, to the item of this stack's contract. They are in service after the next `up`."""
        path = self.home / "contract" / "openapi.yaml"
        text = path.read_text(encoding="utf-8")
        assert text.count(LAST_FIELD) == 1
        path.write_text(text.replace(LAST_FIELD, fields + LAST_FIELD), encoding="utf-8")

    def api(self, user: int = 0) -> httpx.Client:
        """A client of the API, signed in as a demo user."""
        outputs = self.outputs
        bearer = {"Authorization": f"Bearer {self.token(outputs['demo_users'][user]['username'])}"}
        return httpx.Client(base_url=outputs["api_url"] + "/", headers=bearer, timeout=120)

    @property
    def environment(self) -> Environment:
        """The stack as the library of `crudctl` knows it."""
        return Environment(self.home, "local")

    @property
    def outputs(self) -> dict[str, Any]:
        """What `crudctl outputs --json` prints. Read again after every `up`."""
        times = [(self.environment.home / name).stat().st_mtime_ns for name in OUTPUTS_COME_FROM]
        if self._outputs is None or self._outputs[0] != times:
            self._outputs = times, outputs.read(self.environment)
        return copy.deepcopy(self._outputs[1])

    @property
    def endpoint(self) -> str:
        return str(self.environment.endpoint_url)

    def token(self, user: str) -> str:
        """An access token of a demo user."""
        passwords = {known["username"]: known["password"] for known in users.demo_users(self.environment)}
        return users.token(self.environment, self.outputs["user_pool_id"], user, passwords[user])

    @contextmanager
    def newcomer(self) -> Iterator[str]:
        """An access token of a user who has nothing yet, whatever other tests leave to the demo users, and who then goes."""
        pool, name, password = self.outputs["user_pool_id"], f"{uuid.uuid4()}@example.com", users.new_password()
        cognito = self.aws("cognito-idp")
        cognito.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)
        yield users.token(self.environment, pool, name, password)
        cognito.admin_delete_user(UserPoolId=pool, Username=name)

    @property
    def state(self) -> Path:
        """Terraform's state."""
        return self.environment.home / "terraform" / "terraform.tfstate"

    def plan(self, state: Path | None = None) -> tuple[int, str]:
        """Exit code and output of `terraform plan -detailed-exitcode`: 0 no changes, 2 changes."""
        here = self.environment
        answer = subprocess.run(
            ["terraform", "plan", "-detailed-exitcode", "-input=false", "-no-color", "-var-file=envs/local.tfvars",
             f"-var=name={here.service_name}", f"-var=region={here.region}",
             f"-var=web_origins=[\"http://127.0.0.1:{here.record['web_port']}\"]",
             f"-state={state or self.state}"],
            cwd=self.home / "infra",
            env=here.variables() | {"TF_DATA_DIR": str(here.home / "terraform" / "data")},
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        return answer.returncode, answer.stdout + answer.stderr

    def functions(self) -> dict[str, dict[str, Any]]:
        """The aliases of each function, by name: version and weights."""
        client = self.aws("lambda")
        found: dict[str, dict[str, Any]] = {}
        for name in self.outputs["functions"].values():
            aliases = client.list_aliases(FunctionName=name)["Aliases"]
            found[name] = {a["Name"]: (a["FunctionVersion"], a.get("RoutingConfig")) for a in aliases}
        return found

    def try_as_role(
        self, role_arn: str, service: str, action: str, parameters: dict[str, Any], tags: dict[str, str] | None = None
    ) -> str:
        """The error code of a call in a session of a role, with session tags; empty when the call succeeds."""
        iam = self.aws("iam")
        role = role_arn.rpartition("/")[2]
        trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
        root = {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
        widened = {**trust, "Statement": [*trust["Statement"], root]}
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(widened))
        try:
            session = self.aws("sts").assume_role(
                RoleArn=role_arn,
                RoleSessionName="test",
                Tags=[{"Key": key, "Value": value} for key, value in (tags or {}).items()],
            )["Credentials"]
        finally:
            iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))
        client = boto3.client(
            service,
            region_name=self.environment.region,
            endpoint_url=self.endpoint,
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
        )
        try:
            client._make_api_call(action, parameters)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    def aws(self, service: str) -> Any:
        """A boto3 client of this stack's account, as its root."""
        root = self.environment.root_credentials()
        return boto3.client(
            service,
            region_name=self.environment.region,
            endpoint_url=self.endpoint,
            aws_access_key_id=root["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=root["AWS_SECRET_ACCESS_KEY"],
        )
