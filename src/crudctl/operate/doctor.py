"""Checks the requirements of running locally and of deploying to an account. Changes nothing.

A check returns its result in words, or raises Failed with what to do.
"""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

from crudctl import naming, processes
from crudctl.build import package
from crudctl.console import Failed
from crudctl.infra import provider, state, terraform, tfvars
from crudctl.local import stack
from crudctl.naming import SOURCE, settings_file
from crudctl.operate import day_one
from crudctl.project import Environment
from crudctl.refusals import refused
from crudctl.web import build

SKEW = 60.0  # seconds; AWS rejects a signature whose time differs by five minutes
CONCURRENCY = (
    100  # concurrent executions of all functions in the account; some new accounts have 10, until they ask for more
)
FULL = 0.8  # of the code storage
RATE = 100  # requests a second; `throttling` in infra/variables.tf

Check = Callable[[Environment], str]
Shortage, Warned = day_one.Shortage, day_one.Warned


def run(environment: Environment) -> Iterator[tuple[str, str | Failed]]:
    """Run each check. Yield its name with its result or its failure as soon as it is known."""
    for title, check in (TOOLS | (LOCAL if environment.local else AWS)).items():
        try:
            yield title, check(environment)
        except Failed as failure:
            yield title, failure
        except (ClientError, BotoCoreError) as error:
            yield title, refused(error)


def name(environment: Environment) -> str:
    """Check the service's name and region, and return what its resources are called and where they are."""
    return f"{environment.prefix} in {environment.region}"


def python(environment: Environment) -> str:
    """Check the Python that runs this, which compiles the functions' bytecode."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] == package.LAMBDA_PYTHON:
        return version
    wanted = ".".join(map(str, package.LAMBDA_PYTHON))
    if environment.local:
        return f"{version}; a deploy to AWS needs {wanted}"
    raise Failed(
        f"This is Python {version}, but Lambda runs {wanted}.",
        f"Install Python {wanted}, then run `make clean` and `make up`.",
    )


def terraform_program(environment: Environment) -> str:
    """Check Terraform and return its path."""
    return terraform.program(environment.root)


def aws_provider(environment: Environment) -> str:
    """Check that both roots use the tested version of the AWS provider, and where Terraform gets it from."""
    return f"{provider.version(environment.root)}, {provider.source(environment)}"


def node(environment: Environment) -> str:
    """Check Node.js, which builds the web app."""
    if reason := build.missing(environment.root):
        raise reason
    return processes.run("node", "--version").stdout.strip()


def ports(environment: Environment) -> str:
    """Check the local stack's ports: that the stack responds, or which ports are free."""
    current = stack.status(environment)
    if current["healthy"]:
        return f"the stack responds at {current['endpoint_url']}"
    if current["running"]:
        raise Failed(
            f"The emulator (process {current['pid']}) does not respond.", "Run `crudctl down` and then `crudctl up`."
        )
    chosen = {
        processes.free_port(None, usual, option)
        for usual, option in ((stack.PORT, "--port"), (stack.WEB_PORT, "--web-port"))
    }
    if chosen == {stack.PORT, stack.WEB_PORT}:
        return f"{stack.PORT} and {stack.WEB_PORT} are free"
    return f"{stack.PORT} or {stack.WEB_PORT} is taken; `crudctl up` chooses others"


def chromium(environment: Environment) -> str:
    """Check the browser of the tests in tests/e2e and return its path."""
    result = processes.run(environment.root / "scripts" / "find-chromium")
    if result.returncode:
        raise Failed("Chromium was not found.", result.stderr.strip() or "Install it; tests/e2e needs it.")
    return result.stdout.strip()


def credentials(environment: Environment) -> str:
    """Check the credentials and return whose they are, in which account."""
    caller = environment.client("sts").get_caller_identity()
    return f"{caller['Arn']} in account {caller['Account']}"


