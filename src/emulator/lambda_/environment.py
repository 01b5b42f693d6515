"""The execution environment of a function: its variables and its log stream."""

from __future__ import annotations

import secrets
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from ministack.core import lambda_runtime
from ministack.core.lambda_runtime import Worker

from emulator.differences import Difference, register

Json = dict[str, Any]

ENVIRONMENT_VARIABLES = register(
    Difference(
        name="environment-variables",
        service="Lambda",
        aws="a function sees the variables that Lambda defines and its own, and nothing else",
        source="https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
        ministack="it sees the emulator's whole environment, and lacks AWS_EXECUTION_ENV, "
        "AWS_LAMBDA_LOG_GROUP_NAME, _HANDLER, TZ and others",
        here="as AWS, plus AWS_ENDPOINT_URL and what the emulator's worker needs",
    )
)
LOG_STREAMS = register(
    Difference(
        name="log-streams",
        service="Lambda",
        aws="every execution environment has one log stream, whose name the context holds",
        source="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html",
        ministack="every invocation makes a stream of its own with another name",
        here="as AWS",
    )
)
_PASSED_ON = ("PATH", "LANG", "HOME", "TMPDIR", "SYSTEMROOT")
_WORKERS_OWN = ("_LAMBDA_", "_MINISTACK_", "AWS_", "LAMBDA_")

_here = threading.local()


def install() -> None:
    """Give workers Lambda's environment and a log stream each."""
    processes = SimpleNamespace(**vars(subprocess))
    processes.Popen = _popen
    lambda_runtime.subprocess = processes
    Worker._spawn = _spawning(Worker._spawn)
    Worker.invoke = _noting(Worker.invoke)


def _spawning(original: Callable[[Any], None]) -> Callable[[Any], None]:
    def spawn(worker: Any) -> None:
        version = worker.config.get("Version", "$LATEST")
        today = datetime.now(UTC).strftime("%Y/%m/%d")
        worker.log_stream = f"{today}/[{version}]{secrets.token_hex(16)}"
        _here.spawned = worker
        started = time.perf_counter()
        original(worker)
        worker.init_seconds = time.perf_counter() - started

    return spawn


def _popen(command: list[str], env: Json | None = None, **options: Any) -> subprocess.Popen[str]:
    worker = getattr(_here, "spawned", None)
    if worker is not None and env is not None:
        env = _variables(worker, env)
        _here.spawned = None
    return subprocess.Popen(command, env=env, **options)


def _variables(worker: Any, env: Json) -> dict[str, str]:
    config = worker.config
    own = (config.get("Environment") or {}).get("Variables") or {}
    kept = {
        name: value for name, value in env.items() if name in _PASSED_ON or name in own or name.startswith(_WORKERS_OWN)
    }
    name = config.get("FunctionName", "")
    kept.update(
        AWS_EXECUTION_ENV=f"AWS_Lambda_{config.get('Runtime', '')}",
        AWS_LAMBDA_FUNCTION_NAME=name,
        AWS_LAMBDA_FUNCTION_VERSION=config.get("Version", "$LATEST"),
        AWS_LAMBDA_INITIALIZATION_TYPE="on-demand",
        AWS_LAMBDA_LOG_GROUP_NAME=log_group(config),
        AWS_LAMBDA_LOG_STREAM_NAME=worker.log_stream,
        LAMBDA_RUNTIME_DIR="/var/runtime",
        TZ=own.get("TZ", ":UTC"),
        _HANDLER=config.get("Handler", ""),
    )
    return {key: str(value) for key, value in kept.items() if key != "LAMBDA_EXECUTOR"}


def _noting(original: Callable[..., Json]) -> Callable[..., Json]:
    def invoke(worker: Any, event: Any, request_id: str, **options: Any) -> Json:
        _here.worker, _here.result, _here.request_id = worker, {}, request_id
        result = original(worker, event, request_id, **options)
        _here.result = result
        return result

    return invoke


def last_invocation() -> tuple[Any, Json]:
    """The worker that this thread's invocation ran in, and its answer; once for each invocation."""
    worker, _here.worker = getattr(_here, "worker", None), None
    return worker, getattr(_here, "result", {})


def last_request_id() -> str:
    """The id of the invocation that this thread ran last."""
    return str(getattr(_here, "request_id", ""))


def log_group(config: Json) -> str:
    chosen = (config.get("LoggingConfig") or {}).get("LogGroup")
    return chosen or f"/aws/lambda/{config.get('FunctionName', '')}"
