"""A whole local stack of the tests' own, from a copy of the project, driven as a user drives it: by `itemsctl`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3

from itemsctl.local import process

ROOT = Path(__file__).parents[1]


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

    def itemsctl(self, *arguments: str, check: bool = True, env: dict[str, str] | None = None) -> str:
        """What `itemsctl` prints; raises with all it said when it fails and `check` is set."""
        answer = subprocess.run(
            [sys.executable, "-m", "itemsctl.cli", *arguments],
            cwd=self.home,
            env={**os.environ, "PYTHONPATH": str(self.home / "src"), **(env or {})},
            capture_output=True,
            text=True,
            timeout=420,
        )
        if check and answer.returncode:
            raise AssertionError(f"itemsctl {' '.join(arguments)} exited {answer.returncode}\n{answer.stdout}\n{answer.stderr}")
        return answer.stdout

    @property
    def outputs(self) -> dict[str, Any]:
        """`itemsctl outputs --json`."""
        found: dict[str, Any] = json.loads(self.itemsctl("outputs", "--json"))
        return found

    @cached_property
    def endpoint(self) -> str:
        return str(self.outputs["endpoint_url"])

    def token(self, user: str) -> str:
        """`itemsctl token --user`, without its line end."""
        return self.itemsctl("token", "--user", user).strip()

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
