"""Builds versions of the functions to show releases with: a healthy one, or one with a real regression in one function.

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

from crudctl.build import package

# The name of each fault, what it does, and whether it is around the handler (a crash) or within it (an answer).
FAULTS = {
    "exceptions": ("handler", "raise RuntimeError('a regression')"),
    "5xx": ("action", "raise RuntimeError('a regression')"),
    "malformed": (
        "handler",
        "return {}",
    ),  # no response: API Gateway answers 502, and Lambda and the function know of no fault
    "latency": ("action", "slow = 9"),
    "timeouts": ("handler", "time.sleep(60)"),
}
MODULE = '''"""A regression."""
import functools, random, time

def regressing(answer):
    @functools.wraps(answer)
    def wrapper(*arguments):
        slow = 0
        if time.time() >= {after} and random.random() < {rate}:
            {fault}
        started = time.monotonic()
        try:
            return answer(*arguments)
        finally:
            time.sleep(slow * max(time.monotonic() - started, 0.005))
    return wrapper
'''


def build(root: Path, fault: str | None, function: str, rate: float, after: float = 0.0) -> bytes:
    """The zip of a version whose `function` has `fault` (None: a healthy one) in `rate` (0 to 1) of its calls.

    Args:
        after: epoch seconds from which it has.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("contract", "src/functions"):
            shutil.copytree(root / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        items = copy / "src" / "functions"
        (items / "made_to_show.py").write_text(f'"""Version {uuid.uuid4()}."""\n', encoding="utf-8")
        if fault is not None:
            where, what = FAULTS[fault]
            (items / "regression.py").write_text(MODULE.format(rate=rate, fault=what, after=after), encoding="utf-8")
            handlers = items / "handlers.py"
            handlers.write_text(_broken(handlers.read_text(encoding="utf-8"), function, where), encoding="utf-8")
        return package.build(copy).zip.read_bytes()


def _broken(source: str, function: str, where: str) -> str:
    decorators = "@regressing\n@endpoint\n" if where == "handler" else "@endpoint\n@regressing\n"
    broken, count = re.subn(rf"^@endpoint\n(?=def {function}\()", decorators, source, flags=re.MULTILINE)
    if count != 1:
        raise ValueError(f"there is no handler {function}")
    return broken.replace("\nfrom .store import", "\nfrom .regression import regressing\nfrom .store import", 1)


def publish(client: Any, functions: Mapping[str, str], code: bytes) -> dict[str, str]:
    """Publishes a version of every function with that code; returns the versions by operation."""
    for name in functions.values():
        client.update_function_code(FunctionName=name, ZipFile=code)
    versions = {}
    for operation, name in functions.items():
        client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
        versions[operation] = str(client.publish_version(FunctionName=name)["Version"])
    return versions
