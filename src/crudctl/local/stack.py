"""Start, stop and describe the local stack. Everything it keeps is in the project's .local folder."""

from __future__ import annotations

import hashlib
import shutil
import time
import urllib.error
import urllib.request
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.text import Text

from crudctl import processes, users
from crudctl.build import contract, service, unchanged
from crudctl.console import Failed, err, step
from crudctl.infra import outputs, terraform
from crudctl.infra.terraform import Terraform
from crudctl.naming import SOURCE
from crudctl.project import Environment
from crudctl.release import rollout, survey, versions, web_app
from crudctl.release.cloud import cloud_of
from crudctl.web import build, builds, serve
from emulator import process

PORT, WEB_PORT = 4566, 4580
READY = 120.0  # seconds for the emulator, and for the first real request; an emulator that has ended is not waited for
GATEWAY = "gateway"  # the folder with what Terraform reads of two contracts, in the home of the stack
BUSY = 10.0  # seconds in which an emulator at work responds to a look at its status
READ_ONLY = ("ClientSecret", "CreationDate", "LastModifiedDate")  # of an app client, which UpdateUserPoolClient refuses


def up(environment: Environment, port: int | None, web_port: int | None, *, hold: bool = False) -> dict[str, Any]:
    """Start the local stack and return its outputs. Parts that are up to date are left alone.

    Args:
        port, web_port: Where to listen. None means the port of the last time, else 4566 and 4580, else any free port.
        hold: Leave the aliases where they are, for a release to move them.

    Raises Failed, with what to do, when a port is taken, a program is missing or Terraform fails.
    """
    if port is not None and port == web_port:
        raise Failed(f"Port {port} cannot serve both the AWS APIs and the web app.", "Choose another with --web-port.")
    terraform.program(environment.root)  # before anything is started
    with environment.alone(), ThreadPoolExecutor(1) as beside:
        _refuse_another_name(environment)
        with step("Package the functions"):
            unchanged.build(environment.root)
        web = _begin_web(environment, beside)
        infra, applied = _applied(environment, port, web_port)
        result = outputs.complete(environment, infra)
        with step("Put the newest version in service and create the demo users"):
            if not hold:
                versions.put_newest_in_service(environment, result["functions"])
            users.create(environment, result["user_pool_id"])
            _return_from_sign_in_to(environment, result)
        if rollout.narrows(cloud_of(environment, result["functions"])):
            infra, applied = _start_and_apply(environment, port, web_port)
        _call_every_operation(environment, infra, result["functions"], applied=applied)
        _serve_web(environment, result, web)
        with step("Wait for a real request"):
            _wait(environment, result)
    return result


def _refuse_another_name(environment: Environment) -> None:
    """Raise Failed if the stack was made with another name or in another region: everything in it would be made anew."""
    names, made = {"prefix": environment.prefix, "region": environment.region}, environment.record
    if not environment.read("applied") or not made.keys() >= names.keys() or {key: made[key] for key in names} == names:
        return
    raise Failed(
        f"The local stack holds {made['prefix']} in {made['region']}; the project is now {names['prefix']} in {names['region']}.",
        f"Delete it and its data with `crudctl clean`, or undo the change in {SOURCE}.",
    )


def _call_every_operation(
    environment: Environment, infra: Terraform, functions: dict[str, str], *, applied: bool
) -> None:
    """Call every operation once. If one fails and nothing was applied, apply: somebody may have changed what Terraform manages.

    Raise Failed, with the operations that fail and why, if that does not help.
    """
    with step("Call every operation"):
        wrong = survey.failures(environment, functions)
    if wrong and not applied:
        err.print(
            Text.assemble(("Applying again, because not every operation works:", "yellow"), f" {'; '.join(wrong)}")
        )
        _apply(environment, infra)
        with step("Call every operation again"):
            wrong = survey.failures(environment, functions)
    if wrong:
        count = f"{len(wrong)} functions do not work" if len(wrong) > 1 else "A function does not work"
        hint = (
            "If a permission is missing, see `actions` in infra/functions.tf; `crudctl logs --status 5xx` shows more."
        )
        raise Failed(f"{count}:\n" + "\n".join(f"  {line}" for line in wrong), hint)


def _begin_web(environment: Environment, beside: Executor) -> Future[bool] | None:
    """Begin to build the web app, beside all else. Return None, with the reason printed, if it is left out.

    The rest of the stack needs no Node.js.
    """
    if reason := build.missing(environment.root):
        err.print(Text.assemble(("Skipping the web app:", "yellow"), f" {reason.message} {reason.hint}"))
        return None
    return beside.submit(build.build, environment.root, lambda _: None)


