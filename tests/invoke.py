"""`crudctl` in the process of the tests, which saves the second that a process of its own takes to start."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from unittest import mock

import boto3
from click.testing import CliRunner, Result

from crudctl import cli

SIGNALS = (signal.SIGTERM, signal.SIGHUP)


def invoke(folder: Path, *arguments: str, env: Mapping[str, str | None] | None = None) -> Result:
    """Run `crudctl` in the project at `folder` without a terminal, and leave this process as it was.

    Args:
        env: environment variables to set, or with None to unset.
    """
    assert (folder / "contract" / "openapi.yaml").is_file(), (
        f"{folder} is not a project: crudctl would work on this one"
    )
    handlers = [(number, signal.getsignal(number)) for number in SIGNALS]
    try:
        with contextlib.chdir(folder), mock.patch.dict(os.environ), mock.patch.object(boto3, "DEFAULT_SESSION", None):
            return CliRunner(env=env).invoke(cli.main, arguments)
    finally:
        for number, handler in handlers:
            signal.signal(number, handler)
