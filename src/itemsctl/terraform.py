"""Runs Terraform on infra/: finds the program, finds a provider mirror where there is no registry, reports progress."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from itemsctl.console import Failed
from itemsctl.project import Environment

REGISTRY = "registry.terraform.io"
PROVIDER = f"{REGISTRY}/hashicorp/aws"
OLDEST = (1, 11)
INSTALL = (
    f"Install Terraform {OLDEST[0]}.{OLDEST[1]} or newer (https://developer.hashicorp.com/terraform/install) "
    "and see that `terraform` is on PATH."
)
# Where an unpacked mirror may lie (https://developer.hashicorp.com/terraform/cli/config/config-file#filesystem_mirror).
# Terraform looks by itself in the first four.
IMPLIED = ("~/.terraform.d/plugins", "~/.local/share/terraform/plugins",
           "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins")  # fmt: skip
FOLDERS = ("/opt", "/usr/local", "/usr/share", "/usr/lib", "/srv", "/var/lib", "~", "~/.local/share")
DEEPEST = 3


class Terraform:
    """Terraform on the project's infra/, with the state and settings of one environment.

    Args:
        environment: which one.
        variables: values for Terraform's variables beside those in infra/envs.
    """

    def __init__(self, environment: Environment, variables: dict[str, Any] | None = None) -> None:
        self._environment = environment
        self._folder = environment.root / "infra"
        self._home = environment.home / "terraform"
        self._program = program()
        self._arguments = [f"-var-file=envs/{environment.name}.tfvars"]
        self._arguments += [f"-var={name}={json.dumps(value)}" for name, value in (variables or {}).items()]

    def init(self) -> None:
        """Installs the provider, from the registry or from a mirror on this machine. Raises Failed."""
        config = self._home / "cli.tfrc"
        self._home.mkdir(parents=True, exist_ok=True)
        installed = any((self._home / "data").glob(f"providers/{PROVIDER}/*/*"))
        if not installed:
            found = None if registry_answers() else mirror(self._environment.variables().get("TF_PLUGIN_DIR"))
            config.write_text(_installation(found) if found else "", encoding="utf-8")
        answer = self._run("init", "-input=false", "-no-color")
        if answer.returncode:
            raise Failed(
                f"terraform init failed:\n{answer.stderr.strip()}",
                f"Without a way to {REGISTRY}, put an unpacked provider mirror under {FOLDERS[0]} or name it in TF_PLUGIN_DIR.",
            )

    def apply(self, tell: Callable[[str], None]) -> dict[str, int]:
        """Makes the environment as infra/ describes it; answers how many resources were `add`ed, `change`d, `remove`d.

        Raises Failed with Terraform's own messages.
        """
        self.init()
        done, faults, summary = 0, [], {"add": 0, "change": 0, "remove": 0}
        state = f"-state={self._home / 'terraform.tfstate'}"
        command = ["apply", "-auto-approve", "-input=false", "-json", "-parallelism=20", state, *self._arguments]
        for event in self._events(*command):
            if event["type"] == "apply_complete":
                done += 1
                tell(f"{done} resources, {event['hook']['resource']['addr']}")
            elif event["type"] == "diagnostic" and event["diagnostic"]["severity"] == "error":
                faults.append(f"{event['diagnostic']['summary']}\n{event['diagnostic'].get('detail', '')}".strip())
            elif event["type"] == "change_summary" and event["changes"]["operation"] == "apply":
                summary = {key: event["changes"][key] for key in summary}
        if faults:
            hint = (
                "If an `up` was killed before, `itemsctl clean` and `itemsctl up` begin anew."
                if self._environment.local
                else ""
            )
            raise Failed("Terraform could not apply infra/:\n" + "\n".join(faults), hint)
        return summary

    def plan(self) -> str:
        """What apply would change, in Terraform's words."""
        self.init()
        state = f"-state={self._home / 'terraform.tfstate'}"
        answer = self._run("plan", "-input=false", state, *self._arguments)
        if answer.returncode:
            raise Failed(f"terraform plan failed:\n{answer.stderr.strip()}")
        return answer.stdout

    def outputs(self) -> dict[str, Any]:
        """Terraform's outputs by name; empty when nothing was applied."""
        answer = self._run("output", "-json", f"-state={self._home / 'terraform.tfstate'}")
        if answer.returncode:
            raise Failed(f"terraform output failed:\n{answer.stderr.strip()}")
        return {name: output["value"] for name, output in json.loads(answer.stdout or "{}").items()}

    def check(self) -> None:
        """Form, validity and plan tests of infra/, without credentials or an environment. Raises Failed."""
        self.init()
        for command in (["fmt", "-check", "-recursive", "-diff"], ["validate"], ["test"]):
            answer = self._run(*command, "-no-color")
            if answer.returncode:
                raise Failed(f"terraform {command[0]} failed:\n{answer.stdout}{answer.stderr}")

    def _settings(self) -> dict[str, str]:
        return self._environment.variables() | {
            "TF_DATA_DIR": str(self._home / "data"),
            "TF_CLI_CONFIG_FILE": str(self._home / "cli.tfrc"),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._program, *arguments],
            cwd=self._folder,
            env=self._settings(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def _events(self, *arguments: str) -> Iterator[dict[str, Any]]:
        with subprocess.Popen(
            [self._program, *arguments],
            cwd=self._folder,
            env=self._settings(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # so that an interrupt reaches it once, from here
        ) as process:
            assert process.stdout
            said, told = [], False
            try:
                for line in process.stdout:
                    if line.startswith("{"):
                        event = json.loads(line)
                        told |= event.get("diagnostic", {}).get("severity") == "error"
                        yield event
                    else:
                        said.append(line)
            except BaseException:
                process.send_signal(signal.SIGINT)  # it finishes what it is at, and writes its state
                raise
            finally:
                process.wait()
        if process.returncode and not told:
            raise Failed(f"terraform {arguments[0]} ended with {process.returncode}:\n{''.join(said).strip()}")


def program() -> str:
    """The path of Terraform. Raises Failed when there is none on PATH or it is too old."""
    found = shutil.which("terraform")
    if not found:
        raise Failed("Terraform was not found.", INSTALL)
    answer = subprocess.run(
        [found, "version", "-json"], capture_output=True, text=True, check=False, env={"CHECKPOINT_DISABLE": "1"}
    )
    match = re.search(r'"terraform_version": "(\d+)\.(\d+)', answer.stdout)
    if not match or (int(match[1]), int(match[2])) < OLDEST:
        raise Failed(f"{found} is not Terraform {OLDEST[0]}.{OLDEST[1]} or newer.", INSTALL)
    return found


def registry_answers(timeout: float = 3.0) -> bool:
    """Whether the provider registry can be reached within `timeout` seconds."""
    try:
        with socket.create_connection((REGISTRY, 443), timeout):
            return True
    except OSError:
        return False


def mirror(named: str | None = None, folders: tuple[str, ...] = (*IMPLIED, *FOLDERS)) -> Path | None:
    """The root of a filesystem mirror that holds the AWS provider, unpacked or packed; None when there is none.

    Args:
        named: a folder that the user named; if it holds none, the others are looked at too.
        folders: where to look, not deeper than DEEPEST levels.
    """
    for folder in [Path(text).expanduser() for text in ([named] if named else []) + list(folders)]:
        for depth in range(DEEPEST):
            pattern = "*/" * depth + f"{PROVIDER}/*"
            try:
                found = next(iter(folder.glob(pattern)), None)
            except OSError:  # a folder that may not be read holds no mirror of ours
                continue
            if found:
                return found.parents[3]
    return None


def _installation(root: Path) -> str:
    path = json.dumps(str(root))
    return (
        "provider_installation {\n"
        f'  filesystem_mirror {{\n    path    = {path}\n    include = ["{PROVIDER}"]\n  }}\n'
        f'  direct {{\n    exclude = ["{PROVIDER}"]\n  }}\n}}\n'
    )
