"""What an invocation writes to the function's log group: the platform's lines and its own."""

from __future__ import annotations

import json
import re
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ministack.core import iam_evaluator, lambda_runtime, responses
from ministack.services import lambda_svc

from emulator.cloudwatch import metrics
from emulator.lambda_ import environment
from emulator.logs import log_stream
from emulator.patches import Difference, patch, register, uses

Json = dict[str, Any]

PERMISSIONS_LAST = 5.0

JSON_PLATFORM_LINES = register(
    Difference(
        name="json-platform-lines",
        service="Lambda",
        aws="with the JSON log format, START, END and REPORT are JSON records, and so is the "
        "report of an uncaught exception; the end of the log that Invoke returns has them too",
        source="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html",
        ministack="text, whatever the format",
        here="as AWS",
        upstream="write the platform's records in `_emit_lambda_logs` in the format of the function's LoggingConfig",
    )
)

LOG_PERMISSION = register(
    Difference(
        name="log-permission",
        service="Lambda",
        aws="what a function writes is logged if its role allows logs:CreateLogStream and logs:PutLogEvents on the log "
        "group; a missing group is created if the role allows logs:CreateLogGroup",
        source="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html",
        ministack="everything is logged, whatever the role allows",
        here="as AWS",
        upstream="evaluate the role's policies in `_emit_lambda_logs` when IAM is enforced",
    )
)
uses(LOG_PERMISSION, responses, "get_account_id()", "get_region()")
uses(
    LOG_PERMISSION,
    iam_evaluator,
    "EvalContext(principal_arn, principal_type, principal_account, action, resource_arn, region, source_ip=<factory>, "
    "secure_transport=<factory>, request_tags=<factory>, tag_keys=<factory>, service_context=<factory>, "
    "principal_keys=<factory>)",
    "_gather_role_policies(role_name, account_id)",
    "evaluate(ctx, policies, *limits)",
)
uses(JSON_PLATFORM_LINES, lambda_runtime, "Worker._proc")

_here = threading.local()  # an invocation is executed and logged by one thread


def install() -> None:
    """Write the lines of invocations with this module."""
    patch(lambda_svc, "_emit_lambda_logs", write, JSON_PLATFORM_LINES, LOG_PERMISSION, metrics.EMBEDDED_METRICS)


def write(
    func: Json, request_id: str, log_text: str, error: bool, duration_ms: int, *, log_source: str | None = None
) -> None:
    """Write the lines of one invocation: the platform's, and those that the function wrote."""
    config = func.get("config") or func
    worker, result = environment.last_invocation()
    if worker is None:
        return  # refused before an environment was chosen: AWS logs nothing
    trace = result.get("trace") or ""
    written = log_text.removesuffix(trace).splitlines() if error and trace else log_text.splitlines()
    now = time.time()
    report = _Report(
        config=config,
        request_id=request_id,
        now=now,
        duration=duration_ms,
        error=error,
        trace=trace,
        result=result,
        init_seconds=worker.init_seconds,
        memory_used=_peak_memory(worker),
    )
    in_json = (config.get("LoggingConfig") or {}).get("LogFormat") == "JSON"
    lines = report.as_json(written) if in_json else report.as_text(written)
    _here.lines = lines
    group = environment.log_group(config)
    may_log, may_create = _log_permissions(worker, config, group)
    if not may_log:
        return
    times = [report.started, *[now] * (len(lines) - 1)]
    log_stream.append(group, worker.log_stream, list(zip(times, lines, strict=True)), create=may_create)
    for line in written:
        metrics.extract(line)


def last_lines() -> str:
    """Return the lines of this thread's last invocation, whatever its role may log, only once; empty if there are none.

    Their end is what Invoke returns: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    """
    lines, _here.lines = getattr(_here, "lines", []), []
    return "".join(f"{line}\n" for line in lines)


