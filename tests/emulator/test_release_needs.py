"""What a release asks of CloudWatch and IAM and MiniStack does not know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from emulator.cloudwatch import statistics
from emulator.iam import alias_actions
from emulator.process import REGION

from .stack import Stack, policy, unique
from .test_iam import denied


def trimmed_count(stack: Stack, bounds: str) -> float:
    """The statistic of the values 1, 2, 3, 3 and 10."""
    client, metric = stack.client("cloudwatch"), unique("latency")
    client.put_metric_data(
        Namespace="test", MetricData=[{"MetricName": metric, "Values": [1, 2, 3, 10], "Counts": [1, 1, 2, 1]}]
    )
    now = datetime.now(UTC)
    query = {"Metric": {"Namespace": "test", "MetricName": metric}, "Period": 3600, "Stat": f"TC({bounds})"}
    answer = client.get_metric_data(
        MetricDataQueries=[{"Id": "m", "MetricStat": query}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
    )
    return float(sum(answer["MetricDataResults"][0]["Values"]))


@pytest.mark.adds(statistics.TRIMMED_COUNT)
@pytest.mark.parametrize(("bounds", "count"), [("2:", 3), (":3", 4), ("1:3", 3), ("10:", 0), ("0.5:1", 1)])
def test_trimmed_count_counts_the_values_between_its_bounds(ours: Stack, bounds: str, count: int) -> None:
    assert trimmed_count(ours, bounds) == count


@pytest.mark.lacks(statistics.TRIMMED_COUNT)
def test_ministack_answers_the_average_instead(ministack: Stack) -> None:
    assert trimmed_count(ministack, "2:") == pytest.approx(3.8)


def may(stack: Stack, actions: list[str], call: str) -> bool:
    """Whether a user with these actions on a function may get or move one of its aliases."""
    function = stack.function("def handler(event, context):\n    return 1", Publish=True)
    stack.client("lambda").create_alias(FunctionName=function, Name="prod", FunctionVersion="1")
    client, user = stack.client("iam"), unique("user")
    client.create_user(UserName=user)
    key = client.create_access_key(UserName=user)["AccessKey"]
    arn = f"arn:aws:lambda:{REGION}:{stack.account}:function:{function}"
    statement = {"Effect": "Allow", "Action": actions, "Resource": arn}
    client.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=policy([statement]))
    caller = stack.client_of("lambda", key["AccessKeyId"], key["SecretAccessKey"])
    return not denied(lambda: getattr(caller, call)(FunctionName=function, Name="prod"))


@pytest.mark.adds(alias_actions.ALIAS_ACTIONS)
def test_an_alias_is_read_and_moved_by_actions_of_their_own(ours: Stack) -> None:
    assert may(ours, ["lambda:GetAlias"], "get_alias")
    assert not may(ours, ["lambda:GetAlias"], "update_alias")
    assert may(ours, ["lambda:UpdateAlias"], "update_alias")
    assert not may(ours, ["lambda:ListAliases", "lambda:UpdateAlias"], "get_alias")


@pytest.mark.lacks(alias_actions.ALIAS_ACTIONS)
def test_ministack_takes_all_of_them_for_listing(ministack: Stack) -> None:
    assert may(ministack, ["lambda:ListAliases"], "update_alias")
    assert not may(ministack, ["lambda:UpdateAlias"], "update_alias")
