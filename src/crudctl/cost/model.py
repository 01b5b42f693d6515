"""Models the bill of a month: use and what is deployed in, lines with quantity and price out. Pure; prices.json has prices."""

from __future__ import annotations

from crudctl.cost.deployed import VERSIONS, Deployed
from crudctl.cost.prices import GB, HOURS, SECONDS, Line, line, shared
from crudctl.cost.workload import Workload

# The logs of one request. A test on a real stack bounds them.
LOG_LINES = 4  # gateway, function, and the platform's start and report
LOG_BYTES = 1350  # of these four
EVENT_OVERHEAD = 26  # bytes that CloudWatch Logs adds to each line
COMPRESSED = 0.15  # share of the bytes that CloudWatch Logs stores after compression

FREE_ON_A_DASHBOARD = 50  # metrics; one with more costs its price whatever the free tier has

# Of a release: alarms and metrics of each function while it lasts, and what it reads to decide.
RELEASE_HOURS = 1
RELEASE_ALARMS_EACH = 3  # crashes, faults, and the requests of the new version
RELEASE_ALARMS = 1  # of the function that rolls back
REFUSED = 7  # statuses of 4xx in which a function is compared, on average
RELEASE_METRICS_EACH = 2 + REFUSED  # responses, cold starts and each of these that occurs, of each version
LOOKS = 120  # in an hour
READ_AT_A_LOOK = (
    30 + 2 * REFUSED
)  # metrics of both versions of a function, with the durations of the two windows that change
OTHER_PARTS = ("API Gateway", "Lambda", "DynamoDB", "Cognito", "WAF", "Data transfer")  # every other line is monitoring
USER = {"LITE": "lite_user", "ESSENTIALS": "user", "PLUS": "plus_user"}


def lines(month: Workload, deployed: Deployed) -> list[Line]:
    """Return the bill of a month of an environment, line by line, without lines of nothing."""
    return shared([
        *_requests(month, deployed),
        *_data(month, deployed),
        *_monitoring(month, deployed),
        *_release(month.releases, deployed),
        *_people(month, deployed),
        *_web_acls(month, deployed),
        line("Data transfer", "responses to the internet", "data_out_gb", month.bytes_out / GB),
    ])  # fmt: skip


def is_monitoring(each: Line) -> bool:
    """Return whether a line pays for watching the service, and not for serving."""
    return each.service not in OTHER_PARTS


def logged(month: Workload) -> float:
    """Return the gigabytes of logs of a month."""
    return month.requests * (LOG_BYTES + LOG_LINES * EVENT_OVERHEAD) / GB


def _requests(month: Workload, deployed: Deployed) -> list[Line]:
    memory = deployed.memory / 1024
    kept = SECONDS * memory * deployed.functions if deployed.snap_start else 0
    return [
        line("API Gateway", "REST API", "rest_request", month.requests),
        line("Lambda", "requests", "lambda_request", month.requests),
        line("Lambda", "duration", "lambda_gb_second", month.requests * month.duration / 1000 * memory),
        line("Lambda", "snapshots, kept", "snapshot_gb_second", kept),
        line("Lambda", "snapshots, restored", "snapshot_gb", month.requests * month.cold * memory if kept else 0),
    ]


def _data(month: Workload, deployed: Deployed) -> list[Line]:
    table, index = month.table_bytes / GB, month.index_bytes / GB
    return [
        line("DynamoDB", "writes, table and index", "write_unit", month.write_units),
        line("DynamoDB", "reads", "read_unit", month.read_units),
        line("DynamoDB", "storage, table and index", "table_gb", table + index),
        line("DynamoDB", "point-in-time recovery", "backup_gb", table if deployed.backups else 0),
    ]


def _monitoring(month: Workload, deployed: Deployed) -> list[Line]:
    gb, traced = logged(month), min(month.requests, deployed.reservoir * SECONDS)
    large = sum((shown or 0) > FREE_ON_A_DASHBOARD for shown in deployed.dashboards)
    months = deployed.retention / 30 or 12  # what is kept for ever is priced as after a year
    return [
        line("CloudWatch", "logs, written", "log_gb", gb),
        line("CloudWatch", "logs, kept", "log_gb_month", gb * COMPRESSED * months),
        line("CloudWatch", "metrics", "metric", deployed.metrics if month.requests else 0),
        line("CloudWatch", "alarms", "alarm_metric", deployed.alarm_metrics),
        line("CloudWatch", "alarms, of less than a minute", "fine_alarm_metric", deployed.fine_alarm_metrics),
        line("CloudWatch", "composite alarms", "composite_alarm", deployed.composite_alarms),
        line("CloudWatch", "dashboard", "dashboard", len(deployed.dashboards) - large),
        line("CloudWatch", "dashboard of more than 50 metrics", "large_dashboard", large),
        line("X-Ray", "traces", "trace", traced + deployed.traced * (month.requests - traced)),
    ]


def _release(releases: float, deployed: Deployed) -> list[Line]:
    """Return what releases cost in addition. Alarms and metrics are billed by the hour."""
    months, functions = releases * RELEASE_HOURS / HOURS, deployed.functions
    alarms = RELEASE_ALARMS + RELEASE_ALARMS_EACH * functions
    metrics = RELEASE_METRICS_EACH * functions * VERSIONS
    read = releases * RELEASE_HOURS * LOOKS * READ_AT_A_LOOK * functions
    return [
        line("CloudWatch", "alarms of releases", "alarm_metric", months * alarms),
        line("CloudWatch", "metrics of releases", "metric", months * metrics),
        line("CloudWatch", "metrics that releases read", "metric_read", read),
    ]


def _people(month: Workload, deployed: Deployed) -> list[Line]:
    return [
        line("Cognito", "users", USER[deployed.tier], month.users),
        line("Cognito", "machine clients", "machine_client", month.machines),
        line("Cognito", "their tokens", "machine_token", month.machines * HOURS),
    ]


def _web_acls(month: Workload, deployed: Deployed) -> list[Line]:
    acls, pool = deployed.web_acls, deployed.pool_acls
    return [
        line("WAF", "web ACL", "web_acl", len(acls)),
        line("WAF", "rules", "web_acl_rule", sum(acls)),
        line("WAF", "requests", "web_acl_request", month.requests * len(acls)),
        line("WAF", "web ACL of the sign-in", "web_acl", len(pool)),
        line("WAF", "its rules", "web_acl_rule", sum(pool)),
    ]
