"""What exists of an environment in its account, found by name, with or without a state of Terraform. Changes nothing.

Nothing is found by tag: a dashboard has none, and a log group that a service has made itself neither. Every name begins with the
environment's prefix, or is derived from the id of an API whose name does.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import Any

from botocore.exceptions import ClientError

from crudctl.naming import is_of_another
from crudctl.project import Environment

GONE = ("ResourceNotFoundException", "NoSuchBucket", "NotFoundException")
EXECUTION_LOGS = "API-Gateway-Execution-Logs_"  # and the API's id


@dataclass(frozen=True)
class Resource:
    """Something of an environment.

    Attributes:
        kind: such as `tables`.
        name: what AWS calls it.
        amounts: how much is in it, by what that is, such as `users`. DynamoDB and Cognito count every few hours.
        protected: whether AWS refuses to delete it.
    """

    kind: str
    name: str
    amounts: dict[str, int] = field(default_factory=dict)
    protected: bool = False


class Search:
    """The look-ups of an environment's resources.

    Args:
        environment: the environment.
        account: its account's id.
        apis: ids of APIs of this environment that may be gone, whose log groups may be left.
    """

    def __init__(self, environment: Environment, account: str, apis: Collection[str] = ()) -> None:
        self._client = environment.client
        self._prefix = environment.prefix
        self._account = account
        self._bootstrapped = (
            f"{environment.service_name}-ci-{environment.name}-"  # empty for a member: its family has the roles
        )
        self._gone = apis

    def resources(self) -> Iterator[Resource]:
        """Yield all that exists of the environment, kind by kind."""
        for look in LOOKUPS:
            yield from look(self)

    def apis(self) -> dict[str, str]:
        """Return the names of the environment's APIs, by id."""
        listed = self._pages("apigateway", "get_rest_apis", "items")
        return {each["id"]: each["name"] for each in listed if self._own(each["name"])}

    def _own(self, name: str) -> bool:
        return (
            _begins(name, self._prefix)
            and not is_of_another(name, self._prefix)
            and not any(_begins(name, other) for other in self._others)
        )

    @cached_property
    def _others(self) -> list[str]:
        """The prefixes of other services that begin as this environment does: `orders-stage-test`, where this is `orders-stage`.

        Each has a bucket of its state.
        """
        end = f"-state-{self._account}"
        names = [each["Name"] for each in self._client("s3").list_buckets()["Buckets"]]
        begun = [name.removesuffix(end) for name in names if name.startswith(f"{self._prefix}-") and name.endswith(end)]
        return [name for name in begun if f"{name}{end}" != f"{self._prefix}{end}"]

    def _pages(self, service: str, call: str, *path: str, **arguments: Any) -> Iterator[Any]:
        for page in self._client(service).get_paginator(call).paginate(**arguments):
            yield from reduce(lambda found, name: found.get(name, []), path, page)

    def _tables(self) -> Iterator[Resource]:
        client = self._client("dynamodb")
        for name in filter(self._own, self._pages("dynamodb", "list_tables", "TableNames")):
            with _unless_gone():
                table = client.describe_table(TableName=name)["Table"]
                entries = {"entries": int(table.get("ItemCount", 0))}
                yield Resource("tables", name, entries, bool(table.get("DeletionProtectionEnabled")))

    def _pools(self) -> Iterator[Resource]:
        client = self._client("cognito-idp")
        for each in self._pages("cognito-idp", "list_user_pools", "UserPools", MaxResults=60):
            if not self._own(each["Name"]):
                continue
            with _unless_gone():
                pool = client.describe_user_pool(UserPoolId=each["Id"])["UserPool"]
                users = {"users": int(pool.get("EstimatedNumberOfUsers", 0))}
                yield Resource("user pools", each["Name"], users, pool.get("DeletionProtection") == "ACTIVE")

    def _functions(self) -> Iterator[Resource]:
        for each in self._pages("lambda", "list_functions", "Functions"):
            name = each["FunctionName"]
            if not self._own(name):
                continue
            with _unless_gone():
                listed = self._pages("lambda", "list_versions_by_function", "Versions", FunctionName=name)
                yield Resource("functions", name, {"versions": sum(one["Version"] != "$LATEST" for one in listed)})

    def _log_groups(self) -> Iterator[Resource]:
        apis = {*self.apis(), *self._gone}
        beginnings = [f"/aws/lambda/{self._prefix}-", f"/aws/apigateway/{self._prefix}", f"aws-waf-logs-{self._prefix}"]
        for beginning in [*beginnings, *(f"{EXECUTION_LOGS}{id_}/" for id_ in sorted(apis))]:
            for each in self._pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=beginning):
                name = each["logGroupName"]
                own = name.rpartition("/")[2].removeprefix("aws-waf-logs-")
                if name.startswith(EXECUTION_LOGS) or self._own(own):
                    yield Resource("log groups", name, {"bytes": int(each.get("storedBytes", 0))})

    def _buckets(self) -> Iterator[Resource]:
        for each in self._client("s3").list_buckets()["Buckets"]:
            name = each["Name"]
            if not (self._own(name) and name.endswith(f"-{self._account}")):
                continue
            with _unless_gone():
                versions = self._pages("s3", "list_object_versions", "Versions", Bucket=name)
                yield Resource("buckets", name, {"object versions": sum(1 for _ in versions)})

    def _apis(self) -> Iterator[Resource]:
        yield from (Resource("APIs", name) for name in self.apis().values())

    def _alarms(self) -> Iterator[Resource]:
        kinds, prefix = ["MetricAlarm", "CompositeAlarm"], f"{self._prefix}-"
        for kind in kinds:
            found = self._pages("cloudwatch", "describe_alarms", f"{kind}s", AlarmTypes=[kind], AlarmNamePrefix=prefix)
            yield from (Resource("alarms", each["AlarmName"]) for each in found if self._own(each["AlarmName"]))

    def _dashboards(self) -> Iterator[Resource]:
        found = self._pages("cloudwatch", "list_dashboards", "DashboardEntries", DashboardNamePrefix=self._prefix)
        yield from (Resource("dashboards", each["DashboardName"]) for each in found if self._own(each["DashboardName"]))

    def _topics(self) -> Iterator[Resource]:
        names = (each["TopicArn"].rpartition(":")[2] for each in self._pages("sns", "list_topics", "Topics"))
        yield from (Resource("topics", name) for name in names if self._own(name))

    def _queries(self) -> Iterator[Resource]:
        token: dict[str, str] = {}
        while True:
            found = self._client("logs").describe_query_definitions(
                queryDefinitionNamePrefix=f"{self._prefix}/", **token
            )
            yield from (Resource("saved queries", each["name"]) for each in found["queryDefinitions"])
            if not found.get("nextToken"):
                return
            token = {"nextToken": found["nextToken"]}

    def _sampling_rules(self) -> Iterator[Resource]:
        for each in self._pages("xray", "get_sampling_rules", "SamplingRuleRecords"):
            if (name := each["SamplingRule"]["RuleName"]) == sampling_rule(self._prefix):
                yield Resource("sampling rules", name)

    def _distributions(self) -> Iterator[Resource]:
        for each in self._pages("cloudfront", "list_distributions", "DistributionList", "Items"):
            if self._own(each.get("Comment", "").partition(" ")[0]):
                yield Resource("distributions", each["Id"])

    def _web_acls(self) -> Iterator[Resource]:
        marker: dict[str, str] = {}
        while True:
            found = self._client("wafv2").list_web_acls(Scope="REGIONAL", **marker)
            yield from (Resource("web ACLs", each["Name"]) for each in found["WebACLs"] if self._own(each["Name"]))
            if not found.get("NextMarker") or not found["WebACLs"]:
                return
            marker = {"NextMarker": found["NextMarker"]}

    def _budgets(self) -> Iterator[Resource]:
        client, name = self._client("budgets"), f"{self._prefix}-account"
        # Where no role may use billing, no deploy has made a budget.
        with _unless_gone("AccessDeniedException"):
            client.describe_budget(AccountId=self._account, BudgetName=name)
            yield Resource("budgets", name)

    def _roles(self) -> Iterator[Resource]:
        names = (each["RoleName"] for each in self._pages("iam", "list_roles", "Roles"))
        yield from (Resource("roles", name) for name in names if self._own(name) or name.startswith(self._bootstrapped))

    def _policies(self) -> Iterator[Resource]:
        names = (each["PolicyName"] for each in self._pages("iam", "list_policies", "Policies", Scope="Local"))
        yield from (Resource("policies", name) for name in names if self._own(name))


