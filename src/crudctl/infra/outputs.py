"""The outputs of an environment: Terraform's, completed by what only this machine knows."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from crudctl import users
from crudctl.console import Failed
from crudctl.infra.terraform import Terraform
from crudctl.project import Environment
from emulator import process


def read(environment: Environment) -> dict[str, Any]:
    """Return what `crudctl outputs --json` prints. Raise Failed when nothing is deployed."""
    return complete(environment, terraform(environment))


def terraform(environment: Environment) -> Terraform:
    """Return the Terraform of infra/ with the variables of an environment."""
    if not environment.local:
        return Terraform(environment)
    return Terraform(environment, {"web_origins": [web_origin(environment)]})


def web_origin(environment: Environment) -> str:
    """Return where the local web app is served. Raise Failed when the local stack was never started."""
    record = environment.record
    if not record:
        raise Failed("There is no local stack yet.", "Start it with `crudctl up` (or `make up`).")
    return f"http://127.0.0.1:{record['web_port']}"


def complete(environment: Environment, infra: Terraform) -> dict[str, Any]:
    """Return Terraform's outputs, for the local stack with the addresses of its two servers and with the demo users."""
    result = infra.outputs()
    if "api_url" not in result:
        where = "crudctl up" if environment.local else f"crudctl deploy --env {environment.name}"
        raise Failed(f"Nothing is deployed to {environment.name} yet.", f"Run `{where}`.")
    result["endpoint_url"] = environment.endpoint_url
    if environment.local:
        api = urlsplit(result["api_url"])
        assert api.hostname
        result["api_url"] = process.api_url(
            environment.record["port"], api.hostname.partition(".")[0], api.path.strip("/")
        )
        result["web_url"] = web_origin(environment)
        result["hosted_ui_url"] = environment.endpoint_url
        result["demo_users"] = users.demo_users(environment)
    return result
