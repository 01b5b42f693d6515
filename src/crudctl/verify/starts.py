"""The part `speed`: how long a cold start and a warm request take, as Lambda reports them, above those of an empty function.

Both are measured on temporary functions with the settings of the one that reads a resource, so that no traffic disturbs them and
nothing that serves is touched. They have no log group of their own: the role may not write to one.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import statistics
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from crudctl.build import service
from crudctl.verify.rows import Part, Result, Row, right, unseen
from crudctl.verify.subject import BEGINNING, Subject

Times = tuple[list[float], list[float]]
FUNCTIONS = ("empty", "read")  # what is temporary
COLD, WARM = 3, 10  # invocations of each kind
EMPTY = "def handler(event, context):\n    return {}\n"
OWNER = "release-probe"  # of which no token can be: see release/probe.py
REPORTS = "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"
COLD_ROW = Row(
    "cold start", f"{COLD} first invocations of a new execution environment", "reported by Lambda, with the time of its start",
    REPORTS, ("json-platform-lines",),
)  # fmt: skip
WARM_ROW = Row("warm request", f"{WARM} further invocations", "reported by Lambda", REPORTS)
ROWS = (COLD_ROW, WARM_ROW)


def measure(subject: Subject, progress: Callable[[str], None]) -> Iterator[Result]:
    """Yield the times, in milliseconds."""
    zip_file = subject.environment.root / "build" / "functions.zip"
    if not zip_file.exists():
        for row in ROWS:
            yield unseen(row, f"{zip_file} is missing: run `crudctl package`")
        return
    get = subject.described.operation(service.GET)
    like = subject.client("lambda").get_function_configuration(FunctionName=subject.functions[get.function])
    progress("an empty function")
    empty = _measured(subject, {**like, "Handler": "index.handler"}, FUNCTIONS[0], _empty(), b"{}")
    progress("the function that reads")
    own = _measured(subject, like, FUNCTIONS[1], zip_file.read_bytes(), _event(subject, like))
    yield _compared(COLD_ROW, own[0], empty[0])
    yield _compared(WARM_ROW, own[1], empty[1])


PART = Part("speed", "Measure cold starts and warm requests", 240, ROWS, measure)


def _compared(row: Row, own: list[float], empty: list[float]) -> Result:
    if not own or not empty:
        return right(row, "no report in the end of the log", is_right=False)
    ours, theirs = statistics.median(own), statistics.median(empty)
    each = f"{min(own):.0f} to {max(own):.0f} ms"
    return right(row, f"{ours:.0f} ms ({each}), {ours - theirs:.0f} ms above an empty function's {theirs:.0f} ms")


def _measured(subject: Subject, like: Mapping[str, Any], name: str, code: bytes, event: bytes) -> Times:
    """Return the milliseconds of cold and of warm invocations of a temporary function, with other settings as `like`."""
    client, function = subject.client("lambda"), f"{subject.environment.prefix}-{BEGINNING}{name}"
    variables = dict(like.get("Environment", {}).get("Variables", {}))
    remove(client, function)
    subject.later(f"function {function}", remove, client, function)
    client.create_function(
        FunctionName=function,
        Role=like["Role"],
        Runtime=like["Runtime"],
        Handler=like["Handler"],
        Code={"ZipFile": code},
        MemorySize=like["MemorySize"],
        Timeout=like["Timeout"],
        Architectures=like.get("Architectures", ["x86_64"]),
        Environment={"Variables": variables},
        LoggingConfig={"LogFormat": "JSON"},
    )
    cold, warm = [], []
    for number in range(COLD):
        if number:  # a changed configuration needs a new execution environment
            changed = variables | {"VERIFY": str(number)}
            client.update_function_configuration(FunctionName=function, Environment={"Variables": changed})
        waiter = "function_updated_v2" if number else "function_active_v2"
        client.get_waiter(waiter).wait(FunctionName=function, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        report = _invoked(subject, function, event)
        if "initDurationMs" in report:
            cold.append(report["initDurationMs"] + report["durationMs"])
    for _ in range(WARM):
        report = _invoked(subject, function, event)
        if "durationMs" in report and "initDurationMs" not in report:
            warm.append(report["durationMs"])
    return cold, warm


def _invoked(subject: Subject, function: str, event: bytes) -> dict[str, float]:
    """Invoke a function and return the metrics of the platform's report; empty if the end of its log has none.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    """
    invoked = subject.client("lambda").invoke(FunctionName=function, Payload=event, LogType="Tail")
    subject.used["lambda_request"] += 1
    invoked["Payload"].read()
    for line in base64.b64decode(invoked.get("LogResult", "")).decode(errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue  # a runtime's own line
        if isinstance(entry, dict) and entry.get("type") == "platform.report":
            metrics: dict[str, float] = entry["record"]["metrics"]
            return metrics
    return {}


def _event(subject: Subject, like: Mapping[str, Any]) -> bytes:
    """Return a request for a resource that does not exist, as the gateway passes it on."""
    get, missing = subject.described.operation(service.GET), str(uuid.uuid4())
    client = like["Environment"]["Variables"]["CLIENT_IDS"].partition(",")[0]
    claims = {"client_id": client, "sub": OWNER, "scope": " ".join(get.scopes)}
    return json.dumps(
        {
            "resource": get.path,
            "path": get.path.replace("{id}", missing),
            "httpMethod": get.method,
            "headers": {},
            "multiValueHeaders": {},
            "queryStringParameters": None,
            "multiValueQueryStringParameters": None,
            "pathParameters": {"id": missing},
            "requestContext": {
                "httpMethod": get.method,
                "resourcePath": get.path,
                "requestId": str(uuid.uuid4()),
                "authorizer": {"claims": claims},
            },
            "body": None,
            "isBase64Encoded": False,
        }
    ).encode()


def _empty() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.py", EMPTY)
    return archive.getvalue()


def remove(client: Any, function: str) -> None:
    """Delete a function if it exists."""
    with contextlib.suppress(client.exceptions.ResourceNotFoundException):
        client.delete_function(FunctionName=function)
