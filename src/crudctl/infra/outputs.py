"""What Terraform has made of an environment: URLs, ids and names, with what only this machine knows."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from crudctl import users
from crudctl.console import Failed
from crudctl.infra.terraform import Terraform
from crudctl.project import Environment
from emulator import process


def read(environment: Environment) -> dict[str, Any]:
    """What `crudctl outputs` prints. Raises Failed when nothing was deployed."""
    return complete(environment, terraform(environment))


def terraform(environment: Environment) -> Terraform:
    if not environment.local:
        return Terraform(environment)
    record = environment.record
    if not record:
        raise Failed("There is no local stack yet.", "Start it with `crudctl up` (or `make up`).")
    return Terraform(environment, {"web_origins": [f"http://127.0.0.1:{record['web_port']}"]})


def complete(environment: Environment, infra: Terraform) -> dict[str, Any]:
    found = infra.outputs()
    if "api_url" not in found:
        where = "crudctl up" if environment.local else f"crudctl deploy --env {environment.name}"
        raise Failed(f"Nothing is deployed to {environment.name} yet.", f"Run `{where}`.")
    found["endpoint_url"] = environment.endpoint_url
    if environment.local:
        api = urlsplit(found["api_url"])
        assert api.hostname
        found["api_url"] = process.api_url(
            environment.record["port"], api.hostname.partition(".")[0], api.path.strip("/")
        )
        found["hosted_ui_url"] = environment.endpoint_url
        found["demo_users"] = users.demo_users(environment)
    return found
