"""Metric math, statistics, and the metrics of CloudWatch Logs, Cognito and DynamoDB, which alarms and the dashboard read."""

from __future__ import annotations

import contextlib
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from crudctl.release import line_filters
from emulator.alarms import describe_alarms
from emulator.cloudwatch import get_metric_data, statistics
from emulator.cognito import sign_in_metrics
from emulator.dynamodb import table_metrics
from emulator.logs import metric_filters, query_definitions

from .stack import Json, Stack, eventually, unique
from .test_alarms import count, state
from .test_gateway_records import metric


def data(stack: Stack, *queries: Json) -> dict[str, float]:
    """Return the sum of each series that GetMetricData returns for these queries, by label."""
    now = datetime.now(UTC)
    results = stack.client("cloudwatch").get_metric_data(
        MetricDataQueries=list(queries), StartTime=now - timedelta(hours=1), EndTime=now + timedelta(minutes=1)
    )["MetricDataResults"]
    return {result["Label"]: sum(result["Values"]) for result in results}


def stat(name: str, metric_name: str, statistic: str = "Sum", **dimensions: str) -> Json:
    listed = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    of = {"Namespace": "items", "MetricName": metric_name, "Dimensions": listed}
    return {"Id": name, "MetricStat": {"Metric": of, "Period": 3600, "Stat": statistic}, "ReturnData": False}


def share_of(stack: Stack) -> dict[str, float]:
    bad, good = unique("bad"), unique("good")
    for _ in range(3):
        count(stack, good, "get_item")
    count(stack, bad, "get_item")
    share = {"Id": "share", "Label": "share", "Expression": "IF(bad >= 1 AND good > 2, bad / (bad + good), 0)"}
    queries = stat("bad", bad, operation="get_item"), stat("good", good, operation="get_item"), share
    return data(stack, *queries)


@pytest.mark.adds(get_metric_data.METRIC_MATH)
def test_an_expression_is_evaluated_over_series_that_are_not_returned(ours: Stack) -> None:
    assert share_of(ours) == {"share": 0.25}


@pytest.mark.lacks(get_metric_data.METRIC_MATH)
def test_ministack_evaluates_no_expression(ministack: Stack) -> None:
    assert share_of(ministack) == {"share": 0}


def test_a_search_finds_a_metric_for_each_version_and_labels_it(ours: Stack) -> None:
    name = unique("latency")
    for version in ("7", "8"):
        dimensions = [{"Name": "operation", "Value": "get_item"}, {"Name": "version", "Value": version}]
        datum = {"MetricName": name, "Value": int(version), "Dimensions": dimensions}
        ours.client("cloudwatch").put_metric_data(Namespace="depot-test", MetricData=[datum])
    count(ours, name, "get_item")
    search = f'SEARCH(\'{{"depot-test",operation,version}} MetricName="{name}" operation="get_item"\', \'Sum\', 60)'
    assert data(ours, {"Id": "e", "Expression": search, "Label": "v${PROP('Dim.version')}"}) == {"v7": 7, "v8": 8}


def test_a_search_of_a_namespace_with_a_hyphen_needs_quotes(ours: Stack) -> None:
    with pytest.raises(ClientError, match="in double quotes"):
        data(ours, {"Id": "e", "Expression": "SEARCH('{depot-test,operation} MetricName=\"x\"', 'Sum', 60)"})


@pytest.mark.parametrize(
    "expression",
    [
        "ANOMALY_DETECTION_BAND(m1)",
        "m1 +",
        "m9 * 2",
        "m1 if m1 else m1",
        "m1 and m1",
        "not m1",
        "SUM(m1)",
        "IF(1, 2, 3)",
        "[m1, 5]",
    ],
)
def test_an_unsupported_expression_is_refused(ours: Stack, expression: str) -> None:
    with pytest.raises(ClientError, match="ValidationError"):
        data(ours, stat("m1", "any"), {"Id": "e", "Expression": expression})


