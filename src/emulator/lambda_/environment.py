"""The execution environment of a function: its variables and its log stream."""

from __future__ import annotations

import os
import secrets
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from ministack.core import lambda_runtime

from emulator.lambda_ import worker_io, worker_start
from emulator.logs.log_stream import LOG_STREAMS
from emulator.patches import Difference, patch, register, uses

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
        upstream="build the environment of a worker from a list of names instead of `os.environ`, and add the missing variables",
    )
)
uses(ENVIRONMENT_VARIABLES, lambda_runtime, "Worker.config", "subprocess.Popen", "reset()")

_PASSED_ON = ("LANG", "HOME", "TMPDIR", "SYSTEMROOT")  # the emulator's home is an empty folder
_WORKERS_OWN = ("_LAMBDA_", "_MINISTACK_", "AWS_", "LAMBDA_")

_here = threading.local()


def install() -> None:
    """Give each worker Lambda's environment and a log stream."""
    processes = ModuleType(subprocess.__name__)
    vars(processes).update(vars(subprocess), Popen=popen)
    patch(lambda_runtime, "subprocess", processes, ENVIRONMENT_VARIABLES)
    patch(lambda_runtime, "Worker._spawn", spawn, ENVIRONMENT_VARIABLES, LOG_STREAMS)
    patch(lambda_runtime, "Worker.invoke", invoke, LOG_STREAMS, worker_io.OUTPUT_OF_INVOCATIONS)


def spawn(original: Callable[[Any], None], self: Any) -> None:
    """Start the process of a worker, with a log stream of its own."""
    version = self.config.get("Version", "$LATEST")
    today = datetime.now(UTC).strftime("%Y/%m/%d")
    self.log_stream = f"{today}/[{version}]{secrets.token_hex(16)}"
    _here.spawned = self
    started = time.perf_counter()
    try:
        original(self)
    finally:
        worker_start.starts.ended(self)
    self.init_seconds = time.perf_counter() - started


def popen(command: list[str], env: Json | None = None, **options: Any) -> subprocess.Popen[str]:
    """Start a process, with Lambda's variables if it is the worker that this thread spawns."""
    worker = getattr(_here, "spawned", None)
    if worker is not None and env is not None:
        _here.spawned = None
        return worker_io.start(worker._tmpdir, command, _variables(worker, env), **options)
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
        PATH=os.defpath,
        TZ=own.get("TZ", ":UTC"),
        _HANDLER=config.get("Handler", ""),
    )
    return {key: str(value) for key, value in kept.items() if key != "LAMBDA_EXECUTOR"}


def invoke(
    self: Any,
    event: Any,
    request_id: str,
    *,
    trace_id: str | None = None,
    depth: Any = None,
    durable: Json | None = None,
    invoked_function_arn: str | None = None,
) -> Json:
    """Run an invocation, and keep its worker, id and result for `last_invocation` and `last_request_id`."""
    _here.worker, _here.result, _here.request_id = self, {}, request_id
    arn = self.config.get("FunctionArn", "") if invoked_function_arn is None else invoked_function_arn
    context = {
        "request_id": request_id,
        "invoked_function_arn": arn,
        "timeout_ms": int(float(self.config.get("Timeout", 30)) * 1000),
        "trace_id": trace_id,
        "depth": depth,
        "durable": durable or {},
    }
    _here.result = worker_io.invoke(self, {"event": event, "ctx": context})
    return dict(_here.result)


def forget() -> None:
    """Forget this thread's last invocation: the next may be refused before it reaches a worker."""
    _here.worker, _here.result, _here.request_id = None, {}, ""


def kill_all() -> None:
    """End the processes of all functions."""
    lambda_runtime.reset()


def last_invocation() -> tuple[Any, Json]:
    """Return the worker and the result of this thread's last invocation; the worker only once for each invocation."""
    worker, _here.worker = getattr(_here, "worker", None), None
    return worker, getattr(_here, "result", {})


def last_request_id() -> str:
    """Return the id of this thread's last invocation."""
    return str(getattr(_here, "request_id", ""))


def last_seconds() -> float | None:
    """Return how long this thread's last invocation took, without the start of its process; None if it reached no worker."""
    seconds: float | None = getattr(_here, "result", {}).get("seconds")
    return seconds


def log_group(config: Json) -> str:
    """Return the log group of a function with this configuration."""
    chosen = (config.get("LoggingConfig") or {}).get("LogGroup")
    return chosen or f"/aws/lambda/{config.get('FunctionName', '')}"
