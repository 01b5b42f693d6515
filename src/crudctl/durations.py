"""Parses durations such as `10m`."""

from __future__ import annotations

import re

from crudctl.console import Failed

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST = 3653 * UNITS["d"]  # ten years, as long as a log can be kept


def seconds(text: str) -> int:
    """Return the seconds in a duration such as `30s`, `10m`, `2h` or `1d`. Raise Failed for any other text, and over LONGEST."""
    match = re.fullmatch("([1-9][0-9]{0,5})([smhd])", text)
    if not match:
        raise Failed(f"Invalid duration '{text}': use a number and s, m, h or d, for example 10m.")
    duration = int(match[1]) * UNITS[match[2]]
    if duration > LONGEST:
        raise Failed(f"Invalid duration '{text}': the longest is {LONGEST // UNITS['d']}d.")
    return duration
