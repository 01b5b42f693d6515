"""The function `rollback`, which an alarm on the new version calls: it rolls the release back if no releaser does.

The alarm on a release that takes too long calls it too, for those whom only a webhook or the dashboard reaches.

It removes the alarms and metric filters of a release that it has ended. If that fails, or a releaser died before it had done so,
Lambda or an alarm calls again, and it removes what is left.

The alarm only counts faults of the new version, which users may cause at both. So this function looks at the evidence of the
whole release and decides as a releaser does (guard.py). An alarm calls it when its state changes, once. Therefore the function
first sets the alarm to OK: if the faults go on, it goes back into ALARM at its next evaluation, and the evidence is looked at
again, with a minute more of it.

It is deployed in a zip of its own with the modules that it imports (crudctl.build.package); boto3 is Lambda's.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html
"""

from __future__ import annotations

import json
import os
import time
import uuid
from dataclasses import replace
from typing import Any

import boto3
from botocore.config import Config

from crudctl.release import canary_alarms, notices
from crudctl.release.aliases import Aliases
from crudctl.release.gateway import Stage, settle
from crudctl.release.guard import Policy
from crudctl.release.lookout import Lookout
from crudctl.release.metrics import Metrics
from crudctl.release.next_step import Step, next_step
from crudctl.release.observe import observe
from crudctl.release.record import ROLLED_BACK, NothingUnderWay, Records, Release, TakenOver
from crudctl.release.rollback import roll_back
from crudctl.release.wording import looks

# boto3 waits a minute for a response by itself, which is all the time that the function has (infra/release.tf).
# https://docs.aws.amazon.com/botocore/latest/reference/config.html
SILENCE = 180.0  # seconds without a write after which a releaser is presumed dead
PATIENCE = Config(connect_timeout=2, read_timeout=6, retries={"mode": "standard", "total_max_attempts": 3})


def handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    """Roll back the release under way if the alarm is about its new version, and that is worse than the old one.

    Lambda calls again if this raises.
    """
    alarm = event["alarmData"]
    if alarm["state"]["value"] != "ALARM":
        return _result("the alarm is over")
    records = Records(_client("dynamodb"), os.environ["RELEASES_TABLE"])
    functions: dict[str, str] = json.loads(os.environ["FUNCTIONS"])
    cloudwatch = _client("cloudwatch")
    lookout = Lookout(cloudwatch, _client("logs"), functions, os.environ["NAMESPACE"])
    release = records.current()
    if release is None or not release.running:
        lookout.remove()
        _settle(release)
        return _result("no release is under way")
    if alarm["alarmName"] == canary_alarms.stuck(os.environ["NAMESPACE"]):
        but_the_topic = replace(_channels(), topic=None)  # which the alarm notifies
        _notify(but_the_topic, replace(release, why=alarm["configuration"]["description"]), notices.WAITS)
        return _result("people were notified of a release that waits")
    if not _is_about(alarm, functions, release):
        return _result("the alarm is about another version")
    if not release.stages:
        return _result("no user has called the new version yet")
    looking = "the function rollback looks at the evidence; if the faults go on, this alarm fires again"
    cloudwatch.set_alarm_state(AlarmName=alarm["alarmName"], StateValue="OK", StateReason=looking)
    step = _look(cloudwatch, functions, release)
    if step.action != "roll back":
        return _result(looks(step.odds, Policy()))
    holder = f"rollback-{uuid.uuid4()}"
    aliases = Aliases(_client("lambda"), functions, holder)
    try:
        silence = time.time() - release.seen
        note = f"the alarm fired {silence:.0f} s after the last write of the releaser ({release.who}, process {release.pid})"
        mine = records.take_over(holder, release.number)  # whose evidence this is, and no other
        mine = replace(mine, notes=[*mine.notes, note])
        release = roll_back(mine, records, aliases, why=_reason(alarm, step), by="alarm", clock=time.time)
    except NothingUnderWay:
        return _result("the release has ended meanwhile")
    except TakenOver:  # several alarms fire for a version that is bad in several functions
        return _result("the release was taken over meanwhile")
    if release.running:
        raise RuntimeError(release.notes[-1])
    _settle(release)
    if failed := _notify(_channels(), release, ROLLED_BACK):
        records.archive(replace(release, notes=[*release.notes, failed]))
    lookout.remove()
    return _result(f"release {release.number} was rolled back")


def _channels() -> notices.Channels:
    return notices.Channels(**json.loads(os.environ["NOTICES"]))


def _notify(channels: notices.Channels, release: Release, event: str) -> str:
    """Notify people. Return a note, and log it, if not everybody was."""
    failed = notices.tell(channels, _client, notices.notice(channels, release, event, time.time()))
    if failed:
        _result(failed)
    return failed


def _client(service: str) -> Any:
    return boto3.client(service, config=PATIENCE)


def _settle(release: Release | None) -> None:
    """Let the gateway serve what belongs to the versions in which a release has ended."""
    if release and release.deployments:
        at = json.loads(os.environ["GATEWAY"])
        settle(release, Stage(_client("apigateway"), at["api"], at["stage"]))


def _is_about(alarm: dict[str, Any], functions: dict[str, str], release: Release) -> bool:
    operation, version = _watched(alarm, functions)
    return release.new.get(operation) == version != release.old.get(operation)


def _look(cloudwatch: Any, functions: dict[str, str], release: Release) -> Step:
    """Return what a releaser would do for this evidence in the middle of a bake."""
    metrics = Metrics(cloudwatch, os.environ["NAMESPACE"], functions, release.period, clock=time.time)
    now = time.time()
    doing = "watch" if release.stages[-1][0] == 1.0 else "bake"
    baking = replace(release, doing=doing, bake=release.bake or 1.0)
    step = next_step(baking, {}, replace(observe(metrics, baking), since=now), now)
    if step.action == "start over" and now - release.seen > SILENCE:
        return replace(step, action="roll back", why=f"{step.why}; no releaser is there to compare again")
    return step


def _reason(alarm: dict[str, Any], step: Step) -> str:
    return f"{step.why}; noticed by alarm {alarm['alarmName']}"


def _watched(alarm: dict[str, Any], functions: dict[str, str]) -> tuple[str, str]:
    """Return the operation and the version that the alarm is about."""
    (metric,) = (entry["metricStat"]["metric"] for entry in alarm["configuration"]["metrics"] if "metricStat" in entry)
    dimensions = metric["dimensions"]
    names = {name: operation for operation, name in functions.items()}
    operation = dimensions.get("operation") or names.get(dimensions.get("FunctionName", ""), "")
    return operation, dimensions.get("version") or dimensions.get("ExecutedVersion", "")


def _result(outcome: str) -> dict[str, str]:
    print(json.dumps({"rollback": outcome}))
    return {"rollback": outcome}