def clock(environment: Environment) -> str:
    """Check this machine's clock against the Date of AWS's response to an unsigned request."""
    opener = urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if environment.local else []))
    url = environment.client("sts").meta.endpoint_url
    try:
        with opener.open(url, timeout=10) as response:
            date = response.headers["Date"]
    except urllib.error.HTTPError as error:
        date = error.headers["Date"]
    except OSError as error:
        raise Failed(f"{url} does not respond: {error}", "Check the network and the proxy settings.") from error
    skew = abs((datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds())
    if skew > SKEW:
        raise Failed(
            f"It differs from AWS's by {skew:.0f} s; AWS rejects signatures from 300 s.",
            "Set the clock, for example by NTP.",
        )
    return f"differs from AWS's by {skew:.0f} s"


def region(environment: Environment) -> str:
    """Check that the region is of AWS's standard partition and the account has it, and whether the shell names another."""
    used = environment.client("apigateway").meta.region_name
    partition = botocore.session.get_session().get_partition_for_region(used)
    if partition != "aws":
        raise Failed(f"{used} is of the partition {partition}: {naming.OTHER_PARTITION}.", f"Set another in {SOURCE}.")
    environment.client("lambda").get_account_settings()
    named = environment.variables().get("AWS_REGION") or environment.variables().get("AWS_DEFAULT_REGION") or used
    return used if named == used else f"{used}; AWS_REGION ({named}) is ignored: {SOURCE} sets the region"


def quotas(environment: Environment) -> str:
    """Check what new or full accounts lack: concurrency and code storage of Lambda, request rate of API Gateway.

    Raise Shortage for the first and the last, with which a deploy works, and Failed for code storage, with which none does.
    """
    functions = environment.client("lambda").get_account_settings()
    limit, used = functions["AccountLimit"], functions["AccountUsage"]
    rate = environment.client("apigateway").get_account()["throttleSettings"]["rateLimit"]
    stored = used["TotalCodeSize"] / limit["TotalCodeSize"]
    ask = "Request an increase in the Service Quotas console"
    concurrent = limit["UnreservedConcurrentExecutions"]
    if stored > FULL:
        raise Failed(f"{stored:.0%} of the code storage is used.", "Delete versions that no alias needs.")
    if concurrent < CONCURRENCY:
        raise Shortage(
            f"Lambda allows only {concurrent} concurrent executions: requests beyond them are a 500 with Retry-After, and "
            "count as failures.",
            f"{ask}: Lambda, Concurrent executions (L-B99A9384). Leave reserved_concurrency unset until you have it.",
        )
    if rate < RATE:
        raise Shortage(f"API Gateway allows only {rate:.0f} requests a second.", f"{ask}: API Gateway, Throttle rate.")
    return f"{concurrent} concurrent executions, {stored:.0%} of code storage used, {rate:.0f} requests a second"


def gateway_logs(environment: Environment) -> str:
    """Check that API Gateway has a role to write access logs with, one for each account and region: a stage needs it."""
    if tfvars.read(environment).get("gateway_logging_role"):
        return f"with a role of {environment.name}"
    if role := environment.client("apigateway").get_account().get("cloudwatchRoleArn"):
        return f"with {role}"
    raise Failed(
        "API Gateway has no role to write logs with in this account and region.",
        f"Set gateway_logging_role = true in {_settings(environment).relative_to(environment.root)}.",
    )


def alarm_settings(environment: Environment) -> str:
    """Check that the alarms of prod notify somebody and link to a page, which Terraform would refuse otherwise."""
    settings = tfvars.read(environment)
    given = {name for name in ("alarm_emails", "alarm_topic", "runbook") if settings.get(name)}
    if environment.production and not ("runbook" in given and given & {"alarm_emails", "alarm_topic"}):
        raise Failed(
            "The alarms of prod notify nobody, or link to no page.",
            f"Set alarm_emails (or alarm_topic) and runbook in {_settings(environment).relative_to(environment.root)}.",
        )
    return f"set: {', '.join(sorted(given))}" if given else f"notify nobody, which {environment.name} may"


def _settings(environment: Environment) -> Path:
    """Return the file of the environment's settings."""
    return settings_file(environment.root / "infra", environment.name)


def state_bucket(environment: Environment) -> str:
    """Check the bucket of Terraform's state."""
    bucket = state.bucket(environment)
    if not bucket.exists():
        raise Failed(f"{bucket.name} does not exist.", f"Run `crudctl bootstrap --env {environment.family.name}`.")
    holder = bucket.lock(state.key(environment))
    return f"{bucket.name}, held by {holder}" if holder else bucket.name


TOOLS: dict[str, Check] = {
    "name": name,
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
    "alarms": alarm_settings,
    "certificates": day_one.certificates,
    "domains": day_one.names,
    "mail": day_one.mail,
    "budget": day_one.budget,
    "state bucket": state_bucket,
}
