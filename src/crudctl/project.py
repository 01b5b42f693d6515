"""The project and its environments: their files, their AWS clients, and variables for the programs they start."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crudctl import naming
from crudctl.console import Failed
from emulator import process

LOCAL = "local"
PROD = "prod"
AWS = "aws"
# Where environments are: what `environment_option` takes. Any name but `local` is one on AWS.
ON_AWS = (AWS,)
ENVIRONMENTS = (LOCAL, AWS)
NOWHERE = "http://127.0.0.1:9"  # the discard port: without a stack, nothing may reach AWS instead


def root() -> Path:
    """Return the project's folder: the nearest at or above the working directory with a contract, else that of this source."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "contract" / "openapi.yaml").is_file():
            return folder
    return Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Environment:
    """One environment of the project at `root`: the local stack, or one in an AWS account, with ordinary AWS credentials.

    Attributes:
        name: `local`, or any other name: alone, such as `test`, or of a family, such as `pr-42`.
    """

    root: Path
    name: str

    @property
    def local(self) -> bool:
        """Whether this is the stack on this machine."""
        return self.name == LOCAL

    @property
    def production(self) -> bool:
        """Whether it has the rules of `prod`: changes are confirmed by its name, and its alarms notify somebody."""
        return naming.family(self.name) == PROD

    @property
    def family(self) -> Environment:
        """The environment that `bootstrap` is for: `pr` of `pr-42`. Its state bucket, boundary and roles serve all its members.

        One without a number is its own family.
        """
        return Environment(self.root, naming.family(self.name))

    @property
    def home(self) -> Path:
        """The folder of everything that this machine keeps about the environment."""
        return self.root / (".local" if self.local else f".deployed/{self.name}")

    @property
    def service_name(self) -> str:
        """The service's name in this environment. Raises Failed as `naming.read` does."""
        return naming.read(self.root, self.name).service

    @property
    def region(self) -> str:
        """The AWS region of this environment, which the local stack has too. Raises Failed as `naming.read` does."""
        return naming.read(self.root, self.name).region

    @property
    def prefix(self) -> str:
        """What the names of all resources of this environment begin with. Raises Failed as `naming.read` does."""
        return f"{self.service_name}-{self.name}"

    def nothing(self, what: str) -> Failed:
        """Return the failure to report when an environment that should have something, such as `alarms`, has none of it."""
        return Failed(
            f"There are no {what} of {self.prefix} in {self.region}.",
            f"Has `crudctl {'up' if self.local else f'deploy --env {self.name}'}` completed, with this name and in this region? "
            f"Both are in {naming.SOURCE}.",
        )

    @property
    def record(self) -> dict[str, Any]:
        """What `up` recorded: `port`, `web_port`, `prefix`, `region`, `saved`, and while it is running `pid` and `started`.

        Empty before the first `up`. Raises Failed when the file is damaged.
        """
        try:
            record: dict[str, Any] = json.loads(self.read("stack.json") or "{}")
            if record:
                _ = int(record["port"]), int(record["web_port"])
        except (ValueError, TypeError, KeyError) as error:
            raise Failed(
                f"{self.home / 'stack.json'} is damaged: {error}", "Delete it and run `crudctl up`."
            ) from error
        return record

    def read(self, name: str) -> str:
        """Return the text of a file in the environment's home; empty if it does not exist."""
        path = self.home / name
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def write_record(self, record: Mapping[str, Any]) -> None:
        """Replace the record, atomically."""
        self.write("stack.json", json.dumps(record, indent=1))

    def write(self, name: str, text: str) -> None:
        """Write a file in the environment's home, atomically, for the user alone."""
        self.make_home()
        incomplete = self.home / f"{name}.{os.getpid()}.tmp"
        with open(os.open(incomplete, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        incomplete.replace(self.home / name)

    def make_home(self) -> None:
        """Ensure that the environment's home exists and that nobody else can look into it: there are keys and passwords in it."""
        for folder in (self.home,) if self.local else (self.home.parent, self.home):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make_private(folder)

    def _make_all_private(self) -> None:
        """Take away what others may do with the files that older versions wrote; new ones are made for the user alone."""
        self.make_home()
        for folder, folders, files in os.walk(self.home):
            for name in (*folders, *files):
                _make_private(Path(folder) / name)

    @property
    def endpoint_url(self) -> str | None:
        """The URL of the local stack's AWS APIs; None on AWS. Raises Failed when the local stack was never started."""
        if not self.local:
            return None
        if "port" not in self.record:
            raise Failed("There is no local stack yet.", "Start it with `crudctl up` (or `make up`).")
        return loopback(process.endpoint_url(self.record["port"]))

    def variables(self) -> dict[str, str]:
        """Return the environment variables for a process that works on this environment.

        For the local stack the caller's AWS and Terraform configuration is removed and replaced by credentials that work
        with the emulator only, so that no real account can be touched.
        """
        if not self.local:
            config = os.environ.get("TF_CLI_CONFIG_FILE", "")
            return {k: v for k, v in os.environ.items() if k != "TF_CLI_CONFIG_FILE" or Path(config).is_file()}
        endpoint = (self.endpoint_url if self.record else None) or NOWHERE
        return without_aws(os.environ) | self.root_credentials() | {"AWS_ENDPOINT_URL": endpoint}

    def root_credentials(self) -> dict[str, str]:
        """Return the environment variables that make an AWS client the root of the local stack."""
        return process.root_credentials(self.region, self.home / "state")

    def client(self, service: str, region: str = "") -> Any:
        """Return a boto3 client of an AWS service in this environment, in its region or in another.

        Raises Failed when the local stack is not running.
        """
        if not self.local:
            import boto3  # noqa: PLC0415 - a quarter of the time that crudctl takes to start; few commands need it

            return boto3.client(service, region_name=region or self.region)
        if not process.serves(self.record.get("pid", 0), self.home / "state"):
            raise Failed("The local stack is not running.", "Start it with `crudctl up` (or `make up`).")
        credentials = self.root_credentials()
        key, secret = credentials["AWS_ACCESS_KEY_ID"], credentials["AWS_SECRET_ACCESS_KEY"]
        return _local_client(service, region or self.region, self.endpoint_url, key, secret)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the environment's lock: one command at a time. Raises Failed when another process has it."""
        self.make_home()
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
            self._make_all_private()
            yield


def _make_private(path: Path) -> None:
    """Take away what others than the owner may do with a file or folder. A link's target may belong elsewhere."""
    with contextlib.suppress(FileNotFoundError):  # a running emulator removes files of its own
        mode = path.lstat().st_mode
        if mode & process.PRIVATE and not stat.S_ISLNK(mode):
            path.chmod(stat.S_IMODE(mode) & ~process.PRIVATE)


def without_aws(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` without AWS and Terraform settings, without AWS configuration files and with no proxy for 127.0.0.1."""
    kept = {k: v for k, v in environ.items() if not k.startswith(("AWS_", "TF_")) or k == "TF_PLUGIN_DIR"}
    return kept | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **direct(environ),
    }


def direct(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that let a program use no proxy for 127.0.0.1, besides what `environ` excepts."""
    hosts = (environ.get("NO_PROXY") or environ.get("no_proxy") or "").split(",")
    return dict.fromkeys(("NO_PROXY", "no_proxy"), ",".join(dict.fromkeys([*filter(None, hosts), "127.0.0.1"])))


def loopback(url: str) -> str:
    """Return `url` if its host is 127.0.0.1. Raises Failed for any other: the local stack never leaves this machine."""
    if urlsplit(url).hostname != "127.0.0.1":
        raise Failed(f"{url} is not on this machine.", "The local stack is available on 127.0.0.1 only.")
    return url


@cache
def _local_client(service: str, region: str, endpoint: str, key: str, secret: str) -> Any:
    """Return a client of a local stack. To make one takes longer than to call the stack some twenty times."""
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    session = boto3.Session(aws_access_key_id=key, aws_secret_access_key=secret, region_name=region)
    chosen: Any = session.client  # the service is a variable, so that no overload has the type
    return chosen(service, endpoint_url=endpoint, config=Config(proxies={}))
