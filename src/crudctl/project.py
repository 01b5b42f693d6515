"""Where things are: the project, an environment's files, and a clean environment for what works on the local stack."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from crudctl.console import Failed
from emulator import process

LOCAL = "local"
ON_AWS = ("test", "prod")
ENVIRONMENTS = (LOCAL, *ON_AWS)
REGION = "eu-west-2"
NOWHERE = "http://127.0.0.1:9"  # the discard port: what has no stack to talk to must not talk to AWS instead


def root() -> Path:
    """The project: the nearest folder at or above the working directory with a contract, else this source's own."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "contract" / "openapi.yaml").is_file():
            return folder
    return Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Environment:
    """One environment of the project at `root`: the local stack, or an AWS account by its ordinary credentials."""

    root: Path
    name: str

    @property
    def local(self) -> bool:
        """Whether it is the stack on this machine."""
        return self.name == LOCAL

    @property
    def home(self) -> Path:
        """The folder of what is kept about it on this machine."""
        return self.root / (".local" if self.local else f".deployed/{self.name}")

    @property
    def record(self) -> dict[str, Any]:
        """What `up` recorded of the local stack: `port`, `web_port`, `pid`, `started`; empty before the first."""
        try:
            found: dict[str, Any] = json.loads(self.read("stack.json") or "{}")
            if found:
                _ = int(found["port"]), int(found["web_port"])
        except (ValueError, TypeError, KeyError) as error:
            raise Failed(
                f"{self.home / 'stack.json'} is damaged: {error}", "Delete it and run `crudctl up`."
            ) from error
        return found

    def read(self, name: str) -> str:
        """The text of a file of the environment's home; empty when there is none."""
        path = self.home / name
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def write_record(self, record: Mapping[str, Any]) -> None:
        """Replaces the record at once or not at all."""
        self.write("stack.json", json.dumps(record, indent=1))

    def write(self, name: str, text: str, mode: int = 0o644) -> None:
        """Writes a file of the environment's home at once or not at all."""
        self.home.mkdir(parents=True, exist_ok=True)
        incomplete = self.home / f"{name}.{os.getpid()}.tmp"
        with open(os.open(incomplete, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
            file.write(text)
        incomplete.replace(self.home / name)

    @property
    def endpoint_url(self) -> str | None:
        """Where the local stack's AWS APIs are; None on AWS. Raises Failed when the local stack was never started."""
        if not self.local:
            return None
        if "port" not in self.record:
            raise Failed("There is no local stack yet.", "Start it with `crudctl up` (or `make up`).")
        return loopback(process.endpoint_url(self.record["port"]))

    def variables(self) -> dict[str, str]:
        """The environment variables of a process that works on this environment.

        For the local stack nothing of the caller's AWS or Terraform configuration is left, and what takes its place works
        with the emulator only, so that no real account can be touched.
        """
        if not self.local:
            config = os.environ.get("TF_CLI_CONFIG_FILE", "")
            return {k: v for k, v in os.environ.items() if k != "TF_CLI_CONFIG_FILE" or Path(config).is_file()}
        endpoint = (self.endpoint_url if self.record else None) or NOWHERE
        return without_aws(os.environ) | process.root_credentials() | {"AWS_ENDPOINT_URL": endpoint}

    def client(self, service: str) -> Any:
        """A boto3 client for an AWS service in this environment."""
        if not self.local:
            return boto3.client(service, region_name=REGION)
        if not process.is_emulator(self.record.get("pid", 0)):
            raise Failed("The local stack is not running.", "Start it with `crudctl up` (or `make up`).")
        credentials = process.root_credentials()
        session = boto3.Session(
            aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )
        return session.client(service, endpoint_url=self.endpoint_url, config=Config(proxies={}))

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Holds the environment for one command at a time. Raises Failed when another has it."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "lock").open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.seek(0)
                raise Failed(
                    f"Another crudctl (process {file.read().strip()}) is working on {self.name}.",
                    "Wait until it has finished.",
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield


def without_aws(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` without any AWS or Terraform setting, with no AWS configuration to be found, and no proxy for 127.0.0.1."""
    kept = {k: v for k, v in environ.items() if not k.startswith(("AWS_", "TF_")) or k == "TF_PLUGIN_DIR"}
    direct = ",".join(filter(None, [environ.get("NO_PROXY") or environ.get("no_proxy"), "127.0.0.1"]))
    return kept | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": direct,
        "no_proxy": direct,
    }


def loopback(url: str) -> str:
    """`url`, if it is of this machine. Raises Failed for any other: the local stack never leaves it."""
    if urlsplit(url).hostname != "127.0.0.1":
        raise Failed(f"{url} is not on this machine.", "The local stack is reached on 127.0.0.1 only.")
    return url
