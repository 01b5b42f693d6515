"""Builds and publishes versions of the functions to demonstrate releases: a healthy one, or one with a regression.

The regression is written into a temporary copy of src/functions: the product has no switch for it.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crudctl.build import package, service

# By name: where the fault is, around the handler (a crash) or within it (a response), and what it does.
FAULTS = {
    "exceptions": ("handler", "raise RuntimeError('a regression')"),
    "5xx": ("action", "raise RuntimeError('a regression')"),
    "malformed": (
        "handler",
        "return {}",
    ),  # not a response: API Gateway returns 502, Lambda and the function count no fault
    "latency": ("action", "slow = 9"),
    "doubled": ("action", "slow = 1"),
    "field": ("handler", "return without_a_field(answer(*arguments))"),  # a good status, and less in the body
    "refused": (
        "action",
        "raise InvalidRequest([{'detail': 'a regression'}])",
    ),  # what is valid gets a 400, and is logged so
    "timeouts": ("handler", "time.sleep(60)"),
}
MODULE = '''"""A regression."""
import functools, json, os, random, time
from .errors import InvalidRequest

def without_a_field(response):
    body = json.loads(response["body"] or "null")
    lists = [value for value in body.values() if isinstance(value, list)] if isinstance(body, dict) else []
    for entry in lists[0] if lists else [body]:
        if isinstance(entry, dict):
            entry.pop("updated_at", None)
    return {{**response, "body": json.dumps(body)}}

def regressing(answer):
    @functools.wraps(answer)
    def wrapper(*arguments):
        slow = 0
        if os.path.exists({begins!r}) and random.random() < {rate}:
            {fault}
        started = time.monotonic()
        try:
            return answer(*arguments)
        finally:
            time.sleep(slow * max(time.monotonic() - started, 0.005))
    return wrapper
'''


def build(root: Path, fault: str | None, function: str, rate: float, begins: Path | None = None) -> bytes:
    """Build the zip of a version.

    Args:
        root: of the project.
        fault: a key of FAULTS; None for a healthy version.
        function: key of the function that has the fault.
        rate: share (0 to 1) of its calls that have the fault.
        begins: a file of this machine, from whose creation on they have it. None: from the start.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("contract", "src/functions"):
            shutil.copytree(root / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        functions = copy / "src" / "functions"
        (functions / "made_to_show.py").write_text(f"VERSION = {str(uuid.uuid4())!r}\n", encoding="utf-8")
        if fault is not None:
            where, what = FAULTS[fault]
            module = MODULE.format(rate=rate, fault=what, begins=str(begins or "/"))
            (functions / "regression.py").write_text(module, encoding="utf-8")
            handlers = functions / "handlers.py"
            handler = service.load(root).functions[function][0].handler
            handlers.write_text(_broken(handlers.read_text(encoding="utf-8"), handler, where), encoding="utf-8")
        return package.build(copy).zip.read_bytes()


def _broken(source: str, handler: str, where: str) -> str:
    decorators = "@regressing\n@endpoint\n" if where == "handler" else "@endpoint\n@regressing\n"
    broken, count = re.subn(rf"^@endpoint\n(?=def {handler}\()", decorators, source, flags=re.MULTILINE)
    if count != 1:
        raise ValueError(f"handlers.py has no handler {handler}")
    if "\nfrom .store import" not in broken:
        raise ValueError("handlers.py does not import from .store")
    return broken.replace("\nfrom .store import", "\nfrom .regression import regressing\nfrom .store import", 1)


def publish(client: Any, functions: Mapping[str, str], code: bytes) -> dict[str, str]:
    """Publish a version of every function with that code. Return the versions by the functions' keys.

    Args:
        client: boto3's of Lambda.
        functions: function name by key.
        code: the zip.
    """
    for name in functions.values():
        client.update_function_code(FunctionName=name, ZipFile=code)
    versions = {}
    for operation, name in functions.items():
        client.get_waiter("function_updated_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600}
        )
        versions[operation] = str(client.publish_version(FunctionName=name)["Version"])
    return versions
