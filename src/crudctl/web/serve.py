"""Run the local web server beside the emulator, with the settings of the stack. Knows no Terraform."""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit

from crudctl.console import Failed
from crudctl.project import Environment
from crudctl.web.builds import SITE
from emulator import process

MODULE = "crudctl.web.server"
READY = 60.0
HSTS = "max-age=0"  # browsers do not use it on plain HTTP; infra/site.tf makes it of the variable `hsts`


def start(environment: Environment, outputs: dict[str, Any]) -> None:
    """Serve the build in service at `web_url` with the settings of this stack. A running server is kept: it reads both again."""
    record = environment.record
    environment.write("site.json", json.dumps(settings(environment.root, outputs), indent=1))
    if "web_pid" in record and process.runs(record["web_pid"], MODULE):
        return
    command = [sys.executable, "-P", "-m", MODULE, "--port", str(record["web_port"])]
    command += ["--dist", str(environment.home / SITE), "--settings", str(environment.home / "site.json")]
    pid = process.start_server(command, environment.home / "site.log")
    environment.write_record({**record, "web_pid": pid})
    _wait(outputs["web_url"], settings(environment.root, outputs)["config"], pid, environment.home / "site.log")


def stop(environment: Environment) -> None:
    """Stop the server if it is running."""
    pid = environment.record.get("web_pid")
    if pid is not None:
        process.stop(pid, module=MODULE)


def settings(root: Path, outputs: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the `headers` that infra/site.tf gives CloudFront, and the app's `config`."""
    api = urlsplit(outputs["api_url"])
    sign_in = outputs["hosted_ui_url"]
    cognito = outputs["endpoint_url"]
    text = (root / "infra" / "site_headers.json").read_text(encoding="utf-8")
    addresses = {"api": f"{api.scheme}://{api.netloc}", "sign_in": sign_in, "cognito": cognito}
    filled = Template(text).substitute(addresses, hsts=HSTS)
    names = ("api_url", "region", "user_pool_id", "user_pool_client_id", "hosted_ui_url", "sign_up")
    return {
        "headers": {name: "; ".join(parts) for name, parts in json.loads(filled).items()},
        "config": {name: outputs[name] for name in names}
        | {"cognito_url": cognito}
        | {
            name: outputs.get(name) for name in ("trash_days", "password_rules")
        },  # Terraform has no output that is null
    }


def _wait(url: str, config: Mapping[str, Any], pid: int, log: Path) -> None:
    """Return once the app is served with the settings of this stack: another server may have taken the port meanwhile."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + READY
    while True:
        try:
            with opener.open(f"{url}/config.json", timeout=5) as response:
                if json.load(response) == config:
                    return
                reason = f"another program responds at {url}"
        except (urllib.error.URLError, OSError, ValueError) as error:
            reason = str(error)
        if time.monotonic() > deadline or not process.runs(pid, MODULE):
            raise Failed(f"The web server did not start: {reason}.", f"See its log, {log}.")
        time.sleep(0.05)
