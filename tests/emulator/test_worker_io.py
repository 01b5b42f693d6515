"""What a function wrote is in its log when its result arrives, all of it and nothing twice; nothing waits for more."""

from __future__ import annotations

import inspect
import json

import pytest
from ministack.core import lambda_runtime

from emulator.lambda_ import worker_io

from .stack import Stack

WRITING = """
import os, subprocess, sys
def handler(event, context):
    for number in range(event["lines"]):
        print(event["word"], number)
    os.write(2, "straight\\n".encode())
    subprocess.run([sys.executable, "-Sc", "import os; os.write(2, b'of a child\\\\n')"])
    sys.stderr.write("without an end")
    sys.stderr.flush()
    if event.get("exit"):
        os._exit(1)
    return len(event["filler"])
"""
LINES = ["straight", "of a child", "without an end"]


def written(stack: Stack, name: str) -> list[str]:
    """What the function wrote, without the platform's lines."""
    events = stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{name}")
    platform = ("START ", "END ", "REPORT ", "[ERROR]")
    lines = [event["message"] for page in events for event in page["events"]]
    return [line for line in lines if not line.startswith(platform)]


def invoke(stack: Stack, name: str, word: str, lines: int = 1, filler: int = 0, **more: bool) -> object:
    event = {"word": word, "lines": lines, "filler": "x" * filler, **more}
    return json.loads(
        stack.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())["Payload"].read()
    )


@pytest.mark.adds(worker_io.OUTPUT_OF_INVOCATIONS)
def test_each_invocation_has_the_lines_that_it_wrote(ours: Stack) -> None:
    name = ours.function(WRITING)
    assert invoke(ours, name, "first", 3000, filler=300_000) == 300_000  # more than pipes take at once
    invoke(ours, name, "second")
    first = [f"first {number}" for number in range(3000)]
    assert written(ours, name) == [*first, *LINES, "second 0", *LINES]


def test_output_of_a_process_that_ends_is_logged(ours: Stack) -> None:
    name = ours.function(WRITING)
    assert "errorMessage" in str(invoke(ours, name, "ending", exit=True))
    assert [line for line in written(ours, name) if "Worker process died" not in line] == ["ending 0", *LINES]
    assert invoke(ours, name, "again") == 0  # in another process


def test_file_of_a_function_that_writes_a_lot_begins_again(ours: Stack) -> None:
    name, word = ours.function(WRITING), "y" * 1000
    for _ in range(3):
        invoke(ours, name, word, 600)
    assert ours.folder is not None
    (file,) = (ours.folder / "tmp").glob(f"ministack-lambda-{name}-*/output")
    assert file.stat().st_size < worker_io.LARGEST_OUTPUT
    assert len(written(ours, name)) == 3 * (600 + len(LINES))


@pytest.mark.lacks(worker_io.OUTPUT_OF_INVOCATIONS)
def test_ministack_waits_for_more_output() -> None:
    assert inspect.signature(lambda_runtime.Worker._drain_stderr_bounded).parameters["idle_confirm"].default > 0
