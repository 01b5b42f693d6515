"""How an event reaches the process of a function, and how its result and what it wrote come back: without a thread, and
without waiting for output that may still come.

What a function writes goes to a file. Whatever it wrote before its result is in the file when the result arrives.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime

from emulator.patches import Difference, patch, register, uses

Json = dict[str, Any]

LARGEST_OUTPUT = 1 << 20  # bytes; then the file begins again

OUTPUT_OF_INVOCATIONS = register(
    Difference(
        name="output-of-invocations",
        service="Lambda",
        aws="a response does not wait for the function's log",
        source="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html",
        ministack="a thread reads what a function writes, and every response waits until nothing more has come for 5 ms",
        here="what a function wrote is complete when its result arrives, and nothing waits",
        upstream="let the worker's stderr be a file, and read it when the response has arrived",
    )
)
uses(
    OUTPUT_OF_INVOCATIONS,
    lambda_runtime,
    "Worker._proc",
    "Worker._lock",
    "Worker._cold",
    "Worker._tmpdir",
    "Worker._spawn(self)",
    "Worker._drain_stderr(self)",
    "_signal(proc)",
    "_collect(proc, deadline)",
    "_REAP_GRACE",
)


class _Late(Exception):
    """No result came in time."""


def install() -> None:
    """Leave no thread to read what a function writes."""
    patch(lambda_runtime, "Worker._read_stderr", read_nothing, OUTPUT_OF_INVOCATIONS)


def read_nothing(self: Any) -> None:
    """Leave the output of a process to `_output`."""


def start(folder: str, command: list[str], env: dict[str, str], **options: Any) -> subprocess.Popen[str]:
    """Start a worker's process, which writes its output to a file in `folder`."""
    path = Path(folder) / "output"
    with path.open("ab", buffering=0) as file:
        process = subprocess.Popen(command, env=env, **{**options, "stderr": file})
    process.stderr = path.open(encoding="utf-8", errors="replace")
    return process


def invoke(worker: Any, message: Json) -> Json:
    """Run one invocation in the worker's process, which is started if it does not run.

    Args:
        worker: MiniStack's. One invocation at a time has its lock.
        message: what is sent to the process.

    Returns what MiniStack's own `Worker.invoke` does.
    """
    with worker._lock:
        cold = worker._proc is None or worker._proc.poll() is not None
        if cold:
            worker._spawn()
            worker._cold = False
        process, timeout = worker._proc, worker.config.get("Timeout", 30)
        sent, began = json.dumps(message).encode() + b"\n", time.perf_counter()
        try:
            response = _exchange(process, sent, float(timeout))
        except _Late:
            response = {"status": "error", "error": f"Task timed out after {timeout}.00 seconds"}
        except OSError as failure:
            response = {"status": "error", "error": str(failure)}
        response["seconds"] = (
            time.perf_counter() - began
        )  # without the start of the process, which is no duration on AWS either
        if response["status"] == "error":
            worker._proc = None
            lambda_runtime._signal(process)
            lambda_runtime._collect(process, time.monotonic() + lambda_runtime._REAP_GRACE)
        return {**response, "cold_start": cold, "log": _output(process)}


def _exchange(process: subprocess.Popen[str], message: bytes, timeout: float) -> Json:
    """Send a message and return the process's response. Raise _Late after `timeout` seconds."""
    assert process.stdin is not None and process.stdout is not None  # noqa: PT018  # pipes, see `start`
    into, out_of = process.stdin.fileno(), process.stdout.fileno()
    os.set_blocking(into, False)
    ready, unsent, received = select.poll(), memoryview(message), b""
    ready.register(into, select.POLLOUT)
    ready.register(out_of, select.POLLIN)
    end = time.monotonic() + timeout
    while (left := end - time.monotonic()) > 0:
        for file, _ in ready.poll(left * 1000):
            if file == into:
                unsent = unsent[os.write(into, unsent) :]
                if not unsent:
                    ready.unregister(into)
                continue
            part = os.read(out_of, 1 << 20)
            if not part:
                return {"status": "error", "error": "Worker process died"}
            received += part
            if part.endswith(b"\n") and (response := _response(received)):
                return response
    raise _Late


def _response(received: bytes) -> Json | None:
    """Return the response among the lines of a worker's standard output; None if it has not come yet."""
    for line in received.splitlines():
        if line.startswith(b"{"):
            try:
                document = json.loads(line)
            except ValueError:
                continue
            if document.get("status") in ("ok", "error"):
                return dict(document)
    return None


def _output(process: subprocess.Popen[str]) -> str:
    """Return what the process has written since the last time, without the end of its last line."""
    file: Any = process.stderr
    text = file.read()
    if file.tell() > LARGEST_OUTPUT:
        os.truncate(file.name, 0)
        file.seek(0)
    return str(text.removesuffix("\n"))
