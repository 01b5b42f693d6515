"""A whole local stack of the tests' own, from a copy of the project, driven as a user drives it: by `crudctl`."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from crudctl.project import Environment
from emulator import process

ROOT = Path(__file__).parents[1]
LAST_FIELD = "        attributes:\n          type: object\n          title: Attributes\n"


class Stack:
    """The project copied to `home`, with an emulator, state and ports of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                               cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")  # fmt: skip
        for name in filter(None, files):
            if (ROOT / name).is_file():
                (home / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, home / name)
        installed = (
            "build/web-packages.sha256"  # what crudctl.web.app notes when web/node_modules is as the lock file says
        )
        if (ROOT / installed).exists() and (ROOT / "web" / "node_modules").exists():
            (home / "build").mkdir()
            shutil.copy2(ROOT / installed, home / installed)
            (home / "web" / "node_modules").symlink_to(ROOT / "web" / "node_modules")

    def crudctl(self, *arguments: str, check: bool = True, env: dict[str, str] | None = None) -> str:
        """What `crudctl` prints; raises with all it said when it fails and `check` is set."""
        answer = self._run(*arguments, env=env)
        if check and answer.returncode:
            raise AssertionError(
                f"crudctl {' '.join(arguments)} exited {answer.returncode}\n{answer.stdout}\n{answer.stderr}"
            )
        return answer.stdout

    def crudctl_exit(self, *arguments: str) -> tuple[int, str]:
        """The exit code of `crudctl`, and all that it printed."""
        answer = self._run(*arguments)
        return answer.returncode, answer.stdout + answer.stderr

    def _run(self, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "crudctl.cli", *arguments],
            cwd=self.home,
            env={**os.environ, "PYTHONPATH": str(self.home / "src"), **(env or {})},
            capture_output=True,
            text=True,
            timeout=420,
            check=False,
        )

    @contextlib.contextmanager
    def contract_with(self, fields: str) -> Iterator[None]:
        """The stack with more fields in its contract; they stay in service until the next `up` after it."""
        path = self.home / "contract" / "openapi.yaml"
        text = path.read_text(encoding="utf-8")
        assert text.count(LAST_FIELD) == 1
        path.write_text(text.replace(LAST_FIELD, fields + LAST_FIELD), encoding="utf-8")
        try:
            self.crudctl("up")
            yield
        finally:
            path.write_text(text, encoding="utf-8")

    @property
    def outputs(self) -> dict[str, Any]:
        """`crudctl outputs --json`."""
        found: dict[str, Any] = json.loads(self.crudctl("outputs", "--json"))
        return found

    @cached_property
    def endpoint(self) -> str:
        return str(self.outputs["endpoint_url"])

    def token(self, user: str) -> str:
        """`crudctl token --user`, without its line end."""
        return self.crudctl("token", "--user", user).strip()

    def plan(self) -> tuple[int, str]:
        """Exit code and words of `terraform plan -detailed-exitcode`: 0 no changes, 2 changes."""
        here = Environment(self.home, "local")
        answer = subprocess.run(
            ["terraform", "plan", "-detailed-exitcode", "-input=false", "-no-color", "-var-file=envs/local.tfvars",
             f"-var=web_origins=[\"http://127.0.0.1:{here.record['web_port']}\"]",
             f"-state={here.home / 'terraform' / 'terraform.tfstate'}"],
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
        """The code of the error that a call meets in a session of a role, with session tags; empty when it meets none."""
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
            region_name="eu-west-2",
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
        root = process.root_credentials()
        return boto3.client(
            service,
            region_name=root["AWS_REGION"],
            endpoint_url=self.endpoint,
            aws_access_key_id=root["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=root["AWS_SECRET_ACCESS_KEY"],
        )
