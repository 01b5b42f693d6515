"""The local stack: up, down, clean and how it is. Everything it keeps is in the project's .local folder."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any

from crudctl import processes, users
from crudctl.build import package
from crudctl.console import Failed, err, step
from crudctl.infra import outputs, terraform
from crudctl.infra.terraform import Terraform
from crudctl.project import Environment
from crudctl.release import aliases
from crudctl.web import build, serve
from emulator import process

PORT, WEB_PORT = 4566, 4580
READY = 60.0  # seconds for the emulator, and for the first real request


def up(environment: Environment, port: int | None, web_port: int | None, *, hold: bool = False) -> dict[str, Any]:
    """Brings the local stack up and answers its outputs. What is up already is left as it is.

    Args:
        port, web_port: where to listen; None: where it did last time, else 4566 and 4580, else where there is room.
        hold: leave the aliases where they are; a release is to move them.

    Raises Failed with what to do when a port is taken, a program is missing or Terraform fails.
    """
    terraform.program(environment.root)  # before anything is started
    with environment.alone():
        with step("Package the functions"):
            package.build_or_fail(environment.root)
        if not environment.read("applied"):
            _forget_half(environment)
        try:
            infra = _applied(environment, port, web_port)
        except terraform.Unknown:
            if environment.read("applied"):
                raise
            err.print(
                "[yellow]An answer of the emulator was lost.[/] Nothing is in use yet: once more from the beginning."
            )
            _forget_half(environment)
            infra = _applied(environment, port, web_port)
        found = outputs.complete(environment, infra)
        with step("Make the newest version and the demo users ready"):
            if not hold:
                aliases.point_to_newest(environment, found["functions"])
            users.create(environment, found["user_pool_id"])
        _serve_web(environment, found)
        with step("Wait for a real request"):
            _wait(environment, found)
    return found


def _serve_web(environment: Environment, found: dict[str, Any]) -> None:
    """Builds and serves the web app; without Node.js the rest of the stack does without."""
    reason = build.missing()
    if reason:
        err.print(f"[yellow]The web app is left out:[/] {reason}. {build.NODE}")
        return
    with step("Build and serve the web app") as tell:
        build.build(environment.root, tell)
        serve.start(environment, found)


def down(environment: Environment) -> bool:
    """Stops the web server and the emulator, which saves its state; answers whether it ran."""
    with environment.alone():
        return _stop(environment)


def clean(environment: Environment) -> None:
    """Stops the emulator and forgets all it knew."""
    with environment.alone():
        _stop(environment)
        for entry in environment.home.iterdir():
            if entry.name == "lock":
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()


def status(environment: Environment) -> dict[str, Any]:
    """How the local stack is: `running`, `healthy` (it answers), `pid`, `since`, `endpoint_url`, `applied` (when the last
    apply ended), `state_bytes`. What there is not is None.
    """
    record = environment.record
    running = _runs(environment)
    state, applied = environment.home / "state", environment.home / "applied"
    return {
        "running": running,
        "healthy": running and _answers(record["port"]),
        "pid": record["pid"] if running else None,
        "since": record["started"] if running else None,
        "endpoint_url": environment.endpoint_url if record else None,
        "applied": datetime.fromtimestamp(applied.stat().st_mtime, UTC).isoformat(timespec="seconds")
        if applied.exists()
        else None,
        "state_bytes": sum(file.stat().st_size for file in state.rglob("*") if file.is_file()) if state.exists() else 0,
    }


def _inputs(environment: Environment) -> str:
    """A digest of all that an apply depends on: what it reads, and which run of the emulator it was for.

    Terraform takes ten seconds to find that nothing changed, most of it for its provider's schema. An emulator that was
    started anew may have lost its last seconds, so it is always applied to.
    """
    files = [environment.root / "build" / name for name in ("functions.zip", "rollback.zip", "openapi.json")]
    files += (path for path in (environment.root / "infra").rglob("*") if path.suffix in (".tf", ".tfvars", ".json"))
    emulator = {key: value for key, value in environment.record.items() if key != "web_pid"}
    digest = hashlib.sha256(json.dumps(emulator, sort_keys=True).encode())
    for file in sorted(files):
        digest.update(f"{file}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _start(environment: Environment, port: int | None, web_port: int | None) -> None:
    record = environment.record
    if _runs(environment):
        if port not in (None, record["port"]) or web_port not in (None, record["web_port"]):
            raise Failed(
                f"It is running on port {record['port']}.", "Stop it with `crudctl down`, then choose another."
            )
        process.wait_ready(record["port"], READY, record["pid"])
        return
    _stop(environment)  # one that a killed `up` had started, and not yet recorded, would hold the state
    chosen = processes.free_port(port, record.get("port", PORT), "--port")
    chosen_web = processes.free_port(web_port, record.get("web_port", WEB_PORT), "--web-port")
    log = environment.home / "emulator.log"
    pid = process.start(chosen, environment.home / "state", log)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    environment.write_record({"port": chosen, "web_port": chosen_web, "pid": pid, "started": started})
    try:
        process.wait_ready(chosen, READY, pid)
    except process.EmulatorUnavailable as error:
        process.stop(pid)
        last = "".join(log.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)[-5:])
        raise Failed(f"The emulator did not start: {error}\n{last}", f"Its log is {log}.") from error


def _applied(environment: Environment, port: int | None, web_port: int | None) -> Terraform:
    """Starts the emulator and applies infra/ to it, where that is needed."""
    with step("Start the emulator"):
        _start(environment, port, web_port)
    infra = outputs.terraform(environment)
    inputs = _inputs(environment)
    if inputs != environment.read("applied"):
        with step("Apply infra/ with Terraform") as tell:
            infra.apply(tell)
        environment.write("applied", inputs)
    return infra


def _stop(environment: Environment) -> bool:
    serve.stop(environment)
    found = processes.serving(environment.home / "state")
    for pid in found:
        try:
            process.stop(pid)
        except process.EmulatorUnavailable as error:
            raise Failed(f"The emulator did not stop: {error}", f"End process {pid} yourself.") from error
    return bool(found)


def _forget_half(environment: Environment) -> None:
    """Clears away what an `up` left that never got as far as one whole apply.

    A killed Terraform may have made things that it did not note, and would stumble over. Nobody has used them yet.
    """
    _stop(environment)
    shutil.rmtree(environment.home / "state", ignore_errors=True)
    for state in (environment.home / "terraform").glob("*terraform.tfstate*"):
        state.unlink()


def _runs(environment: Environment) -> bool:
    """Whether the recorded emulator is there, and serves this environment: its process id may be another's by now."""
    return environment.record.get("pid") in processes.serving(environment.home / "state")


def _answers(port: int) -> bool:
    try:
        process.wait_ready(port, 2)
    except process.EmulatorUnavailable:
        return False
    return True


def _wait(environment: Environment, found: dict[str, Any]) -> None:
    """Returns when a signed-in request has been answered with 200."""
    user = found["demo_users"][0]
    token = users.token(environment, found["user_pool_id"], user["username"], user["password"])
    request = urllib.request.Request(f"{found['api_url']}/items?limit=1", headers={"Authorization": f"Bearer {token}"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + READY
    while True:
        try:
            with opener.open(request, timeout=10):
                return
        except (urllib.error.URLError, OSError) as error:
            if time.monotonic() > deadline:
                said = error.read().decode(errors="replace") if isinstance(error, urllib.error.HTTPError) else ""
                hint = "See `crudctl logs`, and .local/emulator.log."
                raise Failed(f"The API does not answer: {error} {said}".strip(), hint) from error
            time.sleep(0.5)