@pytest.mark.parametrize("wrong", [{"Id": "M1"}, {"Id": "m2", "Stat": "PR(10%:)"}, {"Id": "m1"}])
def test_a_metric_that_cloudwatch_refuses_is_refused(ours: Stack, wrong: dict[str, str]) -> None:
    """An id with a capital letter, a statistic that does not exist, and an id that is there twice."""
    with pytest.raises(ClientError, match="ValidationError"):
        data(ours, stat("m1", "any"), stat(wrong["Id"], "any", wrong.get("Stat", "Sum")))


def alarm_on(expression: str, *metrics: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The request for an alarm on an expression over metrics."""
    watched = {"Id": "e", "Expression": expression, "ReturnData": True}
    asked = [watched, *({**metric, "ReturnData": False} for metric in metrics)]
    compared = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 1, "EvaluationPeriods": 1}
    return {"AlarmName": unique("alarm"), "Metrics": asked, **compared, **more}


WRONG = {
    "a list": alarm_on("[m1, m2]", stat("m1", "a"), stat("m2", "b")),
    "a search": alarm_on("SEARCH('{depot,operation} MetricName=\"x\"', 'Sum', 60)"),
    "eleven metrics": alarm_on("SUM(METRICS())", *(stat(f"m{number}", "a") for number in range(11))),
    "an id that is an operator's": alarm_on("e + 1", stat("e", "a")),
    "more than a day": alarm_on("m1", stat("m1", "a"), EvaluationPeriods=1441),
}


@pytest.mark.parametrize("put", WRONG.values(), ids=WRONG)
def test_an_alarm_that_cloudwatch_refuses_is_refused(ours: Stack, put: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="ValidationError"):
        ours.client("cloudwatch").put_metric_alarm(**put)


def rank(stack: Stack) -> float:
    """Return which percentage of 100, 200, 300 and 400 is above 200."""
    name = unique("latency")
    datum = {"MetricName": name, "Values": [100, 200, 300, 400]}
    stack.client("cloudwatch").put_metric_data(Namespace="items", MetricData=[datum])
    return data(stack, {**stat("m", name, "PR(200:)"), "Label": "rank", "ReturnData": True})["rank"]


@pytest.mark.adds(statistics.PERCENTILE_RANK)
def test_percentile_rank_is_the_percentage_above_its_bound(ours: Stack) -> None:
    assert rank(ours) == 50


@pytest.mark.lacks(statistics.PERCENTILE_RANK)
def test_ministack_returns_the_average_for_percentile_rank(ministack: Stack) -> None:
    assert rank(ministack) == 250


def trimmed_count(stack: Stack, bounds: str) -> float:
    """Return the statistic of the values 1, 2, 3, 3 and 10."""
    name = unique("latency")
    datum = {"MetricName": name, "Values": [1, 2, 3, 10], "Counts": [1, 1, 2, 1]}
    stack.client("cloudwatch").put_metric_data(Namespace="items", MetricData=[datum])
    return data(stack, {**stat("m", name, f"TC({bounds})"), "Label": "count", "ReturnData": True})["count"]


@pytest.mark.adds(statistics.TRIMMED_COUNT)
@pytest.mark.parametrize(("bounds", "count"), [("2:", 3), (":3", 4), ("1:3", 3), ("10:", 0), ("0.5:1", 1)])
def test_trimmed_count_counts_the_values_between_its_bounds(ours: Stack, bounds: str, count: int) -> None:
    assert trimmed_count(ours, bounds) == count


@pytest.mark.lacks(statistics.TRIMMED_COUNT)
def test_ministack_returns_the_average_for_trimmed_count(ministack: Stack) -> None:
    assert trimmed_count(ministack, "2:") == pytest.approx(3.8)


def fires(stack: Stack, patience: float = 60) -> bool:
    """Return whether an alarm on the sum of two metrics fires in time, although neither of them reaches the threshold alone."""
    client, name, first, second = stack.client("cloudwatch"), unique("alarm"), unique("first"), unique("second")
    total = {"Id": "total", "Expression": "FILL(m1, 0) + FILL(m2, 0)", "ReturnData": True}
    client.put_metric_alarm(
        AlarmName=name,
        Metrics=[stat("m1", first, operation="get_item"), stat("m2", second, operation="get_item"), total],
        EvaluationPeriods=1,
        Threshold=2,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    count(stack, first, "get_item")
    time.sleep(0.1)
    assert state(stack, name) != "ALARM"
    count(stack, second, "get_item")
    return bool(eventually(lambda: state(stack, name) == "ALARM", patience))


@pytest.mark.adds(describe_alarms.METRICS_OF_ALARMS)
def test_an_alarm_watches_an_expression_over_two_metrics(ours: Stack) -> None:
    assert fires(ours)


@pytest.mark.lacks(describe_alarms.METRICS_OF_ALARMS)
def test_ministack_watches_no_expression(ministack: Stack) -> None:
    assert not fires(ministack, patience=4)


def counted_lines(stack: Stack) -> Any:
    """Return what two metric filters record for three lines: one counts status 429, one records a value from the line."""
    logs, group, space = stack.client("logs"), unique("/group"), unique("space")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    for name, pattern, value in (("Refused", '{ $.status = "429" }', "1"), ("Took", "{ $.took.ms = * }", "$.took.ms")):
        transformation = {"metricNamespace": space, "metricName": name, "metricValue": value}
        logs.put_metric_filter(
            logGroupName=group, filterName=name, filterPattern=pattern, metricTransformations=[transformation]
        )
    now = int(time.time() * 1000)
    lines = ['{"status":"429"}', '{"status":"200","took":{"ms":12}}', "429 in plain text"]
    logs.put_log_events(
        logGroupName=group, logStreamName="s", logEvents=[{"timestamp": now, "message": line} for line in lines]
    )
    return metric(stack, space, "Refused", "Sum"), metric(stack, space, "Took", "Sum")


@pytest.mark.adds(metric_filters.METRIC_FILTERS)
def test_a_metric_filter_measures_the_lines_that_match(ours: Stack) -> None:
    assert counted_lines(ours) == (1, 12)


@pytest.mark.adds(metric_filters.METRIC_FILTERS)
def test_the_metric_filters_of_a_release_count_lines_by_operation_and_version(ours: Stack) -> None:
    """A line about a fault that was not counted is no evidence."""
    logs, function, space = ours.client("logs"), unique("get"), unique("space")
    group = line_filters.group(function)
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    for each in line_filters.filters(space, function).values():
        logs.put_metric_filter(**each)
    about = {"operation": "get", "version": "7"}
    lines: list[Json] = [
        {"status": 200, "cold_start": True},
        {"status": 404, "owner_hash": "ab"},
        {"status": 404, "owner_hash": line_filters.PROBES[0]},
        {"status": 503, "Faults": 1},
        {"status": 500},
        {"version": "8"},
    ]
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": json.dumps(about | line)} for line in lines]
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
    assert metric(ours, space, "Responses", "Sum", **about) == 4
    assert metric(ours, space, "Refused", "Sum", **about, status="404") == 1
    assert metric(ours, space, "Refused", "Sum", **about, status="200") is None
    assert metric(ours, space, "ColdStarts", "Sum", **about) == 1
    assert metric(ours, space, "Responses", "Sum", operation="get", version="8") is None


@pytest.mark.lacks(metric_filters.METRIC_FILTERS)
def test_ministack_measures_no_lines(ministack: Stack) -> None:
    assert counted_lines(ministack) == (None, None)


def saved_queries(stack: Stack) -> list[Json]:
    logs, name = stack.client("logs"), unique("query")
    saved = logs.put_query_definition(name=name, queryString="fields @message", logGroupNames=["a"])
    key = saved["queryDefinitionId"]
    logs.put_query_definition(queryDefinitionId=key, name=name, queryString="limit 1", logGroupNames=["a"])
    described: list[Json] = logs.describe_query_definitions(queryDefinitionNamePrefix=name)["queryDefinitions"]
    assert logs.delete_query_definition(queryDefinitionId=key)["success"]
    assert logs.describe_query_definitions(queryDefinitionNamePrefix=name)["queryDefinitions"] == []
    return described


@pytest.mark.adds(query_definitions.QUERY_DEFINITIONS)
def test_a_saved_query_can_be_changed_and_deleted(ours: Stack) -> None:
    assert [query["queryString"] for query in saved_queries(ours)] == ["limit 1"]


@pytest.mark.lacks(query_definitions.QUERY_DEFINITIONS)
def test_ministack_saves_no_query(ministack: Stack) -> None:
    with pytest.raises(ClientError, match="Unknown action"):
        saved_queries(ministack)


def sign_ins(stack: Stack) -> tuple[Any, Any]:
    """Return sum and count of SignInSuccesses after one sign-in with the right password and two with a wrong one."""
    api = stack.client("cognito-idp")
    pool = api.create_user_pool(PoolName=unique("pool"))["UserPool"]["Id"]
    client = api.create_user_pool_client(
        UserPoolId=pool, ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )
    client_id = client["UserPoolClient"]["ClientId"]
    api.admin_create_user(UserPoolId=pool, Username="user")
    api.admin_set_user_password(UserPoolId=pool, Username="user", Password="Correct-horse-1", Permanent=True)
    for password in ("Correct-horse-1", "wrong", "wrong"):
        with contextlib.suppress(api.exceptions.NotAuthorizedException):
            given = {"USERNAME": "user", "PASSWORD": password}
            api.initiate_auth(ClientId=client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given)
    of = {"UserPool": pool, "UserPoolClient": client_id}
    sums = metric(stack, "AWS/Cognito", "SignInSuccesses", "Sum", **of)
    return sums, metric(stack, "AWS/Cognito", "SignInSuccesses", "SampleCount", **of)


@pytest.mark.adds(sign_in_metrics.SIGN_IN_METRICS)
def test_sign_ins_are_counted_and_failed_ones_are_zero(ours: Stack) -> None:
    assert sign_ins(ours) == (1, 3)


@pytest.mark.lacks(sign_in_metrics.SIGN_IN_METRICS)
def test_ministack_counts_no_sign_ins(ministack: Stack) -> None:
    assert sign_ins(ministack) == (None, None)


def measured_table(stack: Stack) -> tuple[Any, ...]:
    """Return write capacity, calls and failed conditions of a table after one successful and one refused PutItem."""
    api, name = stack.client("dynamodb"), unique("table")
    api.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    for _ in range(2):
        with contextlib.suppress(api.exceptions.ConditionalCheckFailedException):
            item = {"id": {"S": "1"}, "text": {"S": "x" * 1500}}
            result = api.put_item(TableName=name, Item=item, ConditionExpression="attribute_not_exists(id)")
            assert "ConsumedCapacity" not in result
    return (
        metric(stack, "AWS/DynamoDB", "ConsumedWriteCapacityUnits", "Sum", TableName=name),
        metric(stack, "AWS/DynamoDB", "SuccessfulRequestLatency", "SampleCount", TableName=name, Operation="PutItem"),
        metric(stack, "AWS/DynamoDB", "ConditionalCheckFailedRequests", "Sum", TableName=name),
    )


@pytest.mark.adds(table_metrics.TABLE_METRICS)
def test_a_table_counts_its_capacity_calls_and_failed_conditions(ours: Stack) -> None:
    assert measured_table(ours) == (2, 1, 1)


@pytest.mark.lacks(table_metrics.TABLE_METRICS)
def test_ministack_has_no_table_metrics(ministack: Stack) -> None:
    assert measured_table(ministack) == (None, None, None)