def _serve_web(environment: Environment, result: dict[str, Any], building: Future[bool] | None) -> None:
    """Serve the web app when it is built, unless it is left out: the build that belongs to the functions in service."""
    if building is None:
        return
    with step("Build and serve the web app"):
        building.result()
        build = web_app.follow(environment, cloud_of(environment, result["functions"]))
        serve.start(environment, result)
    if build != builds.name_of(environment.root / "web" / "dist"):
        err.print("The web app stays at the build of the functions in service until the newer ones are released.")


def down(environment: Environment) -> bool:
    """Stop the web server and the emulator, which saves its state. Return whether it was running."""
    with environment.alone():
        return _stop(environment)


def clean(environment: Environment) -> None:
    """Stop the local stack and delete everything it keeps."""
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
    """Return the state of the local stack, with None for what is not known.

    The keys are `running`, `healthy` (it responds), `pid`, `since`, `endpoint_url`, `applied` (when the last apply ended) and
    `state_bytes`.
    """
    record = environment.record
    running = _runs(environment)
    state, applied = environment.home / "state", environment.home / "applied"
    return {
        "running": running,
        "healthy": running and _responds(record["port"], record["pid"]),
        "pid": record["pid"] if running else None,
        "since": record["started"] if running else None,
        "endpoint_url": environment.endpoint_url if record else None,
        "applied": datetime.fromtimestamp(applied.stat().st_mtime, UTC).isoformat(timespec="seconds")
        if applied.exists()
        else None,
        "state_bytes": sum(file.stat().st_size for file in state.rglob("*") if file.is_file()) if state.exists() else 0,
    }


def _inputs(environment: Environment) -> str:
    """Return a digest of the files that an apply reads. Terraform takes ten seconds to find that nothing changed.

    Process ids, ports and the folder are not part of it: a stack that was stopped, or copied, is as it was applied.
    """
    files = [
        environment.root / "build" / name for name in ("functions.zip", "rollback.zip", "openapi.json", "service.json")
    ]
    files += (environment.home / GATEWAY).glob("*.json")
    files += (
        path
        for path in (environment.root / "infra").rglob("*")
        if path.suffix in (".tf", ".tfvars", ".json", ".css", ".svg", ".png")
    )
    digest = hashlib.sha256()
    for file in sorted(files):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        name = file.relative_to(environment.root if environment.root in file.parents else environment.home)
        digest.update(f"{name}\0{content}\n".encode())
    return digest.hexdigest()


def _code() -> str:
    """Return a digest of the servers' code: those that run keep the code that they were started with."""
    source = Path(process.__file__).parents[1]
    files = [*(source / "emulator").rglob("*.py"), source / "crudctl/web/server.py", source / "crudctl/web/content.py"]
    digest = hashlib.sha256((source.parent / "requirements.txt").read_bytes())  # which pins MiniStack
    for file in sorted(files):
        digest.update(f"{file.relative_to(source)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def _return_from_sign_in_to(environment: Environment, result: dict[str, Any]) -> None:
    """Let the sign-in page return to where the web app is served now.

    Terraform registers the address that the web app had at the last apply; another port needs no apply.
    """
    cognito, urls = environment.client("cognito-idp"), [f"{result['web_url']}/"]
    key = {"UserPoolId": result["user_pool_id"], "ClientId": result["user_pool_client_id"]}
    client = cognito.describe_user_pool_client(**key)["UserPoolClient"]
    if client["CallbackURLs"] != urls:
        settings = {name: value for name, value in client.items() if name not in READ_ONLY and value != ""}
        cognito.update_user_pool_client(**settings | {"CallbackURLs": urls, "LogoutURLs": urls})


def _start(environment: Environment, port: int | None, web_port: int | None) -> None:
    record, code = environment.record, _code()
    running = _runs(environment)
    # An older version has no secret, and another version's code does what that did.
    if running and process.root_secret(environment.home / "state") and record.get("code") == code:
        if port not in (None, record["port"]) or web_port not in (None, record["web_port"]):
            raise Failed(
                f"The local stack is already running on port {record['port']}.",
                "Stop it with `crudctl down`, then choose another port.",
            )
        process.wait_ready(record["port"], READY, record["pid"])
        return
    if running:
        err.print("The emulator and the web server are of another version: starting them again.")
    _stop(environment)  # an emulator that a killed `up` started but did not record would hold the state
    chosen = processes.free_port(port, record.get("port", PORT), "--port", web_port)
    chosen_web = processes.free_port(web_port, record.get("web_port", WEB_PORT), "--web-port", chosen)
    log = environment.home / "emulator.log"
    pid = process.start(chosen, environment.home / "state", log, environment.region)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    environment.write_record(
        {
            **environment.record,
            **{"port": chosen, "web_port": chosen_web, "pid": pid, "started": started, "code": code},
            **{"prefix": environment.prefix, "region": environment.region},
        }
    )
    try:
        process.wait_ready(chosen, READY, pid)
    except process.EmulatorUnavailable as error:
        process.stop(pid)
        last = "".join(log.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)[-5:])
        hint = f"Its log is {log}. If another program has taken port {chosen} meanwhile, try again."
        raise Failed(f"The emulator did not start: {error}\n{last}".rstrip(), hint) from error


