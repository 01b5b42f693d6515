"""When the process of a function is started, and what it imports: a burst must not wait for a process for each request."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from emulator.patches import Difference, patch, register, uses

Acquired = tuple[Any, str]  # a worker, and `spawn` if it is a new one

AT_ONCE = os.cpu_count() or 1
PATIENCE = 5.0  # seconds: a function may hang while it is imported

WORKER_START = register(
    Difference(
        name="worker-start",
        service="Lambda",
        aws="a burst is served within the time of a cold start",
        source="https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html",
        ministack="starts a process for each request of a burst at once, all of which import botocore, to count recursive calls",
        here="as many processes are started at once as the machine has processors; a request takes what is free first, one of "
        "those or another. botocore is only prepared where the function imports it",
        upstream="wait for a worker in `acquire_worker` while others are being started, and hook into the import of botocore",
    )
)
uses(WORKER_START, lambda_runtime, "_lock", "_workers", "_worker_key(func_name, config, qualifier)")
uses(WORKER_START, lambda_runtime, "INVOKE_DEPTH_BOOTSTRAP", "INVOKE_DEPTH_ENV", "INVOKE_DEPTH_HEADER")

# In a worker, instead of MiniStack's own that imports botocore.
PREPARATION = '''
def _ms_install_invoke_depth():
    """Let botocore, when the function imports it, pass on how deep a chain of invocations is."""
    import os, sys

    def _ms_add_invoke_depth(params, **kwargs):
        depth = os.environ.get("__DEPTH_ENV__")
        if depth and "__DEPTH_HEADER__" not in params["headers"]:
            params["headers"]["__DEPTH_HEADER__"] = depth

    class Finder:
        def find_spec(self, name, path=None, target=None):
            if name != "botocore.handlers":
                return None
            sys.meta_path.remove(self)
            from importlib.util import find_spec
            spec = find_spec(name)
            execute = spec.loader.exec_module
            def exec_module(module):
                execute(module)
                module.BUILTIN_HANDLERS.append(("before-call", _ms_add_invoke_depth))
            spec.loader.exec_module = exec_module
            return spec

    sys.meta_path.insert(0, Finder())
'''


def install() -> None:
    """Start processes with this module."""
    patch(lambda_svc, "acquire_worker", acquire, WORKER_START)
    patch(lambda_svc, "release_worker", release, WORKER_START)
    script, own = lambda_runtime._PYTHON_WORKER_SCRIPT, lambda_runtime.INVOKE_DEPTH_BOOTSTRAP
    patch(lambda_runtime, "_PYTHON_WORKER_SCRIPT", script.replace(own, preparation()), WORKER_START)


def preparation() -> str:
    """Return PREPARATION with MiniStack's names of the variable and the header."""
    named = PREPARATION.replace("__DEPTH_ENV__", lambda_runtime.INVOKE_DEPTH_ENV)
    return named.replace("__DEPTH_HEADER__", lambda_runtime.INVOKE_DEPTH_HEADER)


class Starts:
    """The workers that are being started, and who waits for one to be free.

    Args:
        at_once: how many are started at once.

    Attributes:
        waiting: how many wait.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._starting: set[Any] = set()
        self._changed = threading.Condition()
        self.waiting = 0

    def acquire(self, acquire: Callable[[], Acquired], is_free: Callable[[], bool]) -> Acquired:
        """Return what `acquire` does: a free worker, or a new one. Wait while as many are being started as may be."""
        with self._changed:
            self.waiting += 1
            self._changed.wait_for(lambda: len(self._starting) < self._at_once or is_free(), PATIENCE)
            self.waiting -= 1
            worker, reason = acquire()
            if reason == "spawn":
                self._starting.add(worker)
            return worker, reason

    def ended(self, worker: Any) -> None:
        """Note that a worker has been started, or is free."""
        with self._changed:
            self._starting.discard(worker)
            self._changed.notify_all()


starts = Starts()


def acquire(
    original: Callable[..., Acquired],
    func_name: str,
    config: dict[str, Any],
    code_zip: bytes,
    qualifier: str = "$LATEST",
    max_concurrency: int | None = None,
) -> Acquired:
    """Return a worker for an invocation, and whether it is a new one."""
    key = lambda_runtime._worker_key(func_name, config, qualifier)

    def is_free() -> bool:
        with lambda_runtime._lock:
            return any(not worker.in_use for worker in lambda_runtime._workers.get(key, ()))

    return starts.acquire(lambda: original(func_name, config, code_zip, qualifier, max_concurrency), is_free)


def release(original: Callable[[Any], None], worker: Any) -> None:
    """Let another invocation have a worker."""
    original(worker)
    starts.ended(worker)
