"""Accounts of the emulator that stand for AWS accounts, and the project deployed to them as a user deploys it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from click.testing import Result

from crudctl.project import Environment
from tests.invoke import invoke
from tests.servers import edge
from tests.workflows.steps import script_of


class Account:
    """An account by its id, and the project in `home` that is deployed to it.

    An access key of twelve digits is the root of the account with this id, with the secret of the emulator's root.
    """

    def __init__(self, home: Path, endpoint: str, account: str, secret: str) -> None:
        self.home = home
        self.id = account
        self._secret = secret
        self._settings = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": secret,
        }

    def at(self, home: Path, account: str | None = None) -> Account:
        """Return the project in another folder, with the credentials of this account's root, or another's."""
        return Account(home, self._settings["AWS_ENDPOINT_URL"], account or self.id, self._secret)

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a process with this account's credentials."""
        return {**os.environ, **self._settings, "PYTHONPATH": str(self.home / "src")}

    def run(self, *arguments: str) -> Result:
        """Run `crudctl` with this account's credentials."""
        return invoke(self.home, *arguments, env=self._settings)

    def succeed(self, *arguments: str) -> str:
        """Run `crudctl` and return its standard output. Raise AssertionError with all that it printed if it fails."""
        result = self.run(*arguments)
        assert result.exit_code == 0, f"crudctl {' '.join(arguments)} exited {result.exit_code}\n{result.output}"
        return result.stdout

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `crudctl` with this account's credentials in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "crudctl.cli", *arguments],
            cwd=self.home,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def step_output(self, title: str, name: str) -> str:
        """Run a step of a workflow and return the output `name` that it sets."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "outputs"
            self.step(title, GITHUB_OUTPUT=str(file))
            outputs = dict(line.split("=", 1) for line in file.read_text(encoding="utf-8").splitlines())
        return outputs[name]

    def step(self, title: str, **environ: str) -> str:
        """Run a step of a workflow as a runner does, and return its output. Raise AssertionError if it fails.

        Args:
            environ: of the step, besides the account's credentials.
        """
        program = self.home / ".venv" / "bin" / "crudctl"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m crudctl.cli "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script_of(title)]
        result = subprocess.run(
            command,
            cwd=self.home,
            env=self.environ | environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, f"{title} exited {result.returncode}\n{result.stdout}\n{result.stderr}"
        return result.stdout

    @contextlib.contextmanager
    def refusing(self, *requests: tuple[str, str]) -> Iterator[None]:
        """Let requests of these methods to paths of these patterns be refused within the block, as if credentials had expired."""
        usual = self._settings["AWS_ENDPOINT_URL"]
        with edge.before(usual, requests) as url:
            self._settings["AWS_ENDPOINT_URL"] = url
            yield
            self._settings["AWS_ENDPOINT_URL"] = usual

    @contextlib.contextmanager
    def as_role(self, name: str) -> Iterator[None]:
        """Use the credentials of a role's session within the block, as a workflow gets them for its OIDC token.

        Only the trust is widened, for a moment, because there is no GitHub; what the role may do is what Terraform gave it.
        """
        iam, before = self.client("iam"), dict(self._settings)
        trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{self.id}:root"}, "Action": "sts:AssumeRole"}
        widened = {**trust, "Statement": [*trust["Statement"], root]}
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(widened))
        arn = f"arn:aws:iam::{self.id}:role/{name}"
        session = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="workflow")["Credentials"]
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
        self._settings |= {
            "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
            "AWS_SESSION_TOKEN": session["SessionToken"],
        }
        yield
        self._settings = before

    def client(self, service: str) -> Any:
        """Return a boto3 client of this account, as its root."""
        return boto3.client(
            service,
            region_name=Environment(self.home, "test").region,
            endpoint_url=self._settings["AWS_ENDPOINT_URL"],
            aws_access_key_id=self.id,
            aws_secret_access_key=self._secret,
        )

    def objects(self, bucket: str) -> dict[str, str]:
        """Return the content type of each object of a bucket, by key."""
        s3 = self.client("s3")
        return {
            entry["Key"]: s3.head_object(Bucket=bucket, Key=entry["Key"])["ContentType"]
            for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        }

    def state(self) -> dict[str, Any]:
        """Return Terraform's state of the environment test from its bucket."""
        response = self.client("s3").get_object(
            Bucket=f"{Environment(self.home, 'test').prefix}-state-{self.id}", Key="terraform.tfstate"
        )
        state: dict[str, Any] = json.loads(response["Body"].read())
        return state
