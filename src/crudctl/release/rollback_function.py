"""The function `rollback`, which an alarm on the new version calls when no releaser may be there to see it.

It is in a zip of its own with record.py, aliases.py and rollback.py; boto3 is Lambda's.
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
from crudctl.release.rollback import take_back


def handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    """Takes the release under way back, if the alarm is about its new version. Lambda calls again when this raises."""
    alarm = event["alarmData"]
    if alarm["state"]["value"] != "ALARM":
        return _said("the alarm is over")
    records = Records(boto3.client("dynamodb"), os.environ["RELEASES_TABLE"])
    functions: dict[str, str] = json.loads(os.environ["FUNCTIONS"])
    release = records.current()
    if release is None or not release.running:
        return _said("no release is under way")
    if not _is_about(alarm, functions, release):
        return _said("the alarm is about another version")
    holder = f"rollback-{uuid.uuid4()}"
    aliases = Aliases(boto3.client("lambda"), functions, holder)
    try:
        silence = time.time() - release.seen
        told = (
            f"the alarm rang {silence:.0f} s after the releaser ({release.who}, process {release.pid}) had written last"
        )
        mine = records.take_over(holder)
        mine = replace(mine, notes=[*mine.notes, told])
        release = take_back(mine, records, aliases, why=_words(alarm, functions), by="alarm")
    except NothingUnderWay:
        return _said("the release has ended meanwhile")
    except TakenOver:  # a version that is bad in several functions rings several alarms
        return _said("somebody else has taken the release over meanwhile")
    if release.running:
        raise RuntimeError(release.notes[-1])
    return _said(f"release {release.number} was taken back")


def _is_about(alarm: dict[str, Any], functions: dict[str, str], release: Release) -> bool:
    operation, version, _ = _watched(alarm, functions)
    return release.new.get(operation) == version != release.old.get(operation)


def _words(alarm: dict[str, Any], functions: dict[str, str]) -> str:
    operation, version, metric = _watched(alarm, functions)
    what = "crashed or timed out" if metric == "Errors" else "answered 5xx"
    found = f"{operation} version {version} {what} too often within a minute"
    return f"{found} ({alarm['alarmName']}: {alarm['state']['reason']})"


def _watched(alarm: dict[str, Any], functions: dict[str, str]) -> tuple[str, str, str]:
    """Operation, version and metric that the alarm is about."""
    (metric,) = (entry["metricStat"]["metric"] for entry in alarm["configuration"]["metrics"] if "metricStat" in entry)
    seen = metric["dimensions"]
    names = {name: operation for operation, name in functions.items()}
    operation = seen.get("operation") or names.get(seen.get("FunctionName", ""), "")
    return operation, seen.get("version") or seen.get("ExecutedVersion", ""), metric["name"]


def _said(what: str) -> dict[str, str]:
    print(json.dumps({"rollback": what}))
    return {"rollback": what}
