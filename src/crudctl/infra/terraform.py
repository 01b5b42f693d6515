"""Runs Terraform on the project's infra/ and reports its progress. `download` and `provider` obtain Terraform and its provider.

The state of the local stack is a file in its home, that of an AWS environment is in its bucket (see state).
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from crudctl import locks, naming, processes
from crudctl.console import Failed
from crudctl.infra import download, provider, state
from crudctl.infra.folder import PrivateFolder
from crudctl.project import Environment
from emulator.process import PRIVATE

OLDEST = (1, 11)  # infra/versions.tf: required_version
COUNTS = ("add", "change", "remove")
HOLDERS = ("aws_dynamodb_table", "aws_cognito_user_pool")  # what they hold cannot be made again
STALLED = 120  # seconds; no resource of the local stack takes as long, so its response was lost
PATIENCE = "-lock-timeout=60s"  # for a Terraform that completes its work after its crudctl was killed
SAVED = re.compile(
    r"\n─+\s+Saved the plan to: .*", re.DOTALL
)  # a line like this one also ends what others have changed
DIGITS = 16  # of a plan's digest
MADE, UNCHANGED = ("create", "update", "delete"), (["no-op"], ["read"])


@dataclass(frozen=True)
class Plan:
    """What an apply would do.

    Attributes:
        text: Terraform's description, for people.
        file: the plan itself. It may contain secrets, and is removed with the folder of its Terraform.
        document: Terraform's description for programs: https://developer.hashicorp.com/terraform/internals/json-format
    """

    text: str
    file: Path
    document: Mapping[str, Any]

    @property
    def applicable(self) -> bool:
        """Whether there is anything to apply: resources, but also outputs, imports and what only the state has."""
        return bool(self.document["applyable"])

    @property
    def changes(self) -> int:
        """The number of resources to create, change and delete, as Terraform counts them; 0 if only the state changes."""
        return sum(action in MADE for one in self.resources for action in one["change"]["actions"])

    @property
    def resources(self) -> list[dict[str, Any]]:
        """What becomes of each resource."""
        changes: list[dict[str, Any]] = self.document.get("resource_changes", [])
        return changes

    @property
    def changed(self) -> list[dict[str, Any]]:
        """Those of the resources that would change, also only in the state: by a move, an import or a removal from it."""
        return [
            one
            for one in self.resources
            if one["change"]["actions"] not in UNCHANGED or "previous_address" in one or one["change"].get("importing")
        ]

    @property
    def described(self) -> list[str]:
        """What would change, each in a few words: `update aws_lambda_alias.this`, `update output url`."""
        resources = [(one["change"]["actions"], one["address"]) for one in self.changed]
        outputs = [(change["actions"], f"output {name}") for name, change in self._outputs.items()]
        return [f"{' and '.join(actions)} {what}" for actions, what in resources + outputs]

    @property
    def bodies(self) -> dict[str, str]:
        """Bodies of the REST APIs that the state has, by id.

        The provider writes a body to the state even if the gateway refuses it, and does not read it back.
        """
        found = self.document.get("prior_state", {}).get("values", {}).get("root_module", {}).get("resources", [])
        apis = [each["values"] for each in found if each["type"] == "aws_api_gateway_rest_api"]
        return {api["id"]: api["body"] for api in apis if api.get("body")}

    @property
    def digest(self) -> str:
        """Identifies what would become of resources and outputs: two plans with the same digest do the same."""
        places = ("address", "previous_address", "deposed")
        aspects = ("actions", "after", "after_unknown", "importing", "replace_paths")
        changed = [
            {name: one.get(name) for name in places} | {name: one["change"].get(name) for name in aspects}
            for one in self.changed
        ]
        outputs = {
            name: [change["actions"], change.get("after"), change.get("after_unknown")]
            for name, change in self._outputs.items()
        }
        return hashlib.sha256(json.dumps([changed, outputs], sort_keys=True).encode()).hexdigest()[:DIGITS]

    @property
    def _outputs(self) -> dict[str, dict[str, Any]]:
        """Those of the outputs that would change."""
        changes: dict[str, dict[str, Any]] = self.document.get("output_changes", {})
        return {name: change for name, change in changes.items() if change["actions"] not in UNCHANGED}


class Unknown(Failed):
    """Resources exist that Terraform was to create and has no record of: the response to a request was lost."""


class Terraform:
    """Terraform on a root of the project, with the state and settings of one environment.

    On AWS it works in a folder of its own, with a copy of the root: no other command changes what it reads. On the local stack it
    works in the root itself. Plans are in a folder of its own, and are removed with it.

    Args:
        environment: the environment.
        variables: values of Terraform variables in addition to those in infra/envs, and to the service's name and region.
        root: `infra`, or a folder in it that is a root module of its own.
        folder: where to work, with the package in `build`; by default, in a new folder, with what is built in the project.
    """

    def __init__(
        self,
        environment: Environment,
        variables: dict[str, Any] | None = None,
        root: str = "infra",
        folder: PrivateFolder | None = None,
    ) -> None:
        self._environment = environment
        self._source = environment.root / root
        self._home = environment.home / "terraform" / Path(root).relative_to("infra")
        self._key = state.key(environment) if root == "infra" else f"{self._source.name}.tfstate"
        self._program = program(environment.root)
        settings = naming.settings_file(self._source, environment.name)
        self._arguments = [f"-var-file={settings.relative_to(self._source)}"] if settings.exists() else []
        self._variables = variables or {}
        self._where = [f"-state={self._home / 'terraform.tfstate'}"] if environment.local else []
        self._root = root
        self._given = folder

    def given(self, variables: Mapping[str, Any]) -> Terraform:
        """Return the same with values of other variables, in the same folder."""
        other = copy.copy(self)
        other._variables = {**self._variables, **variables}
        return other

    @cached_property
    def _private(self) -> PrivateFolder:
        """The folder of its own."""
        self._environment.make_home()
        return self._given or PrivateFolder(self._environment.home / "runs")

    @property
    def _folder(self) -> Path:
        """Where Terraform runs."""
        return self._source if self._environment.local else self._private.path / self._root

    @property
    def _data(self) -> Path:
        """Where Terraform keeps the backend's settings and the providers."""
        return self._home / "data" if self._environment.local else self._private.path / "data"

    def init(self) -> None:
        """Install the provider and configure the backend. Raise Failed if `terraform init` does."""
        self._environment.make_home()
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locks.held(self._home / "init.lock"):
            provider.choose(self._environment, self._home)
            command, lock = ["init", "-input=false", "-no-color"], self._folder / provider.LOCK
            if not self._environment.local:
                command += self._lay_out()
            result = self._run(*command)
            if result.returncode and lock.exists() and not provider.committed(self._source / provider.LOCK):
                lock.unlink()  # from another machine, or for a version that is no longer available
                result = self._run(*command)
            if result.returncode:
                raise Failed(f"terraform init failed:\n{result.stderr.strip()}", provider.HINT)
            if not self._environment.local and lock.exists():
                shutil.copyfile(lock, self._home / provider.LOCK)

    def _lay_out(self) -> list[str]:
        """Fill the folder of its own, unless it is filled already. Return the arguments that configure the backend."""
        settings = state.bucket(self._environment).backend(self._key)
        if not self._folder.exists():
            state.lay_out(self._source, self._folder, self._home / provider.LOCK)
        build, providers = self._private.path / "build", self._data / "providers"
        if not build.exists():
            build.symlink_to(self._environment.root / "build")
        if not providers.is_symlink():  # they are large, and the same for all
            (self._home / "data" / "providers").mkdir(parents=True, exist_ok=True)
            self._data.mkdir(exist_ok=True)
            providers.symlink_to(self._home / "data" / "providers")
        return ["-reconfigure", *(f"-backend-config={name}={value}" for name, value in settings.items())]

    def apply(self, progress: Callable[[str], None], plan: Plan | None = None) -> dict[str, int]:
        """Change the environment to what infra/ describes. Return the numbers of resources to `add`, `change` and `remove`.

        Args:
            progress: called with the progress, such as `3 of 7, aws_sns_topic.alarms`.
            plan: the plan to apply; by default, a new one.

        Raise Failed with Terraform's own messages, Unknown if every failure is a resource that already exists.
        """
        if plan is None:
            self.init()
        done, planned, faults, summary = 0, plan.changes if plan else 0, [], dict.fromkeys(COUNTS, 0)
        parallel = (
            60 if self._environment.local else 20
        )  # AWS refuses more; here the provider waits 5 s for each of some
        command = [
            "apply",
            "-auto-approve",
            "-input=false",
            "-json",
            f"-parallelism={parallel}",
            *self._patience,
            *self._where,
        ]
        for event in self._events(*command, *([str(plan.file)] if plan else self._inputs)):
            kind = event["type"]
            if kind == "change_summary":
                summary = {key: event["changes"][key] for key in COUNTS}
                planned = planned or sum(summary.values())
            elif kind == "apply_complete" and event["hook"]["action"] != "read":
                done += 1
                progress(f"{done} of {planned}, {event['hook']['resource']['addr']}")
            elif kind == "diagnostic" and event["diagnostic"]["severity"] == "error":
                faults.append(f"{event['diagnostic']['summary']}\n{event['diagnostic'].get('detail', '')}".strip())
        if faults:
            self._check_lock(faults[0])
            hint = self._keep_unsaved_state() or (
                "If an earlier `up` was killed, start again with `crudctl clean` and `crudctl up`."
                if self._environment.local
                else "Fix this and deploy again; the changes that were applied are in the state."
            )
            kind = Unknown if all("AlreadyExists" in fault for fault in faults) else Failed
            raise kind("Terraform could not apply infra/:\n" + "\n".join(faults), hint)
        return summary

    def _keep_unsaved_state(self) -> str:
        """Keep the state that Terraform could not store. Return what to do with it; empty if it was stored.

        https://developer.hashicorp.com/terraform/cli/state/recover
        """
        unsaved = self._folder / "errored.tfstate"
        if self._environment.local or not unsaved.exists():
            return ""
        kept, bucket = self._environment.home / self._key, state.bucket(self._environment).name
        shutil.move(unsaved, kept)
        return (
            f"What was changed is in {kept}, but not in the state that deploys use. Before anybody deploys again, store it with "
            f"`aws s3 cp {kept} s3://{bucket}/{self._key}`, then delete the file."
        )

    def plan(self, lock: bool = True, destroy: bool = False) -> Plan:
        """Return what an apply would change. Raise Failed if Terraform cannot plan.

        Args:
            lock: lock the state meanwhile, which needs permission to write to its bucket.
            destroy: plan to delete everything.
        """
        self.init()
        file = self._private.path / "plan"
        command = ["plan", "-input=false", "-no-color", f"-out={file}", f"-lock={json.dumps(lock)}", *self._patience]
        command += ["-destroy"] if destroy else []
        result = self._run(*command, *self._where, *self._inputs)
        if result.returncode:
            self._check_lock(result.stderr)
            raise Failed(f"terraform plan failed:\n{result.stderr.strip()}")
        shown = self._run("show", "-json", str(file))
        if shown.returncode:
            raise Failed(f"terraform show failed:\n{shown.stderr.strip()}")
        return Plan(SAVED.sub("", result.stdout).strip(), file, json.loads(shown.stdout))

    def environments(self, plan: Plan) -> dict[str, dict[str, str]]:
        """Return the environment variables that a plan gives Lambda functions, as far as it knows them, by function name."""
        planned = [one["change"]["after"] for one in plan.resources if one["type"] == "aws_lambda_function"]
        return {after["function_name"]: _variables(after) for after in planned if after}

    def losses(self, plan: Plan) -> list[str]:
        """Return the addresses of tables and user pools that a plan deletes, also those that it creates again, empty."""
        return [
            one["address"] for one in plan.resources if one["type"] in HOLDERS and "delete" in one["change"]["actions"]
        ]

    def protected(self, plan: Plan) -> list[str]:
        """Return the addresses of what a plan deletes although AWS would refuse that: it is protected from deletion."""
        on = ("deletion_protection", "deletion_protection_enabled")
        deleted = [one for one in plan.resources if "delete" in one["change"]["actions"]]
        return [
            one["address"] for one in deleted if {one["change"]["before"].get(name) for name in on} & {True, "ACTIVE"}
        ]

    def adopt(self, address: str, name: str) -> None:
        """Let the state have the existing resource `name` at an address, instead of what it has there. Nothing else changes.

        Raise Failed if Terraform refuses one of its two steps. Nothing is deleted then, and the next call completes it.
        """
        self.forget(address)
        self._state("import", "-input=false", *self._patience, *self._where, *self._inputs, address, name)

    def forget(self, address: str) -> bool:
        """Let the state no longer have what is at an address. Return whether it had. Nothing is deleted."""
        self.init()
        had = address in self._state("state", "list", *self._where).split()
        if had:
            self._state("state", "rm", *self._patience, *self._where, address)
        return had

    def _state(self, *arguments: str) -> str:
        result = self._run(*arguments)
        if result.returncode:
            self._check_lock(result.stderr)
            hint = "No resource was changed. Fix the reason and run the same command again before the next deploy."
            raise Failed(f"terraform {arguments[0]} failed:\n{result.stderr.strip()}", hint)
        return result.stdout

    def outputs(self) -> dict[str, Any]:
        """Return Terraform's outputs by name; empty if nothing was applied. Needs no provider."""
        if self._environment.local:
            file = self._home / "terraform.tfstate"
            found = state.outputs(file.read_bytes()) if file.exists() else None
            return self._read_outputs(self._source, self._where) if found is None else found
        stored = state.bucket(self._environment).read(self._key)
        if not stored:
            return {}
        if (found := state.outputs(stored)) is not None:
            return found
        with tempfile.TemporaryDirectory() as folder:  # for this user alone
            file = Path(folder) / "terraform.tfstate"
            file.write_bytes(stored)
            return self._read_outputs(Path(folder), [f"-state={file}"])

    def _read_outputs(self, folder: Path, where: list[str]) -> dict[str, Any]:
        data = self._home / "data" if self._environment.local else folder / "data"
        result = processes.run(
            self._program, "output", "-json", *where, cwd=folder, env=self._settings() | {"TF_DATA_DIR": str(data)}
        )
        if result.returncode:
            raise Failed(f"terraform output failed:\n{result.stderr.strip()}")
        return {name: output["value"] for name, output in json.loads(result.stdout or "{}").items()}

    def check(self) -> None:
        """Check the format and validity of infra/ and run its plan tests, without credentials. Raise Failed if one fails."""
        self.init()
        for command in (["fmt", "-check", "-recursive", "-diff"], ["validate"], ["test"]):
            result = self._run(*command, "-no-color")
            if result.returncode:
                raise Failed(f"terraform {command[0]} failed:\n{result.stdout}{result.stderr}")

    @property
    def _inputs(self) -> list[str]:
        """Where the values of the root's variables come from. Raises Failed when the service's name or region is invalid."""
        environment = self._environment
        names = {"name": environment.service_name, "env": environment.name, "region": environment.region}
        # The value of a string's variable is taken as it is, that of any other as an expression.
        values = {
            key: each if isinstance(each, str) else json.dumps(each) for key, each in (names | self._variables).items()
        }
        return [*self._arguments, *(f"-var={key}={value}" for key, value in values.items())]

    @property
    def _patience(self) -> list[str]:
        """The local state is locked only for moments; for another, who holds the lock is reported at once."""
        return [PATIENCE] if self._environment.local else []

    def _check_lock(self, fault: str) -> None:
        """Raise Failed with who holds the state if `fault` is a failure to lock it."""
        if not self._environment.local and "acquiring the state lock" in fault:
            state.bucket(self._environment).refuse_while_held(self._key)

    def _settings(self) -> dict[str, str]:
        config = provider.settings_file(self._home)
        return (
            self._environment.variables()
            | ({"TF_CLI_CONFIG_FILE": str(config)} if config.exists() else {})
            | {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
            | (
                {"GOGC": os.environ.get("GOGC", "400")} if self._environment.local else {}
            )  # a fifth less CPU, more memory
        )

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return processes.run(
            self._program,
            *arguments,
            cwd=self._folder,
            env=self._settings() | {"TF_DATA_DIR": str(self._data)},
            umask=PRIVATE,
            pass_fds=self._locks,
        )

    @property
    def _locks(self) -> tuple[int, ...]:
        """The lock of its folder, for Terraform to hold as long as it runs."""
        return () if self._environment.local else (self._private.lock,)

    def _events(self, *arguments: str) -> Iterator[dict[str, Any]]:
        """Yield Terraform's own events. Raise Failed if it fails without an event that gives the reason."""
        with subprocess.Popen(
            [self._program, *arguments],
            cwd=self._folder,
            env=self._settings() | {"TF_DATA_DIR": str(self._data)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            umask=PRIVATE,  # its state has secrets
            pass_fds=self._locks,
            start_new_session=True,  # so that an interrupt reaches it once, from here
        ) as process:
            assert process.stdout
            output, explained = [], False
            try:
                for line in process.stdout:
                    if line.startswith("{"):
                        event = json.loads(line)
                        explained |= event.get("diagnostic", {}).get("severity") == "error"
                        if self._environment.local and event.get("hook", {}).get("elapsed_seconds", 0) >= STALLED:
                            os.killpg(
                                process.pid, signal.SIGKILL
                            )  # an interrupted Terraform would wait for the response
                            addr = event["hook"]["resource"]["addr"]
                            raise Unknown(f"The emulator has not responded for {STALLED} s ({addr}).", "Run it again.")
                        yield event
                    else:
                        output.append(line)
            except BaseException:
                process.send_signal(signal.SIGINT)  # it completes the requests under way and writes its state
                process.stdout.read()  # it could not end while the pipe is full
                raise
            finally:
                process.wait()
        if process.returncode and not explained:
            text = "".join(output).strip() or "It printed nothing and may have been killed."
            raise Failed(f"terraform {arguments[0]} exited with {process.returncode}:\n{text}")


def program(root: Path) -> str:
    """Return the path of Terraform: the one on PATH, or the pinned release, downloaded once for the project at `root`.

    Raise Failed if the one on PATH is too old, or if there is none and the download fails.
    """
    path = shutil.which("terraform")
    if not path:
        return str(download.terraform(root / ".local" / "tools"))
    result = processes.run(path, "version", "-json", env={"CHECKPOINT_DISABLE": "1"})
    match = re.search(r'"terraform_version": "(\d+)\.(\d+)', result.stdout)
    if not match or (int(match[1]), int(match[2])) < OLDEST:
        raise Failed(f"{path} is not Terraform {OLDEST[0]}.{OLDEST[1]} or newer.", download.INSTALL)
    return path


def _variables(function: dict[str, Any]) -> dict[str, str]:
    """Return the environment of a function as Terraform describes it: a list of no or one block."""
    return {
        name: value
        for block in function.get("environment") or []
        for name, value in (block.get("variables") or {}).items()
    }
