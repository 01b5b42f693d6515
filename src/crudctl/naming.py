"""The names of services and environments, and the region, from infra/terraform.tfvars.json or infra/envs. Knows no AWS client.

Terraform reads the same file by itself; crudctl also passes both values to it, so that the two cannot differ.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crudctl.console import Failed

SOURCE = Path("infra", "terraform.tfvars.json")
EXAMPLE = '{"name": "my-service", "region": "eu-west-2"}'
NAME = re.compile("[a-z][a-z0-9-]{1,18}[a-z0-9]")
# Of the partition `aws`, whose ARNs begin with arn:aws:.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
REGION = re.compile("(?!cn-|us-gov-|us-iso|eu-isoe-|eusc-)[a-z]{2}(-[a-z]+)+-[0-9]")
OTHER_PARTITION = (
    "China, GovCloud, the isolated regions and the European sovereign cloud have other ARNs, other endpoints and other root "
    "certificates, which this project was not made for"
)
# A sign-in domain must not contain them, and a bucket's name must not begin so.
# https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-assign-domain-prefix.html
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
RESERVED = ("aws", "amazon", "cognito")
RESERVED_BEGINNINGS = ("xn--", "sthree-", "amzn-s3-demo-")
# The deploy role of `orders` may change the roles that begin with orders-test-, and is itself orders-ci-test-deploy.
CLASHES = re.compile("-(local|test|prod|pr)(-|$)|-ci$")
# An environment alone, or one of a family: `test`, `pr-42`. With the longest names of both, a bucket has 63 characters.
ENVIRONMENT = re.compile("[a-z][a-z0-9]{1,11}(-[0-9]{1,6})?")


@dataclass(frozen=True)
class Names:
    """The service's name, which the names of all its resources begin with, and the AWS region they are in."""

    service: str
    region: str


def read(root: Path, environment: str) -> Names:
    """Return the name and region of an environment of the project at `root`.

    A plain `name = "…"` or `region = "…"` in the environment's settings takes precedence. Raises Failed when the source is
    missing or damaged, when a value is invalid, and for names that AWS reserves.
    """
    values = _source(root / SOURCE)
    settings = settings_file(root / "infra", environment)
    origin = dict.fromkeys(("name", "region"), SOURCE)
    if settings.is_file():
        for key, value in _overrides(settings):
            values[key], origin[key] = value, settings.relative_to(root)
    return Names(_name(values.get("name"), origin["name"]), _region(values.get("region"), origin["region"]))


def family(environment: str) -> str:
    """Return the part of an environment's name that it shares with others of its kind: `pr` of `pr-42`, `test` of `test`."""
    return environment.partition("-")[0]


def settings_file(infra: Path, environment: str) -> Path:
    """Return the file of an environment's settings in a root of Terraform: its own, or else that of its family.

    It need not exist.
    """
    own = infra / "envs" / f"{environment}.tfvars"
    return own if own.is_file() else infra / "envs" / f"{family(environment)}.tfvars"


def environment_fault(name: str) -> str:
    """Return why an environment cannot have this name, as the end of a sentence about it; empty if it can."""
    if not ENVIRONMENT.fullmatch(name):
        return "must be a word of 2 to 12 lower-case letters and digits, a letter first, and may end with a number: test, pr-42"
    if family(name) == "local" and name != "local":
        return "begins with local, which is the stack on this machine alone"
    if family(name) == "ci":
        return "is that of the workflows' roles, such as orders-ci-test-deploy, which its own deploys could change"
    if word := next((word for word in RESERVED if word in name), ""):
        return f"contains '{word}', which AWS reserves: no sign-in domain may contain it"
    return ""


def is_of_another(name: str, prefix: str) -> bool:
    """Return whether a resource whose name begins with `prefix` and a hyphen belongs to a member of that family: orders-pr-42-api
    is not one of `orders-pr`.
    """
    return re.match(rf"{re.escape(prefix)}-[0-9]+(-|$)", name) is not None


def fault(name: str) -> str:
    """Return why a service cannot have this name, as the end of a sentence about it; empty if it can."""
    if not NAME.fullmatch(name):
        return "must have 3 to 20 lower-case letters, digits and hyphens, a letter first and no hyphen last"
    if word := next((word for word in RESERVED if word in name), ""):
        return f"contains '{word}', which AWS reserves: no sign-in domain may contain it"
    if beginning := next((beginning for beginning in RESERVED_BEGINNINGS if name.startswith(beginning)), ""):
        return f"begins with '{beginning}', which AWS reserves for buckets of its own"
    if CLASHES.search(name):
        return "contains -local, -test, -prod or -pr, or ends with -ci: another service's resources could begin in the same way"
    return ""


def region_fault(region: str) -> str:
    """Return why a service cannot be in this region, as the end of a sentence about it; empty if it can."""
    if REGION.fullmatch(region):
        return ""
    return f"must be a region of AWS's standard partition, such as eu-west-2; {OTHER_PARTITION}"


def _source(path: Path) -> dict[str, object]:
    hint = f"Write the service's name and region into it, for example {EXAMPLE}."
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Failed(f"{path} does not exist.", hint) from error
    except ValueError as error:
        raise Failed(f"{path} is damaged: {error}", hint) from error
    if not isinstance(values, dict):
        raise Failed(f"{path} is damaged: it must be a JSON object.", hint)
    return values


def _overrides(path: Path) -> Iterator[tuple[str, str]]:
    """Yield name and region where a file of Terraform variables assigns them. Raise Failed where the value is no plain string."""
    depth = 0
    for line in path.read_text(encoding="utf-8").splitlines():
        assigned = re.match(r"\s*(name|region)\s*=\s*(.*)", line)
        if assigned and not depth:
            value = re.fullmatch(r'"([^"\\$%]*)"\s*(?:(?:#|//).*)?', assigned[2])
            if not value:
                raise Failed(f"{path}: {line.strip()} is not a plain string.", f'Write {assigned[1]} = "…".')
            yield assigned[1], value[1]
        code = re.sub(r'"(?:[^"\\]|\\.)*"|(?:#|//).*', "", line)
        depth += sum(map(code.count, "{[(")) - sum(map(code.count, "}])"))


def _name(value: object, origin: Path) -> str:
    if not isinstance(value, str):
        raise Failed(f"{origin} has no name.", f"Write the service's name into it, for example {EXAMPLE}.")
    if reason := fault(value):
        raise Failed(f"The name '{value}' in {origin} {reason}.", "Choose another name.")
    return value


def _region(value: object, origin: Path) -> str:
    if not isinstance(value, str):
        raise Failed(f"{origin} has no region.", f"Write the AWS region into it, for example {EXAMPLE}.")
    if reason := region_fault(value):
        raise Failed(f"The region '{value}' in {origin} {reason}.", "Choose another region.")
    return value
