"""A function's process under AWS's runtime client, pinned to a core of its own: what it answers and what it costs."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from bench.peers.lambda_api import Answer, Died, RuntimeApi

SETTLE = 0.002  # seconds after an answer until the process sleeps


def cores() -> tuple[int, int]:
    """Return the core of the functions, and the one of everything else; the same one on a machine that has only one."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


CORES = cores()


class Function:
    """Runs one function, from a cold start on, until the block ends.

    Args:
        command, folder, environ: of the process; AWS_LAMBDA_RUNTIME_API is added.
        log: the file that its output is appended to.
    """

    def __init__(self, command: Sequence[str], folder: Path, environ: Mapping[str, str], log: Path) -> None:
        self._api = RuntimeApi()
        self._log = log
        with log.open("ab") as lines:
            self._process = subprocess.Popen(
                ["taskset", "--cpu-list", str(CORES[0]), *command],
                cwd=folder,
                env={**environ, "AWS_LAMBDA_RUNTIME_API": self._api.address},
                stdout=lines,
                stderr=subprocess.STDOUT,
            )
        self._api.alive = lambda: self._process.poll() is None
        self._clock = (~self._process.pid << 3) | 2  # the process's CPU clock: clock_getcpuclockid(3)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._api.close()

    def started(self) -> float:
        """Wait for the end of its initialisation, and return the milliseconds of CPU that it took."""
        self._watched(self._api.until_idle)
        return self.cpu()

    def invoke(self, event: Any) -> Answer:
        """Return the answer to an event. Raise Died, with the end of its output, if there is none."""
        answer: Answer = self._watched(lambda: self._api.invoke(event))
        return answer

    def cpu(self) -> float:
        """Return the milliseconds of CPU that the process has taken, user and system, of all its threads."""
        time.sleep(SETTLE)
        return time.clock_gettime(self._clock) * 1000

    def peak(self) -> float:
        """Return its largest resident size so far, in MiB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found, status
        return int(found[1]) / 1024

    def _watched(self, call: Any) -> Any:
        try:
            return call()
        except Died as died:
            raise Died(f"{died}\n{self._log.read_text(encoding='utf-8', errors='replace')[-3000:]}") from died