def _begins(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith((f"{prefix}-", f"{prefix}/"))


@contextlib.contextmanager
def _unless_gone(*others: str) -> Iterator[None]:
    """Pass over what a list still has although it was deleted a moment ago; `others` are codes of errors that mean the same."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in (*GONE, *others):
            raise


LOOKUPS: tuple[Callable[[Search], Iterator[Resource]], ...] = (
    Search._tables, Search._pools, Search._functions, Search._log_groups, Search._buckets, Search._apis, Search._alarms,
    Search._dashboards, Search._topics, Search._queries, Search._sampling_rules, Search._distributions, Search._web_acls,
    Search._budgets, Search._roles, Search._policies,
)  # fmt: skip


def sampling_rule(prefix: str) -> str:
    """Return the name of an environment's sampling rule, as infra/observability.tf makes it: X-Ray allows 32 characters."""
    return prefix if len(prefix) <= 32 else f"{prefix[:23]}-{hashlib.sha256(prefix.encode()).hexdigest()[:8]}"


def lines(found: Collection[Resource]) -> Iterator[str]:
    """Yield a line for each kind: how many, how much is in them, and the names of the tables, user pools and buckets."""
    for kind in dict.fromkeys(each.kind for each in found):
        of_kind = [each for each in found if each.kind == kind]
        amounts = {what: sum(each.amounts.get(what, 0) for each in of_kind) for what in of_kind[0].amounts}
        inside = "".join(f", {amount:,} {what}" for what, amount in amounts.items())
        named = f": {', '.join(each.name for each in of_kind)}" if amounts and len(of_kind) < 5 else ""
        yield f"  {kind:14}{len(of_kind):4}{inside}{named}"