def _applied(environment: Environment, port: int | None, web_port: int | None) -> tuple[Terraform, bool]:
    """Start the emulator and apply infra/ as `_start_and_apply` does, from the beginning if nothing was ever in use."""
    if environment.read("applied"):
        return _start_and_apply(environment, port, web_port)
    _discard_incomplete(environment)
    try:
        return _start_and_apply(environment, port, web_port)
    except terraform.Unknown:
        lost = ("A response from the emulator was lost.", "yellow")
        err.print(Text.assemble(lost, " Nothing is in use yet; starting over."))
        _discard_incomplete(environment)
        return _start_and_apply(environment, port, web_port)


def _start_and_apply(environment: Environment, port: int | None, web_port: int | None) -> tuple[Terraform, bool]:
    """Start the emulator and apply infra/ to it where needed. Return the Terraform of the stack, and whether it was applied.

    The gateway has what only adds before the functions are in service, and loses what is removed after that.
    """
    with step("Start the emulator"):
        _start(environment, port, web_port)
    infra = outputs.terraform(environment)
    prepared = rollout.prepare(environment, infra.outputs(), contract.read(environment.root))
    infra = infra.given(prepared.write(environment.home / GATEWAY))
    applied = _inputs(environment) != environment.read("applied") or not environment.record.get("saved", True)
    if applied:
        for line in prepared.lines:
            err.print(line, markup=False, highlight=False)
        _apply(environment, infra)
    values = infra.outputs()
    rollout.complete(cloud_of(environment, values["functions"]), prepared)
    return infra, applied


def _apply(environment: Environment, infra: Terraform) -> None:
    inputs = _inputs(environment)
    environment.write_record({**environment.record, "saved": False})  # an apply that fails may have changed a part
    with step("Apply infra/ with Terraform") as progress:
        infra.apply(progress)
    environment.write("applied", inputs)
    environment.write_record({**environment.record, "saved": True})


def _stop(environment: Environment) -> bool:
    """Stop both servers and return whether the emulator was running.

    An emulator that was killed may have lost its last changes. Then `saved` in the record is false, and the next `up` applies.
    """
    serve.stop(environment)
    running = process.serving(environment.home / "state")
    for pid in running:
        try:
            process.stop(pid)
        except process.EmulatorUnavailable as error:
            raise Failed(f"The emulator did not stop: {error}", f"End process {pid} yourself.") from error
    record = environment.record
    if "pid" in record:
        saved = bool(running) and record.get("saved", True)
        ended = {key: record[key] for key in ("port", "web_port", "prefix", "region") if key in record}
        environment.write_record(ended | {"saved": saved})
    return bool(running)


def _discard_incomplete(environment: Environment) -> None:
    """Delete what an `up` left behind that never completed an apply.

    A killed Terraform may have created resources that are not in its state, and would fail on them. Nobody has used them yet.
    """
    _stop(environment)
    shutil.rmtree(environment.home / "state", ignore_errors=True)
    for state in (environment.home / "terraform").glob("*terraform.tfstate*"):
        state.unlink()


def _runs(environment: Environment) -> bool:
    """Whether the recorded process is an emulator that serves this environment. Its id may have been reused."""
    return process.serves(environment.record.get("pid", 0), environment.home / "state")


def _responds(port: int, pid: int) -> bool:
    try:
        process.wait_ready(port, BUSY, pid)
    except process.EmulatorUnavailable:
        return False
    return True


def _wait(environment: Environment, result: dict[str, Any]) -> None:
    """Return once a signed-in request gets a 200. Raise Failed after READY seconds."""
    user = result["demo_users"][0]
    token = users.token(environment, result["user_pool_id"], user["username"], user["password"])
    url = f"{result['api_url']}/{service.load(environment.root).collection}?limit=1"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + READY
    while True:
        try:
            with opener.open(request, timeout=10):
                return
        except (urllib.error.URLError, OSError) as error:
            if time.monotonic() > deadline:
                body = error.read().decode(errors="replace") if isinstance(error, urllib.error.HTTPError) else ""
                hint = "See `crudctl logs` and .local/emulator.log."
                raise Failed(f"The API does not respond: {error} {body}".strip(), hint) from error
            time.sleep(0.5)
