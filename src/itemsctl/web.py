"""The web app: builds web/ when its sources changed, and serves it locally beside the emulator. Knows no Terraform."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit

from itemsctl.console import Failed
from itemsctl.local import process
from itemsctl.project import Environment

MODULE = "itemsctl.local.site"
MADE = ("node_modules", "dist")
OLDEST = (20, 19)
PACKAGES, BUILT = "web-packages.sha256", "web.sha256"  # in build/: what was installed and built last
READY = 15.0


def missing() -> str | None:
    """Why the web app cannot be built on this machine, None when it can."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return "Node.js was not found"
    found = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip().lstrip("v")
    if tuple(map(int, found.split(".")[:2])) < OLDEST:
        return f"Node.js {found} is too old"
    return None


def build(root: Path, tell: Callable[[str], None]) -> bool:
    """Makes web/dist of what it is made of; answers whether there was anything to do.

    Raises Failed with what npm or Vite said.
    """
    web = root / "web"
    wanted = _digest(root, _sources(web), [root / "contract" / "openapi.yaml"])
    if (web / "dist" / "index.html").exists() and _recorded(root, BUILT) == wanted:
        return False
    install(root, tell)
    tell("vite build")
    _npm(web, "run", "--silent", "build")
    _record(root, BUILT, wanted)
    return True


def check(root: Path, tell: Callable[[str], None]) -> None:
    """Form, lint, types and unit tests of web/. Raises Failed with what they said."""
    install(root, tell)
    tell("npm run check")
    _npm(root / "web", "run", "--silent", "check", lines=200)


def install(root: Path, tell: Callable[[str], None]) -> None:
    """Installs exactly what package-lock.json names, unless that is done."""
    web = root / "web"
    wanted = _digest(root, [web / "package-lock.json", web / "package.json"])
    if (web / "node_modules").exists() and _recorded(root, PACKAGES) == wanted:
        return
    tell("npm ci")
    _npm(web, "ci", "--no-audit", "--no-fund", "--loglevel=error")
    _record(root, PACKAGES, wanted)


def start(environment: Environment, outputs: dict[str, Any]) -> None:
    """Serves web/dist at `web_url`, with the settings of this stack. A server that runs is told of new settings and kept."""
    record = environment.record
    environment.write("site.json", json.dumps(settings(environment.root, outputs), indent=1))
    if "web_pid" in record and process.runs(record["web_pid"], MODULE):
        return
    with (environment.home / "site.log").open("ab") as log:
        source = str(Path(__file__).resolve().parents[1])
        command = [sys.executable, "-P", "-m", MODULE, "--port", str(record["web_port"])]
        command += ["--dist", str(environment.root / "web" / "dist"), "--settings", str(environment.home / "site.json")]
        pid = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([source, *filter(None, [os.environ.get("PYTHONPATH")])])},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ).pid
    environment.write_record({**record, "web_pid": pid})
    _wait(outputs["web_url"], pid, environment.home / "site.log")


def stop(environment: Environment) -> None:
    """Ends the server, if it runs."""
    pid = environment.record.get("web_pid")
    if pid is not None:
        process.stop(pid, module=MODULE)


def settings(root: Path, outputs: dict[str, Any]) -> dict[str, dict[str, str]]:
    """What the server needs: the `headers` that infra/site.tf gives CloudFront, and the app's `config`."""
    api = urlsplit(outputs["api_url"])
    sign_in = outputs["hosted_ui_url"]
    cognito = outputs["endpoint_url"]
    text = (root / "infra" / "site_headers.json").read_text(encoding="utf-8")
    filled = Template(text).substitute(api=f"{api.scheme}://{api.netloc}", sign_in=sign_in, cognito=cognito)
    names = ("api_url", "region", "user_pool_id", "user_pool_client_id", "hosted_ui_url")
    return {
        "headers": {name: "; ".join(parts) for name, parts in json.loads(filled).items()},
        "config": {name: outputs[name] for name in names} | {"cognito_url": cognito},
    }


def _sources(web: Path) -> Iterator[Path]:
    for entry in sorted(web.iterdir()):
        if entry.name not in MADE:
            yield from (entry.rglob("*") if entry.is_dir() else [entry])


def _digest(root: Path, *groups: Iterator[Path] | list[Path]) -> str:
    digest = hashlib.sha256()
    for file in sorted(path for group in groups for path in group if path.is_file()):
        digest.update(f"{file.relative_to(root)}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _recorded(root: Path, name: str) -> str:
    path = root / "build" / name
    return path.read_text(encoding="ascii") if path.exists() else ""


def _record(root: Path, name: str, digest: str) -> None:
    (root / "build").mkdir(exist_ok=True)
    (root / "build" / name).write_text(digest, encoding="ascii")


def _npm(web: Path, *arguments: str, lines: int = 20) -> None:
    answer = subprocess.run(
        ["npm", *arguments], cwd=web, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if answer.returncode:
        said = "\n".join(
            f"{answer.stdout}\n{answer.stderr}".strip().splitlines()[:lines]
        )  # npm ends with all its options
        raise Failed(f"npm {arguments[0]} failed in web/:\n{said}", "Mend web/, or see that npm reaches its registry.")


def _wait(url: str, pid: int, log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + READY
    while True:
        try:
            with opener.open(f"{url}/config.json", timeout=5):
                return
        except (urllib.error.URLError, OSError) as error:
            if time.monotonic() > deadline or not process.runs(pid, MODULE):
                raise Failed(f"The web app is not served: {error}", f"Its log is {log}.") from error
            time.sleep(0.05)
