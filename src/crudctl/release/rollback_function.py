"""The function `rollback`, which an alarm on the new version calls: it rolls the release back if no releaser does.

It is deployed in a zip of its own with record.py, aliases.py and rollback.py (crudctl.build.package); boto3 is Lambda's.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
"""

from __future__ import annotations

import json
import os
import time
import uuid
from dataclasses import replace
from typing import Any

import boto3

from crudctl.release.aliases import Aliases
from crudctl.release.record import NothingUnderWay, Records, Release, TakenOver
from crudctl.release.rollback import roll_back


def handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    """Roll back the release under way if the alarm is about its new version. Lambda calls again if this raises."""
    alarm = event["alarmData"]
    if alarm["state"]["value"] != "ALARM":
        return _result("the alarm is over")
    records = Records(boto3.client("dynamodb"), os.environ["RELEASES_TABLE"])
    functions: dict[str, str] = json.loads(os.environ["FUNCTIONS"])
    release = records.current()
    if release is None or not release.running:
        return _result("no release is under way")
    if not _is_about(alarm, functions, release):
        return _result("the alarm is about another version")
    holder = f"rollback-{uuid.uuid4()}"
    aliases = Aliases(boto3.client("lambda"), functions, holder)
    try:
        silence = time.time() - release.seen
        note = f"the alarm fired {silence:.0f} s after the last write of the releaser ({release.who}, process {release.pid})"
        mine = records.take_over(holder)
        mine = replace(mine, notes=[*mine.notes, note])
        release = roll_back(mine, records, aliases, why=_reason(alarm, functions), by="alarm")
    except NothingUnderWay:
        return _result("the release has ended meanwhile")
    except TakenOver:  # several alarms fire for a version that is bad in several functions
        return _result("the release was taken over meanwhile")
    if release.running:
        raise RuntimeError(release.notes[-1])
    return _result(f"release {release.number} was rolled back")


def _is_about(alarm: dict[str, Any], functions: dict[str, str], release: Release) -> bool:
    operation, version, _ = _watched(alarm, functions)
    return release.new.get(operation) == version != release.old.get(operation)


def _reason(alarm: dict[str, Any], functions: dict[str, str]) -> str:
    operation, version, metric = _watched(alarm, functions)
    what = "crashed or timed out" if metric == "Errors" else "returned 5xx"
    where = f"{operation} version {version} {what} too often within a minute"
    return f"{where} ({alarm['alarmName']}: {alarm['state']['reason']})"


def _watched(alarm: dict[str, Any], functions: dict[str, str]) -> tuple[str, str, str]:
    """Return the operation, version and metric that the alarm is about."""
    (metric,) = (entry["metricStat"]["metric"] for entry in alarm["configuration"]["metrics"] if "metricStat" in entry)
    dimensions = metric["dimensions"]
    names = {name: operation for operation, name in functions.items()}
    operation = dimensions.get("operation") or names.get(dimensions.get("FunctionName", ""), "")
    return operation, dimensions.get("version") or dimensions.get("ExecutedVersion", ""), metric["name"]


def _result(outcome: str) -> dict[str, str]:
    print(json.dumps({"rollback": outcome}))
    return {"rollback": outcome}