def _log_permissions(worker: Any, config: Json, group: str) -> tuple[bool, bool]:
    """Return whether the role may write to the log group, and whether it may create it. Looked up every few seconds."""
    checked_at, may_log, may_create = getattr(worker, "log_permissions", (0.0, False, False))
    if time.monotonic() - checked_at > PERMISSIONS_LAST:
        may_log = all(_allows(config, group, action) for action in ("CreateLogStream", "PutLogEvents"))
        may_create = _allows(config, group, "CreateLogGroup")
        worker.log_permissions = (time.monotonic(), may_log, may_create)
    return may_log, may_create


def _allows(config: Json, group: str, action: str) -> bool:
    """Return whether the function's role allows an action on a log group."""
    role, account, region = config["Role"], responses.get_account_id(), responses.get_region()
    name = role.rsplit("/", 1)[-1]
    context = iam_evaluator.EvalContext(
        principal_arn=role,
        principal_type="AssumedRole",
        principal_account=account,
        action=f"logs:{action}",
        resource_arn=f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{name}",
        region=region,
    )
    policies = iam_evaluator._gather_role_policies(name, account)
    return bool(iam_evaluator.evaluate(context, policies).decision == "Allow")


class _Report:
    """The platform's lines around those of one invocation, in either format."""

    def __init__(
        self,
        *,
        config: Json,
        request_id: str,
        now: float,
        duration: int,
        error: bool,
        trace: str,
        result: Json,
        init_seconds: float,
        memory_used: int,
    ) -> None:
        self.version = config.get("Version", "$LATEST")
        self.memory = int(config.get("MemorySize", 128))
        self.memory_used = memory_used
        self.started = now - duration / 1000
        self.request_id, self.duration, self.trace = request_id, max(duration, 1), trace
        self.time = _iso(now)
        self.message = str(result.get("error") or "")
        self.timed_out = error and "timed out" in self.message
        self.status = "timeout" if self.timed_out else "error" if error else "success"
        self.init = round(init_seconds * 1000, 2) if result.get("cold_start") else None

    def as_text(self, written: list[str]) -> list[str]:
        lines = [f"START RequestId: {self.request_id} Version: {self.version}", *written]
        if self.trace:
            kind = self.trace.strip().splitlines()[-1]
            lines.append(f"[ERROR] {kind}\n{self.trace}")
        elif self.timed_out:
            lines.append(f"{self.time} {self.request_id} {self.message}")
        init = f"\tInit Duration: {self.init} ms" if self.init else ""
        return [
            *lines,
            f"END RequestId: {self.request_id}",
            (
                f"REPORT RequestId: {self.request_id}\tDuration: {self.duration} ms\t"
                f"Billed Duration: {self.duration} ms\tMemory Size: {self.memory} MB\t"
                f"Max Memory Used: {self.memory_used} MB{init}"
            ),
        ]

    def as_json(self, written: list[str]) -> list[str]:
        start = {"requestId": self.request_id, "version": self.version}
        lines = [_record(_iso(self.started), "platform.start", start), *written]
        if self.trace:
            kind, _, message = self.trace.strip().splitlines()[-1].partition(": ")
            uncaught = {
                "timestamp": self.time,
                "log_level": "ERROR",
                "errorMessage": message,
                "errorType": kind,
                "requestId": self.request_id,
                "stackTrace": self.trace.splitlines()[1:-1],
            }
            lines.append(json.dumps(uncaught))
        measured: Json = {
            "durationMs": self.duration,
            "billedDurationMs": self.duration,
            "memorySizeMB": self.memory,
            "maxMemoryUsedMB": self.memory_used,
        }
        if self.init:
            measured["initDurationMs"] = self.init
        report = {"requestId": self.request_id, "metrics": measured, "status": self.status}
        return [*lines, _record(self.time, "platform.report", report)]


def _record(at: str, kind: str, record: Json) -> str:
    return json.dumps({"time": at, "type": kind, "record": record})


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _peak_memory(worker: Any) -> int:
    """Return the most memory the worker's process has used, in MB; 0 if the system does not report it."""
    try:
        status = Path(f"/proc/{worker._proc.pid}/status").read_text()
    except (AttributeError, OSError):
        return 0  # not Linux, or the worker ended with its invocation
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(peak[1]) // 1024 if peak else 0
