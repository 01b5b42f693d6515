"""Which values a session tag may have; the rest of AssumeRole is MiniStack's."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

from ministack.services import sts

from emulator.patches import Difference, patch, register, uses

SESSION_TAGS = register(
    Difference(
        name="session-tags",
        service="STS",
        aws="keys and values of session tags have letters, digits, spaces and `_.:/=+-@` only, at most 128 and 256 of them; "
        "others are a ValidationError",
        source="https://docs.aws.amazon.com/STS/latest/APIReference/API_Tag.html",
        ministack="every value is accepted, also `*`",
        here="as AWS",
        upstream="check keys and values in `sts._session_tags`",
    )
)
uses(SESSION_TAGS, sts, "_error(status, code, message, ns='iam')")

_OTHERS = "_.:/=+-@"
_LONGEST = {"Key": 128, "Value": 256}
Tags = list[dict[str, str]]


def install() -> None:
    """Refuse session tags that STS refuses."""
    patch(sts, "_session_tags", session_tags, SESSION_TAGS)


def session_tags(original: Callable[..., tuple[Tags | None, Any]], params: Any, check: bool = True) -> Any:
    """Return the session tags of a request, or its error."""
    tags, error = original(params, check=check)
    for number, tag in enumerate(tags or [], 1):
        for part, longest in _LONGEST.items():
            if len(tag[part]) > longest or not all(map(_allowed, tag[part])):
                where = f"tags.{number}.member.{part.lower()}"
                message = f"1 validation error detected: Value at '{where}' failed to satisfy constraint"
                return None, sts._error(400, "ValidationError", message, ns="sts")
    return tags, error


def _allowed(character: str) -> bool:
    return character in _OTHERS or unicodedata.category(character)[0] in "LZN"
