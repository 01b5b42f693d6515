"""CloudWatch's expressions by its own grammar: every alarm and panel of infra/, and the examples and rules of AWS's pages.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

from __future__ import annotations

import json
import operator
from collections.abc import Iterator
from typing import Any

import pytest

from crudctl.operate import dashboard
from crudctl.release import canary_alarms
from crudctl.release.canary_alarms import Settings, Traffic
from crudctl.release.metrics import Metrics
from emulator.cloudwatch import expressions, metric_math, searches, statistics
from tests.oracles import rendered

Json = dict[str, Any]

METRICS = ["m1", "m2", "m3", "metric1", "metric2", "errors", "requests", "latency"]

# Examples of the page, all of which it says result in a time series or several.
DOCUMENTED = [
    "5 * m1", "m1 - m2", "SUM(100/[m1, m2])", "AVG([m1,m2]/m3)", "METRICS()*100", "-5*m1", "-m1", "SUM(-[m1, m2])",
    "m1/PERIOD(m1)", "ABS(m1-m2)", "MIN(ABS([m1, m2]))", "ABS(METRICS())", "ANOMALY_DETECTION_BAND(m1)",
    "ANOMALY_DETECTION_BAND(m1,4)", "SUM([m1,m2])/AVG(m2)", "AVG(METRICS())", "CEIL(m1)", "SUM(CEIL(METRICS()))",
    "SUM(m1) / DATAPOINT_COUNT(m1) * m1", "DIFF_TIME(METRICS())", "FILL(m1,10)", "FILL(METRICS(), 0)", "FILL(METRICS(), m1)",
    "FILL(m1, MIN(m1))", "FILL(m1, REPEAT)", "FILL(METRICS(), LINEAR)", "IF(FIRST(SORT(METRICS(), AVG, DESC))>100, 1, 0)",
    "LAST(ANOMALY_DETECTION_BAND(m1))", "IF(DAY(m1)<6,m1)", "IF(MONTH(m1) == 4,m1)", "LOG10(m1)", "MAX(m1)/m1",
    "m1/METRIC_COUNT(METRICS())", 'SUM(METRICS("errors"))', 'SUM([METRICS("4xx"), METRICS("5xx")])', "m1-MIN(m1)",
    "RATE(METRICS())", "REMOVE_EMPTY(METRICS())", "RUNNING_SUM([m1,m2])", "SERVICE_QUOTA(m1)",
    "SLICE(SORT(METRICS(), SUM, DESC), 0, 10)", "SLICE(SORT(METRICS(), AVG, ASC), 5)", "SORT(METRICS(), AVG, DESC, 10)",
    "m1/STDDEV(m1)", "SUM(METRICS())/SUM(m1)", 'SUM(METRICS("errors"))/SUM(METRICS("requests"))*100', "TIME_SERIES(MAX(m1))",
    "TIME_SERIES(5*AVG(m1))", "TIME_SERIES(10)", "(metric1 > 15 AND metric2 > 15)", "metric1 > 15 && metric2 > 15",
    "m1 == 1 || m2 != 2 OR m3 <= 3", "IF(metric1<400, metric1)", "IF(metric1<400, 10, 2)", "IF(m1, m2, m3)", "IF(m1, 5, m3)",
    "IF(m1, m2, 5)", "IF(MAX(m1), m2, m3)", "SEARCH('{AWS/EC2,InstanceId} MetricName=\"CPUUtilization\"', 'Average', 300)",
    "SUM(SEARCH(' {AWS/Lambda, FunctionName} MetricName=\"Errors\" ', 'Sum', 300))", "m1 ^ 2",
]  # fmt: skip
# What breaks a rule of the page, or its grammar.
REFUSED = [
    "", " ", "m1 +", "m1 m2", "(m1", "m1)", "[m1", "m1 + unknown", "M1 + m2", "Metric1", "sum([m1, m2])", "Sum([m1, m2])",
    "MEDIAN(m1)", "5", "AVG(m1)", "SUM(m1)", "SUM(m1)/SUM(m2)", "METRIC_COUNT(METRICS())", "IF(1, 2, 3)", "IF(m1)",
    "IF(m1, METRICS(), 0)", "IF(1 > 0, 5, m1)", "FILL(m1)", "FILL(5, 0)", "FILL(m1, ZERO)", "FILL(m1, 'REPEAT')", "[m1, 5]",
    "[m1, m2] + [m1, m2]", "METRICS() > 5", "TIME_SERIES(m1)", "SORT(METRICS(), MEDIAN, ASC)", "SORT(m1, AVG, ASC)", "m1 and m2",
    "m1 = m2", "m1 % 2", "m1 ** 2", "not m1", "NOT m1", "m1 if m2 else m3", "m1.real", "SEARCH('{AWS/EC2}')", "FIRST(m1)",
    "PERIOD(m1 + m2)", "SEARCH('{a-b,c} x', 'Sum')", "SEARCH('{a} x', 'Total')", "SEARCH('{a} x', 'p101')", "m1 + 'text'",
    "METRICS(m1)", "1" * 2049, "m1 <> m2", "m1; m2", "e1", "SUM(m1",
]  # fmt: skip
FOUND = [
    ' {AWS/EC2,InstanceId} MetricName="CPUUtilization" ', ' {MyNamespace}, "CustomCount1" ', '{AWS/NetworkELB, LoadBalancer} '
    '"ConsumedLCUs" OR flow ', ' {"My Namespace", "Dimension@Name"}, "Custom:Name[Special_Characters" ', ' "CPUUtilization" ',
    ' InstanceType="t2.micro" Namespace="AWS/EC2" ', "InstanceType=micro", "network/errors", "network-errors Network_Errors",
    r'"Europe\\France Traffic\(Network\)"', "{AWS/EC2,InstanceId} network AND packets", "NOT Namespace=AWS ",
    '{AWS/EC2,InstanceId} MetricName="CPUUtilization" NOT i-1234567890123456', '{AWS/EC2,InstanceId} MetricName="CPUUtilization" '
    'NOT "ProjectA" NOT "ProjectB"', "(EC2 OR EBS) AND MetricName=ReadOps", "(EC2 OR EBS) MetricName=ReadOps",
    '{AWS/Lambda,FunctionName} MetricName="Errors" OR (MetricName="Invocations" AND (ProjectA OR ProjectB))', "{AWS/EC2}",
    '{"a-service-test",operation,version} MetricName="Latency"', ":aws.AccountId = 123456789012 CPUUtilization",
]  # fmt: skip
NOT_FOUND = [
    "", "  ", "{}", "{} x", "{a-service,operation} x", "{a_service} x", "{a service} x", "{a,b-c} x", '{"a} x', "{a,} x", "{a",
    "x {a}",
    "AND x", "x AND", "x OR OR y", "(x", "x)", "()", "NOT", '"Traffic(Network)"', '"open', "x" * 1025, "{a.b} x", "a OR AND b",
]  # fmt: skip
STATISTICS = [
    "SampleCount", "Average", "Sum", "Minimum", "Maximum", "p95", "p99.9", "p100", "p0", "tm90", "TM(2%:98%)", "TM(150:1000)",
    "IQM", "wm98", "WM(10%:90%)", "PR(:300)", "PR(100:2000)", "PR(1000:)", "TC(0.005:0.030)", "tc90", "TS(80%:)", "TM(:95%)",
    "TC(:0.5)",
]  # fmt: skip
NO_STATISTICS = [
    "", "p95 ", "average", "AVG", "Count", "p", "p101", "P95", "p-1", "PR(:)", "PR()", "PR(5)", "PR(10%:)", "pr(:5)", "TM90",
    "tm(1:2)", "TC(a:b)", "TC(1:2%)", "sum", "percentile95",
]  # fmt: skip
# Whose metrics have a value for each event, which percentiles and the like are computed from: the services of the page that are
# used here, and the service's own namespace, whose values come from log lines.
WITH_VALUES = ("AWS/ApiGateway", "AWS/Lambda", f"{rendered.NAME}-{rendered.ENV}")
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
VIEWS = {"timeSeries", "singleValue", "gauge", "bar", "pie", "table"}


@pytest.fixture(scope="module")
def resources() -> list[Json]:
    """What Terraform plans for a service with the longest names and many operations, with every switch on."""
    return rendered.longest()


def alarms(resources: list[Json]) -> dict[str, Json]:
    """The planned metric alarms by name."""
    found = [one["values"] for one in resources if one["type"] == "aws_cloudwatch_metric_alarm"]
    return {alarm["alarm_name"]: alarm for alarm in found}


def panels(resources: list[Json]) -> list[Json]:
    """The panels of the planned dashboard."""
    (board,) = (one["values"] for one in resources if one["type"] == "aws_cloudwatch_dashboard")
    return list(json.loads(board["dashboard_body"])["widgets"])


def of_alarm(alarm: Json) -> tuple[dict[str, Json], dict[str, str]]:
    """The metrics and the expressions of an alarm, by id."""
    queries = {query["id"]: query for query in alarm.get("metric_query") or []}
    return (
        {name: query["metric"][0] for name, query in queries.items() if query.get("metric")},
        {name: query["expression"] for name, query in queries.items() if query.get("expression")},
    )


def statistic_and_namespace(resources: list[Json]) -> Iterator[tuple[str, str]]:
    """Every statistic that an alarm or a panel asks for, and of which namespace."""
    for alarm in alarms(resources).values():
        yield from ((metric["stat"], metric["namespace"]) for metric in of_alarm(alarm)[0].values())
        for kind in ("statistic", "extended_statistic"):
            if alarm.get(kind):
                yield alarm[kind], alarm["namespace"]
    for panel in panels(resources):
        for query in dashboard.queries(panel["properties"].get("metrics", []), 300):
            if stat := query.get("MetricStat"):
                yield stat["Stat"], stat["Metric"]["Namespace"]
            else:
                for call in expressions.calls(expressions.parse(query["Expression"])):
                    if call.function == "SEARCH":
                        terms, statistic = (each.value for each in call.arguments if isinstance(each, expressions.Text))
                        yield statistic, searches.parse(terms).namespace


def test_every_alarm_is_accepted(resources: list[Json]) -> None:
    assert len(alarms(resources)) >= 10
    for name, alarm in alarms(resources).items():
        metrics, texts = of_alarm(alarm)
        types = expressions.check(list(metrics), texts)
        assert set(types.values()) <= {expressions.SERIES}, name
        assert len(metrics) <= 10, name
        returned = [query for query in alarm.get("metric_query") or [] if query.get("return_data")]
        assert len(returned) == (1 if texts else 0), name


def test_no_alarm_uses_a_function_whose_value_depends_on_how_many_periods_are_read(resources: list[Json]) -> None:
    """AWS advises against these: an alarm reads more periods than it evaluates."""
    used = {
        call.function
        for alarm in alarms(resources).values()
        for text in of_alarm(alarm)[1].values()
        for call in expressions.calls(expressions.parse(text))
    }
    assert used == {"IF", "FILL"}


def test_an_alarm_that_fills_missing_data_looks_at_more_than_the_newest_minutes(resources: list[Json]) -> None:
    """Data points arrive a minute or two late, and FILL makes them zero until then."""
    for name, alarm in alarms(resources).items():
        metrics, texts = of_alarm(alarm)
        if any("FILL(" in text for text in texts.values()):
            assert min(metric["period"] for metric in metrics.values()) >= 300, name


def test_every_panel_is_accepted(resources: list[Json]) -> None:
    prefix = f"{rendered.NAME}-{rendered.ENV}"
    searched = set()
    for panel in panels(resources):
        properties = panel["properties"]
        assert 0 <= panel["x"] <= 23
        assert panel["x"] + panel["width"] <= 24
        if panel["type"] == "metric":
            assert properties["view"] in VIEWS
            asked = list(dashboard.queries(properties["metrics"], properties["period"]))
            texts = {query["Id"]: query["Expression"] for query in asked if "Expression" in query}
            expressions.check([query["Id"] for query in asked if "MetricStat" in query], texts)
            for call in (call for text in texts.values() for call in expressions.calls(expressions.parse(text))):
                if call.function == "SEARCH" and isinstance(call.arguments[0], expressions.Text):
                    searched.add(searches.parse(call.arguments[0].value).namespace)
    assert searched == {prefix, "AWS/Lambda"}
    assert "-" in prefix


def test_statistics_exist_and_those_of_every_value_are_asked_where_aws_keeps_each(resources: list[Json]) -> None:
    asked = set(statistic_and_namespace(resources))
    assert {statistic for statistic, _ in asked if not statistics.valid(statistic)} == set()
    detailed = {(statistic, of) for statistic, of in asked if statistics.needs_values(statistic)}
    assert {of for _, of in detailed} == set(WITH_VALUES)


def test_what_a_release_asks_is_accepted() -> None:
    asked: list[Json] = []

    class CloudWatch:
        """Returns an hour of a function that is called a hundred times a minute, and keeps what it is asked."""

        def get_paginator(self, _: str) -> CloudWatch:
            return self

        def paginate(self, MetricDataQueries: list[Json], StartTime: Any, **_: Any) -> list[Json]:  # noqa: N803
            assert expressions.check([query["Id"] for query in MetricDataQueries], {}) == {}
            asked.extend(query["MetricStat"] for query in MetricDataQueries)
            values = {"Timestamps": [StartTime], "Values": [100.0]}
            return [{"MetricDataResults": [{"Id": query["Id"], **values} for query in MetricDataQueries]}]

    operations = {f"operation_{number}": f"function-{number}" for number in range(rendered.OPERATIONS)}
    old, new = dict.fromkeys(operations, "1"), dict.fromkeys(operations, "2")
    metrics = Metrics(CloudWatch(), "a-service", operations, 60, clock=lambda: 7200.0)
    metrics.evidence(old, new, [(0.1, 3600.0, 3601.0)], 600.0)
    metrics.percentiles(new, 3600.0)
    metrics.a_minute(3600.0)
    assert {stat["Stat"].partition("(")[0] for stat in asked} >= {"Sum", "p50", "p95", "TC"}
    assert [stat["Stat"] for stat in asked if not statistics.valid(stat["Stat"])] == []


def test_the_alarms_that_a_release_makes_are_accepted() -> None:
    functions = {f"operation_{number}": f"function-{number}" for number in range(rendered.OPERATIONS)}
    settings = Settings("a-service", "arn:rollback", "arn:topic", "docs/runbook.md", cause=300, release=3600)
    made = canary_alarms.alarms(settings, functions, dict.fromkeys(functions, "2"), Traffic({}, 0.1))
    for alarm in made.values():
        texts = {each["Id"]: each["Expression"] for each in alarm["Metrics"] if "Expression" in each}
        metrics = [each["Id"] for each in alarm["Metrics"] if each["Id"] not in texts]
        assert set(expressions.check(metrics, texts).values()) == {expressions.SERIES}
        assert [each["Id"] for each in alarm["Metrics"] if each["ReturnData"]] == list(texts)


@pytest.mark.parametrize("expression", DOCUMENTED)
def test_an_expression_of_the_page_is_accepted(expression: str) -> None:
    expressions.check(METRICS, {"e1": expression})


@pytest.mark.parametrize("expression", REFUSED, ids=lambda text: text[:40])
def test_an_expression_that_breaks_a_rule_of_the_page_is_refused(expression: str) -> None:
    with pytest.raises(expressions.Invalid):
        expressions.check(METRICS, {"e1": expression})


def test_expressions_may_name_each_other_but_not_in_a_circle() -> None:
    assert expressions.check(["m1"], {"e2": "SUM(e1)", "e1": "[m1, m1]"}) == {
        "e2": expressions.SERIES,
        "e1": expressions.LIST,
    }
    with pytest.raises(expressions.Invalid, match="circle"):
        expressions.check([], {"e1": "e2 + 1", "e2": "e1 + 1"})


@pytest.mark.parametrize("names", [["M1"], ["1m"], ["_m"], ["m-1"], ["m 1"], [""], ["m1", "m1"], ["m" * 256]])
def test_an_id_that_is_not_one_or_not_unique_is_refused(names: list[str]) -> None:
    with pytest.raises(expressions.Invalid):
        expressions.check(names, {})


@pytest.mark.parametrize("text", FOUND)
def test_a_search_of_the_page_is_accepted(text: str) -> None:
    assert searches.parse(text)


@pytest.mark.parametrize("text", NOT_FOUND, ids=lambda text: text[:40])
def test_a_search_that_breaks_a_rule_of_the_page_is_refused(text: str) -> None:
    with pytest.raises(searches.InvalidSearch):
        searches.parse(text)


def test_statistics_are_those_of_the_page() -> None:
    assert [name for name in STATISTICS if not statistics.valid(name)] == []
    assert [name for name in NO_STATISTICS if statistics.valid(name)] == []


def test_missing_values_are_as_in_the_tables_of_the_page() -> None:
    """Of comparisons, and of IF with its three forms; `-` there is a time without a value here."""
    first, second = {1: 30.0, 2: 20.0, 3: 0.0, 4: 0.0}, {1: 20.0, 3: 20.0}
    assert metric_math.combined(operator.lt, first, second) == {1: 0, 2: 0, 3: 1, 4: 0}
    assert metric_math.combined(operator.ge, first, 30.0) == {1: 1, 2: 0, 3: 0, 4: 0}
    condition, then, otherwise = (
        {1: 1.0, 2: 1.0, 3: 0.0, 4: 0.0},
        {1: 30.0, 3: 0.0, 4: 0.0, 5: 30.0},
        {1: 0.0, 2: 0.0, 3: 20.0, 5: 20.0},
    )
    assert metric_math.chosen(condition, then, otherwise) == {1: 30, 2: 0, 3: 20}
    assert metric_math.chosen(condition, 5.0, otherwise) == {1: 5, 2: 5, 3: 20}
    assert metric_math.chosen(condition, then, 5.0) == {1: 30, 2: 0, 3: 5, 4: 5}
    assert metric_math.combined(operator.truediv, {1: 1.0, 2: 1.0}, {1: 2.0}) == {1: 0.5}
