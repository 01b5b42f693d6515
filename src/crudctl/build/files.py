"""Writes generated files whole, so that another process never reads half of one."""

from __future__ import annotations

import os
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Replace a file's text, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    incomplete = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    incomplete.write_text(text, encoding="utf-8")
    incomplete.replace(path)
