"""The handlers of two versions of the functions in one process, in the place of boto3's client of Lambda."""

from __future__ import annotations

import importlib
import io
import json
import os
import sys
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

SECONDS = 10  # that a function may take
OLD, NEW = "1", "2"
ALIASES = {"prod": OLD, "canary": NEW}


class Version:
    """The functions in a folder.

    Args:
        folder: that has the package `functions`.
        owner: the reserved owner, instead of the one that the sources name.
    """

    def __init__(self, folder: Path, owner: str) -> None:
        kept = _taken_out()
        sys.path.insert(0, str(folder))
        try:
            self._handlers: Any = importlib.import_module("functions.handlers")
            self._contract: Any = importlib.import_module("functions.contract")
            importlib.import_module("functions.request").PROBE = owner  # type: ignore[attr-defined]
        finally:
            sys.path.remove(str(folder))
            self._modules = _taken_out()
            sys.modules.update(kept)

    def handler(self, operation: str) -> Callable[..., Any]:
        """Return the handler of a function. What it imports while it runs is of the same version."""
        sys.modules.update(self._modules)
        found: Callable[..., Any] = getattr(self._handlers, self._contract.OPERATIONS[operation]["handler"])
        return found


class Functions:
    """Runs the handlers of two versions: alias `prod` calls the old one, `canary` the new one."""

    def __init__(self, versions: Mapping[str, Version]) -> None:
        self._versions = versions

    def get_function_configuration(self, **_: Any) -> dict[str, Any]:
        """Return the environment."""
        return {"Environment": {"Variables": dict(os.environ)}}

    def invoke(self, FunctionName: str, Qualifier: str, Payload: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803
        """Run the handler of a function."""
        number = ALIASES.get(Qualifier, Qualifier)
        context = SimpleNamespace(aws_request_id=str(uuid.uuid4()), get_remaining_time_in_millis=lambda: SECONDS * 1000)
        try:
            response = self._versions[number].handler(FunctionName)(json.loads(Payload), context)
            return {"Payload": io.BytesIO(json.dumps(response).encode()), "ExecutedVersion": number}
        except Exception as error:  # noqa: BLE001 - a crash of the function is what is looked for
            crash = json.dumps({"errorType": type(error).__name__}).encode()
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(crash), "ExecutedVersion": number}


def _taken_out() -> dict[str, ModuleType]:
    """Remove the modules of the functions from those that are imported, and return them by name."""
    return {name: sys.modules.pop(name) for name in [*sys.modules] if name.partition(".")[0] == "functions"}
