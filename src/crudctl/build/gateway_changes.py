"""Orders a change of the contract at the gateway: what adds goes out before the functions, what removes or narrows after them.

Pure: contracts in, the documents that Terraform reads out (aws_profile.py, service.py). Knows neither Terraform nor AWS.
docs/decisions/0033-gateway-body.md gives the reasons.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from crudctl.build import service
from crudctl.build.aws_profile import aws_profile

Json = dict[str, Any]
Document = Mapping[str, Any]


@dataclass
class Rollout:
    """How the gateway gets a contract.

    Attributes:
        before: what the gateway has while the functions are released: the wider of both contracts.
        after: what it has once they are in service.
        service: the description of both contracts, for what Terraform makes of operations: functions and permissions.
        adds: what goes out before the functions, a sentence each.
        later: what goes out after promotion.
        at_once: what cannot wait, and goes out before the functions although somebody may use it.
    """

    before: Json
    after: Json
    service: Json
    adds: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)
    at_once: list[str] = field(default_factory=list)

    @property
    def wide(self) -> bool:
        """Whether something has to go out after promotion."""
        return self.before != self.after


def rollout(
    old: Document | None, new: Document, kept: Document | None = None, leaving: Mapping[str, Json] | None = None
) -> Rollout:
    """Return how the gateway gets the contract `new`.

    Args:
        old: the contract in service; None if it is not known, or there is none.
        kept: the contract that was in service before it, for the way back.
        leaving: of each function that exists, what keeps it as it is: `key` and `sha256` of its code, and its `actions`.

    Raise contract.ContractError if a contract cannot be described.
    """
    after, described = aws_profile(new), service.describe(new).as_json()
    result = Rollout(copy.deepcopy(after), after, copy.deepcopy(described))
    if old is not None and _servers(old) != _servers(new):
        names = [", ".join(sorted(_servers(each))) for each in (old, new)]
        result.at_once.append(f"every scope is another one: those of {names[1]} instead of those of {names[0]}")
    elif old is not None:
        _widen(result, aws_profile(old), service.describe(old).as_json(), leaving or {})
    if kept is not None and _servers(kept) == _servers(new):
        _keep(result.service, service.describe(kept).as_json(), leaving or {})
    return result


def gone(old: Document, new: Document) -> set[str]:
    """Return the keys of the functions that `new` no longer has."""
    return set(service.describe(old).functions) - set(service.describe(new).functions)


def _widen(result: Rollout, old: Json, described: Json, leaving: Mapping[str, Json]) -> None:
    """Let `result.before` and `result.service` have what `old` has too."""
    now, paths = dict(_operations(result.after)), result.before["paths"]
    names = {operation["operationId"] for operation in now.values()}
    for at, operation in _operations(old):
        path, method, name = at[0], at[1], f"{at[1].upper()} {at[0]}"
        identity, successor = operation["operationId"], now.get(at, {}).get("operationId")
        if successor == identity:
            _widen_operation(result, name, paths[path][method], operation)
        elif reason := _cannot_wait(result, path, identity, described, leaving):
            result.at_once.append(f"{name}: {reason}")
        else:
            unique = _moved(identity) if identity in names else identity
            paths.setdefault(path, {})[method] = copy.deepcopy(operation) | {"operationId": unique}
            result.later.append(f"{name}: {successor} takes over" if successor else f"{name} is removed")
    before = {at for at, _ in _operations(old)}
    result.adds += [f"{method.upper()} {path} is added" for path, method in now if (path, method) not in before]
    schemas = result.before["components"]["schemas"]
    result.before["components"]["schemas"] = old["components"]["schemas"] | schemas
    _keep(result.service, described, leaving)


def _widen_operation(result: Rollout, name: str, operation: Json, old: Json) -> None:
    """Let an operation of both contracts admit whom and what either admits."""
    had, has = _scopes(old), _scopes(operation)
    scheme = next(iter(operation["security"][0]), "") if operation.get("security") else ""
    if had != has and scheme:
        operation["security"] = [{scheme: sorted(had | has)}]
        result.adds += [f"{name} accepts the scope {scope}" for scope in sorted(has - had)]
        result.later += [f"{name} no longer accepts the scope {scope}" for scope in sorted(had - has)]
    needed = {_parameter(each) for each in old.get("parameters", []) if each.get("required")}
    for parameter in operation.get("parameters", []):
        if parameter.get("required") and _parameter(parameter) not in needed and parameter["in"] != "path":
            parameter["required"] = False
            result.later.append(f"{name} requires the {parameter['in']} parameter {parameter['name']}")


def _cannot_wait(result: Rollout, path: str, identity: str, described: Json, leaving: Mapping[str, Json]) -> str:
    """Return why an operation that the contract no longer has cannot stay beside the new ones; empty if it can."""
    function = described["operations"][identity]["function"]
    if function not in result.service["functions"] and function not in leaving:
        return f"the function of {identity} does not exist"
    clash = next((other for other in result.after["paths"] if _clash(path, other)), "")
    return f"API Gateway allows no second name for the variable of {clash}" if clash else ""


def _moved(identity: str) -> str:
    """Return the operationId of an operation that is at another path now, as long as it is at the earlier one too."""
    return f"{identity}_before"


def _clash(one: str, other: str) -> bool:
    """Whether two paths name a variable differently at a place up to which they are the same.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html
    """
    for mine, theirs in zip(one.split("/"), other.split("/"), strict=False):
        if mine != theirs:
            return all(re.fullmatch(r"\{.*\}", segment) for segment in (mine, theirs))
    return False


def _keep(service_: Json, described: Json, leaving: Mapping[str, Json]) -> None:
    """Let a description have the functions of an earlier one that exist, as they are, for the operations that they served."""
    for key, function in described["functions"].items():
        if key not in service_["functions"] and key in leaving:
            service_["functions"][key] = function | {"leaving": leaving[key]}
    for name, operation in described["operations"].items():
        if operation["function"] not in service_["functions"]:
            continue
        now = service_["operations"].setdefault(name, operation)
        if (now["method"], now["path"]) != (operation["method"], operation["path"]):
            service_["operations"].setdefault(_moved(name), operation | {"moved": True})
    service_["scopes"] = described["scopes"] | service_["scopes"]


def _operations(profile: Json) -> Iterator[tuple[tuple[str, str], Json]]:
    for path, methods in profile["paths"].items():
        for method, operation in methods.items():
            yield (path, method), operation


def _servers(document: Document) -> set[str]:
    """Return the identifiers of the resource servers of a contract's scopes. The user pool has one (infra/auth.tf)."""
    return {scope.rpartition("/")[0] for scope in service.describe(document).as_json()["scopes"]}


def _scopes(operation: Json) -> set[str]:
    return {scope for need in operation.get("security", []) for scopes in need.values() for scope in scopes}


def _parameter(parameter: Json) -> tuple[str, str]:
    return parameter["in"], parameter["name"]
