"""Runs Terraform on the project's infra/, and says how far it is. Where its parts come from is in download and provider.

The state of the local stack is a file in its home, that of an AWS environment in its bucket (aws/state.py).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crudctl.console import Failed
from crudctl.infra import download, provider, state
from crudctl.project import Environment

OLDEST = (1, 11)  # infra/versions.tf: required_version
COUNTS = ("add", "change", "remove")
STALLED = 120  # seconds that no resource of the local stack takes: its answer was lost
PATIENCE = "-lock-timeout=60s"  # for a Terraform whose crudctl was killed, and which still ends what it had begun
PLANNED = re.compile(r"^Plan: (\d+) to add, (\d+) to change, (\d+) to destroy", re.MULTILINE)


@dataclass(frozen=True)
class Plan:
    """What an apply would do: in Terraform's words, how many resources it is about, and the file that holds it."""

    text: str
    changes: int
    file: Path


class Unknown(Failed):
    """There is something already that Terraform was to make and does not know: the answer to a request was lost."""


class Terraform:
    """Terraform on a root of the project, with the state and settings of one environment.

    Args:
        environment: which one.
        variables: values for Terraform's variables beside those in infra/envs.
        root: `infra`, or a folder of it that is a root of its own.
    """

    def __init__(self, environment: Environment, variables: dict[str, Any] | None = None, root: str = "infra") -> None:
        self._environment = environment
        self._source = environment.root / root
        self._home = environment.home / "terraform" / Path(root).relative_to("infra")
        self._folder = self._source if environment.local else environment.home / root
        self._key = state.KEY if root == "infra" else f"{self._source.name}.tfstate"
        self._program = program(environment.root)
        settings = self._source / "envs" / f"{environment.name}.tfvars"
        self._arguments = [f"-var-file={settings.relative_to(self._source)}"] if settings.exists() else []
        self._arguments += [f"-var={name}={json.dumps(value)}" for name, value in (variables or {}).items()]
        self._where = [f"-state={self._home / 'terraform.tfstate'}"] if environment.local else []

    def init(self) -> None:
        """Installs the provider, from the registry or from a mirror on this machine, and finds the state. Raises Failed."""
        self._home.mkdir(parents=True, exist_ok=True)
        provider.choose(self._environment, self._home)
        command = ["init", "-input=false", "-no-color"]
        if not self._environment.local:
            settings = state.bucket(self._environment).backend(self._key)
            command += ["-reconfigure", *(f"-backend-config={name}={value}" for name, value in settings.items())]
            state.lay_out(self._source, self._folder, self._environment)
        answer = self._run(*command)
        lock = self._folder / ".terraform.lock.hcl"
        if answer.returncode and self._environment.local and lock.exists():
            lock.unlink()  # it was another machine's, or names a version that can no longer be had
            answer = self._run(*command)
        if answer.returncode:
            raise Failed(f"terraform init failed:\n{answer.stderr.strip()}", provider.HINT)

    def apply(self, tell: Callable[[str], None], plan: Plan | None = None) -> dict[str, int]:
        """Makes the environment as infra/ describes it; answers how many resources were `add`ed, `change`d, `remove`d.

        Args:
            tell: is told how far it is.
            plan: does exactly this, if given.

        Raises Failed with Terraform's own messages, Unknown when all that failed is what exists already.
        """
        if plan is None:
            self.init()
        done, planned, faults, summary = 0, plan.changes if plan else 0, [], dict.fromkeys(COUNTS, 0)
        command = ["apply", "-auto-approve", "-input=false", "-json", "-parallelism=20", *self._patience, *self._where]
        for event in self._events(*command, *([str(plan.file)] if plan else self._arguments)):
            kind = event["type"]
            if kind == "change_summary":
                summary = {key: event["changes"][key] for key in COUNTS}
                planned = planned or sum(summary.values())
            elif kind == "apply_complete" and event["hook"]["action"] != "read":
                done += 1
                tell(f"{done} of {planned}, {event['hook']['resource']['addr']}")
            elif kind == "diagnostic" and event["diagnostic"]["severity"] == "error":
                faults.append(f"{event['diagnostic']['summary']}\n{event['diagnostic'].get('detail', '')}".strip())
        if faults:
            self._see_lock(faults[0])
            hint = (
                "If an `up` was killed before, `crudctl clean` and `crudctl up` begin anew."
                if self._environment.local
                else "Mend it and deploy again: what was applied is in the state."
            )
            kind = Unknown if all("AlreadyExists" in fault for fault in faults) else Failed
            raise kind("Terraform could not apply infra/:\n" + "\n".join(faults), hint)
        return summary

    def plan(self, lock: bool = True) -> Plan:
        """What apply would change. The file of the plan is overwritten by the next, and may hold secrets.

        Args:
            lock: keep others from changing the state meanwhile, for which one must be allowed to write to its bucket.
        """
        self.init()
        file = self._home / "plan"
        command = ["plan", "-input=false", "-no-color", f"-out={file}", f"-lock={json.dumps(lock)}", *self._patience]
        answer = self._run(*command, *self._where, *self._arguments)
        if answer.returncode:
            self._see_lock(answer.stderr)
            raise Failed(f"terraform plan failed:\n{answer.stderr.strip()}")
        file.chmod(0o600)
        text = answer.stdout.partition("\n───")[0].strip()
        found = PLANNED.search(text)
        return Plan(text, sum(map(int, found.groups())) if found else 0, file)

    def outputs(self) -> dict[str, Any]:
        """Terraform's outputs by name; empty when nothing was applied."""
        if not self._environment.local:
            self.init()
        answer = self._run("output", "-json", *self._where)
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

    @property
    def _patience(self) -> list[str]:
        """The local state is held for moments; of another one it is told at once who holds it."""
        return [PATIENCE] if self._environment.local else []

    def _see_lock(self, fault: str) -> None:
        """Raises Failed with who holds the state, if that is what a fault is about."""
        if not self._environment.local and "acquiring the state lock" in fault:
            state.bucket(self._environment).refuse_while_held(self._key)

    def _settings(self) -> dict[str, str]:
        config = provider.settings_file(self._home)
        return (
            self._environment.variables()
            | ({"TF_CLI_CONFIG_FILE": str(config)} if config.exists() else {})
            | {"TF_DATA_DIR": str(self._home / "data"), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        )

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
        """Terraform's own events. Raises Failed when it ends badly without an event that says why."""
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
                        if self._environment.local and event.get("hook", {}).get("elapsed_seconds", 0) >= STALLED:
                            os.killpg(process.pid, signal.SIGKILL)  # an interrupted Terraform would wait for the answer
                            addr = event["hook"]["resource"]["addr"]
                            raise Unknown(f"The emulator has not answered for {STALLED} s ({addr}).", "Run it again.")
                        yield event
                    else:
                        said.append(line)
            except BaseException:
                process.send_signal(signal.SIGINT)  # it finishes what it is at, and writes its state
                process.stdout.read()  # a full pipe would keep it from ending
                raise
            finally:
                process.wait()
        if process.returncode and not told:
            words = "".join(said).strip() or "It said nothing; was it killed?"
            raise Failed(f"terraform {arguments[0]} ended with {process.returncode}:\n{words}")


def program(root: Path) -> str:
    """The path of Terraform: the one on PATH, or the pinned release, fetched for the project at `root` once.

    Raises Failed when the one on PATH is too old, or there is none and none can be fetched.
    """
    found = shutil.which("terraform")
    if not found:
        return str(download.terraform(root / ".local" / "tools"))
    answer = subprocess.run(
        [found, "version", "-json"], capture_output=True, text=True, check=False, env={"CHECKPOINT_DISABLE": "1"}
    )
    match = re.search(r'"terraform_version": "(\d+)\.(\d+)', answer.stdout)
    if not match or (int(match[1]), int(match[2])) < OLDEST:
        raise Failed(f"{found} is not Terraform {OLDEST[0]}.{OLDEST[1]} or newer.", download.INSTALL)
    return found
