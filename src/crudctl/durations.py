"""Parses durations such as `10m`."""

from __future__ import annotations

import re

from crudctl.console import Failed

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(text: str) -> int:
    """Return the seconds in a duration such as `30s`, `10m`, `2h` or `1d`. Raise Failed for any other text."""
    match = re.fullmatch("([1-9][0-9]{0,5})([smhd])", text)
    if not match:
        raise Failed(f"Invalid duration '{text}': use a number and s, m, h or d, for example 10m.")
    return int(match[1]) * UNITS[match[2]]
