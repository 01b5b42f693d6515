"""Accounts of the emulator that stand for AWS accounts, and the project deployed into them as a user deploys it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3

from tests.stack import Stack
from tests.workflows.steps import script_of

# Where the emulator looks for other resources or conditions than AWS does: it knows no iam:PermissionsBoundary, and takes
# some calls for calls on no resource.
EMULATOR = [
    {"Effect": "Allow", "Resource": "*", "Action": action}
    for action in (
        ["iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePolicy"],
        ["dynamodb:ListTagsOfResource", "sns:ListTagsForResource", "cloudfront:*"],
        ["budgets:*", "cloudwatch:PutDashboard", "lambda:CreateFunction"],
    )
]


class Account(Stack):
    """The project copied to `home`, and an account by its id: MiniStack takes an access key of twelve digits for one."""

    def __init__(self, home: Path, endpoint: str, account: str) -> None:
        super().__init__(home)
        self.id = account
        self._settings = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a process with this account's credentials."""
        return {**os.environ, **self._settings, "PYTHONPATH": str(self.home / "src")}

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of `crudctl` with this account's credentials."""
        process = self.begin(*arguments)
        out, err = process.communicate(timeout=240)
        return process.returncode, out, err

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """`crudctl` with this account's credentials, running."""
        return subprocess.Popen(
            [sys.executable, "-m", "crudctl.cli", *arguments],
            cwd=self.home,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def step(self, title: str) -> str:
        """What a workflow's step prints, run as a runner runs it; raises with all that it said where it fails."""
        program = self.home / ".venv" / "bin" / "crudctl"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m crudctl.cli "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script_of(title)]
        answer = subprocess.run(
            command,
            cwd=self.home,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, f"{title} exited {answer.returncode}\n{answer.stdout}\n{answer.stderr}"
        return answer.stdout

    def done(self, *arguments: str) -> str:
        """What `crudctl` prints; raises with all that it said where it fails."""
        code, out, err = self.run(*arguments)
        assert code == 0, f"crudctl {' '.join(arguments)} exited {code}\n{out}\n{err}"
        return out

    @contextlib.contextmanager
    def as_role(self, name: str) -> Iterator[None]:
        """Within it, `crudctl` has the credentials of a role's session, as a workflow gets them for its OIDC token."""
        iam, before = self.client("iam"), dict(self._settings)
        trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{self.id}:root"}, "Action": "sts:AssumeRole"}
        widened = {**trust, "Statement": [*trust["Statement"], root]}
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(widened))
        policy = json.dumps({"Version": "2012-10-17", "Statement": EMULATOR})
        iam.put_role_policy(RoleName=name, PolicyName="emulator", PolicyDocument=policy)
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
        """A boto3 client of this account, as its root."""
        return boto3.client(
            service,
            region_name="eu-west-2",
            endpoint_url=self._settings["AWS_ENDPOINT_URL"],
            aws_access_key_id=self.id,
            aws_secret_access_key="test",
        )

    def objects(self, bucket: str) -> dict[str, str]:
        """The objects of a bucket: content type by key."""
        s3 = self.client("s3")
        return {
            entry["Key"]: s3.head_object(Bucket=bucket, Key=entry["Key"])["ContentType"]
            for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        }

    def state(self) -> dict[str, Any]:
        """Terraform's state of environment test, as it is in its bucket."""
        answer = self.client("s3").get_object(Bucket=f"items-test-state-{self.id}", Key="terraform.tfstate")
        found: dict[str, Any] = json.loads(answer["Body"].read())
        return found
