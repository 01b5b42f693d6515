"""Sampling rules of X-Ray, a service that MiniStack lacks: they are kept, and no trace is recorded by them."""

from __future__ import annotations

import copy
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from ministack import app
from ministack.core import iam_actions, responses, router

from emulator.patches import Difference, patch, register, uses

Json = dict[str, Any]

SAMPLING_RULES = register(
    Difference(
        name="sampling-rules",
        service="X-Ray",
        aws="a sampling rule says which share of an API's requests is traced",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-configuring-xray-sampling-rules.html",
        ministack="has no X-Ray, so that Terraform cannot apply one",
        here="rules and their tags are saved, changed and deleted as on AWS; nothing is traced, whatever they say",
        upstream="add a service `xray`",
    )
)
uses(SAMPLING_RULES, app, "_loaded_modules")
uses(
    SAMPLING_RULES,
    responses,
    "AccountRegionScopedDict",
    "get_account_id()",
    "get_region()",
    "error_response_json(code, message, status=400, extra=None, *, message_key='message', "
    "content_type='application/x-amz-json-1.0')",
)
SERVICE = "xray"
MOST = 25  # rules of an account in a region, and Default: https://docs.aws.amazon.com/general/latest/gr/xray.html
DEFAULT = {
    "RuleName": "Default", "ResourceARN": "*", "Priority": 10000, "FixedRate": 0.05, "ReservoirSize": 1, "ServiceName": "*",
    "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1, "Attributes": {},
}  # fmt: skip

_rules = responses.AccountRegionScopedDict()  # name -> {"rule": SamplingRuleRecord, "tags": {key: value}}


def install() -> None:
    """Serve the service, let IAM know its actions, and keep the rules with the rest of the state.

    Before the state is taken over: it is saved by the services that there are then.
    """
    this = {"module": SERVICE}
    patch(app, "SERVICE_REGISTRY", {**app.SERVICE_REGISTRY, SERVICE: this}, SAMPLING_RULES)
    patch(app, "SERVICE_HANDLERS", {**app.SERVICE_HANDLERS, SERVICE: handle_request}, SAMPLING_RULES)
    patch(app, "_state_map", {**app._state_map, SERVICE: SERVICE}, SAMPLING_RULES)
    patch(app, f"_loaded_modules[{SERVICE}]", sys.modules[__name__], SAMPLING_RULES, new=True)
    pattern = {"host_patterns": [r"xray\."], "credential_scope": SERVICE}
    patch(router, f"SERVICE_PATTERNS[{SERVICE}]", pattern, SAMPLING_RULES, new=True)
    patch(iam_actions, f"SERVICE_TO_IAM_NAMESPACE[{SERVICE}]", SERVICE, SAMPLING_RULES, new=True)
    patch(iam_actions, f"_BOTOCORE_SERVICE_MAP[{SERVICE}]", [SERVICE], SAMPLING_RULES, new=True)


def get_state() -> Json:
    """Return what is saved."""
    return {"rules": copy.deepcopy(_rules)}


def load_persisted_state(data: Json | None) -> None:
    """Restore what was saved."""
    _rules.update((data or {}).get("rules", {}))


def reset() -> None:
    """Forget all rules."""
    _rules.clear()


async def handle_request(method: str, path: str, headers: Json, body: bytes, query_params: Json) -> Any:
    """Serve an API call: https://docs.aws.amazon.com/xray/latest/api/API_Operations.html"""
    action = _ACTIONS.get(path.strip("/"))
    if action is None:
        return _refused("InvalidRequestException", f"The local stack has no {path.strip('/')} of X-Ray.")
    return action(json.loads(body or b"{}"))


def _create(request: Json) -> Any:
    rule = request["SamplingRule"]
    name = rule.get("RuleName", "")
    if not 1 <= len(name) <= 32 or name in (DEFAULT["RuleName"], *_rules):
        return _refused("InvalidRequestException", f"Invalid or existing rule name: {name}")
    if len(_rules) >= MOST:
        return _refused("RuleLimitExceededException", f"There are {MOST} rules already.")
    now, arn = time.time(), _arn(name)
    record = {"SamplingRule": {"Attributes": {}, **rule, "RuleARN": arn}, "CreatedAt": now, "ModifiedAt": now}
    _rules[name] = {"rule": record, "tags": {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}}
    return _json({"SamplingRuleRecord": record})


def _list(_: Json) -> Any:
    default = {"SamplingRule": {**DEFAULT, "RuleARN": _arn("Default")}, "CreatedAt": 0.0, "ModifiedAt": 0.0}
    return _json({"SamplingRuleRecords": [default, *(kept["rule"] for kept in _rules.values())]})


def _update(request: Json) -> Any:
    change = request["SamplingRuleUpdate"]
    kept = _named(change)
    if kept is None:
        return _refused("InvalidRequestException", "Sampling rule does not exist.")
    record = kept["rule"]
    record["SamplingRule"] |= {name: value for name, value in change.items() if value is not None}
    record["ModifiedAt"] = time.time()
    return _json({"SamplingRuleRecord": record})


def _delete(request: Json) -> Any:
    kept = _named(request)
    if kept is None:
        return _refused("InvalidRequestException", "Sampling rule does not exist.")
    del _rules[kept["rule"]["SamplingRule"]["RuleName"]]
    return _json({"SamplingRuleRecord": kept["rule"]})


def _tags(change: Callable[[dict[str, str], Json], Json]) -> Callable[[Json], Any]:
    def action(request: Json) -> Any:
        kept = _named({"RuleARN": request["ResourceARN"]})
        if kept is None:
            return _refused("ResourceNotFoundException", "Sampling rule does not exist.", 404)
        return _json(change(kept["tags"], request))

    return action


def _tag(tags: dict[str, str], request: Json) -> Json:
    tags |= {tag["Key"]: tag["Value"] for tag in request["Tags"]}
    return {}


def _untag(tags: dict[str, str], request: Json) -> Json:
    for key in request["TagKeys"]:
        tags.pop(key, None)
    return {}


def _list_tags(tags: dict[str, str], _: Json) -> Json:
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _named(request: Json) -> Json | None:
    """Return what is kept of the rule that a request names or gives the ARN of."""
    name = request.get("RuleName") or request.get("RuleARN", "").rpartition("/")[2]
    kept: Json | None = _rules.get(name)
    return kept


def _arn(name: str) -> str:
    return f"arn:aws:xray:{responses.get_region()}:{responses.get_account_id()}:sampling-rule/{name}"


def _json(document: Json) -> Any:
    return 200, {"Content-Type": "application/json"}, json.dumps(document).encode()


def _refused(code: str, message: str, status: int = 400) -> Any:
    return responses.error_response_json(code, message, status, message_key="Message")


_ACTIONS: dict[str, Callable[[Json], Any]] = {
    "CreateSamplingRule": _create,
    "GetSamplingRules": _list,
    "UpdateSamplingRule": _update,
    "DeleteSamplingRule": _delete,
    "TagResource": _tags(_tag),
    "UntagResource": _tags(_untag),
    "ListTagsForResource": _tags(_list_tags),
}
