"""Describes an exception in one line, for the record of a release and for people."""

from __future__ import annotations

import traceback
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from crudctl.release.aliases import words


def describe(error: Exception) -> str:
    """Return what AWS said or, for a fault of crudctl itself, the exception and where it was raised."""
    if isinstance(error, ClientError | BotoCoreError):
        return words(error)
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"
