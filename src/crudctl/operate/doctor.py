"""Looks for what could stand in the way of running here or deploying there. Changes nothing.

A check answers what it found, or raises Failed with what to do.
"""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from botocore.exceptions import BotoCoreError, ClientError

from crudctl import processes
from crudctl.build import package
from crudctl.console import Failed
from crudctl.errors import refused
from crudctl.infra import provider, state, terraform
from crudctl.local import stack
from crudctl.project import REGION, Environment
from crudctl.web import build

SKEW = 60.0  # seconds; AWS refuses what is signed five minutes off
CONCURRENCY = 100  # of all functions of the account at once; some new accounts have 10
FULL = 0.8  # of the storage for code
RATE = 100  # requests a second: infra/variables.tf, `throttling`

Check = Callable[[Environment], str]


def run(environment: Environment) -> Iterator[tuple[str, str | Failed]]:
    """The name of each check, and what it found or why it failed, as it is known."""
    for name, check in (TOOLS | (LOCAL if environment.local else AWS)).items():
        try:
            yield name, check(environment)
        except Failed as failure:
            yield name, failure
        except (ClientError, BotoCoreError) as error:
            yield name, refused(error)


def python(environment: Environment) -> str:
    """The Python that runs this, which makes the functions' bytecode."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] == package.LAMBDA_PYTHON:
        return found
    wanted = ".".join(map(str, package.LAMBDA_PYTHON))
    if environment.local:
        return f"{found}; a deploy to AWS needs {wanted}"
    raise Failed(f"{found}, and Lambda runs {wanted}.", f"Install Python {wanted}, then `make clean` and `make up`.")


def terraform_program(environment: Environment) -> str:
    """Terraform's path."""
    return terraform.program(environment.root)


def aws_provider(environment: Environment) -> str:
    """Where Terraform's AWS provider comes from."""
    return provider.source(environment)


def node(_environment: Environment) -> str:
    """Node.js, which builds the web app."""
    if reason := build.missing():
        raise Failed(f"{reason}.", build.NODE)
    return subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()


def ports(environment: Environment) -> str:
    """The local stack's ports: its own, or free ones."""
    found = stack.status(environment)
    if found["healthy"]:
        return f"the stack answers at {found['endpoint_url']}"
    if found["running"]:
        raise Failed(f"The emulator (process {found['pid']}) does not answer.", "Run `crudctl down`, then `up`.")
    chosen = {
        processes.free_port(None, usual, option)
        for usual, option in ((stack.PORT, "--port"), (stack.WEB_PORT, "--web-port"))
    }
    if chosen == {stack.PORT, stack.WEB_PORT}:
        return f"{stack.PORT} and {stack.WEB_PORT} are free"
    return f"of {stack.PORT} and {stack.WEB_PORT} not both are free; `crudctl up` takes others"


def chromium(environment: Environment) -> str:
    """The browser of the tests in tests/e2e."""
    answer = subprocess.run(
        [environment.root / "scripts" / "find-chromium"], capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise Failed("Chromium was not found.", answer.stderr.strip() or "Install it; tests/e2e needs it.")
    return answer.stdout.strip()


def credentials(environment: Environment) -> str:
    """Who the caller is, in which account."""
    caller = environment.client("sts").get_caller_identity()
    return f"{caller['Arn']} in account {caller['Account']}"


def clock(environment: Environment) -> str:
    """This machine's clock, by the Date of AWS's answer to a request that is not signed."""
    opener = urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if environment.local else []))
    url = environment.client("sts").meta.endpoint_url
    try:
        with opener.open(url, timeout=10) as answer:
            said = answer.headers["Date"]
    except urllib.error.HTTPError as error:
        said = error.headers["Date"]
    except OSError as error:
        raise Failed(
            f"{url} does not answer: {error}", "Is the network up, and does a proxy need to be set?"
        ) from error
    skew = abs((datetime.now(UTC) - parsedate_to_datetime(said)).total_seconds())
    if skew > SKEW:
        raise Failed(
            f"It differs from AWS's by {skew:.0f} s; signatures are refused from 300 s.", "Set it, for example by NTP."
        )
    return f"differs from AWS's by {skew:.0f} s"


def region(environment: Environment) -> str:
    """Whether the account has the region, and whether the caller meant it."""
    found = environment.client("apigateway").meta.region_name
    environment.client("lambda").get_account_settings()
    meant = environment.variables().get("AWS_REGION") or environment.variables().get("AWS_DEFAULT_REGION") or REGION
    return found if meant == found else f"{found}; AWS_REGION ({meant}) is not looked at: infra/variables.tf says where"


def quotas(environment: Environment) -> str:
    """What new or full accounts have too little of: concurrency and code storage of Lambda, requests of API Gateway."""
    functions = environment.client("lambda").get_account_settings()
    limit, used = functions["AccountLimit"], functions["AccountUsage"]
    rate = environment.client("apigateway").get_account()["throttleSettings"]["rateLimit"]
    stored = used["TotalCodeSize"] / limit["TotalCodeSize"]
    ask = "Ask for more in the Service Quotas console"
    if limit["UnreservedConcurrentExecutions"] < CONCURRENCY:
        found = limit["UnreservedConcurrentExecutions"]
        raise Failed(f"Lambda runs only {found} functions at once.", f"{ask}: Lambda, Concurrent executions.")
    if stored > FULL:
        raise Failed(f"{stored:.0%} of the storage for code is used.", "Delete versions that no alias needs.")
    if rate < RATE:
        raise Failed(f"API Gateway takes {rate:.0f} requests a second.", f"{ask}: API Gateway, Throttle rate.")
    at_once = limit["UnreservedConcurrentExecutions"]
    return f"{at_once} functions at once, {stored:.0%} of code storage used, {rate:.0f} requests a second"


def gateway_logs(environment: Environment) -> str:
    """Whether a stage with access logs can be made: API Gateway must have a role for it, one for each account and region."""
    settings = (environment.root / "infra" / "envs" / f"{environment.name}.tfvars").read_text(encoding="utf-8")
    if re.search(r"^gateway_logging_role\s*=\s*true", settings, re.MULTILINE):
        return f"the role is {environment.name}'s own"
    if role := environment.client("apigateway").get_account().get("cloudwatchRoleArn"):
        return f"by {role}"
    raise Failed(
        "API Gateway has no role to write logs by in this account and region.",
        f"Set gateway_logging_role = true in infra/envs/{environment.name}.tfvars.",
    )


def state_bucket(environment: Environment) -> str:
    """The bucket of Terraform's state."""
    bucket = state.bucket(environment)
    if not bucket.exists():
        raise Failed(f"There is no {bucket.name}.", f"Run `crudctl bootstrap --env {environment.name}`.")
    holder = bucket.lock(state.KEY)
    return f"{bucket.name}, held by {holder}" if holder else bucket.name


TOOLS: dict[str, Check] = {
    "Python": python,
    "Terraform": terraform_program,
    "AWS provider": aws_provider,
    "Node.js": node,
}
LOCAL: dict[str, Check] = {"ports": ports, "Chromium": chromium}
AWS: dict[str, Check] = {
    "clock": clock,
    "credentials": credentials,
    "region": region,
    "quotas": quotas,
    "gateway logs": gateway_logs,
    "state bucket": state_bucket,
}
