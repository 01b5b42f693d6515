"""Derives from the contract the response headers of a deprecated operation: since when it is, and when it will stop working."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from crudctl.build import rules
from crudctl.build.contract import ContractError

SINCE, UNTIL = "x-deprecated-at", "x-sunset"


def headers(where: str, operation: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers of every response of an operation of the contract; none, unless it has `deprecated: true`.

    `Deprecation` is a time in seconds since the epoch, `@0` where the contract has no `x-deprecated-at`
    (https://www.rfc-editor.org/rfc/rfc9745#section-2.1). `Sunset` is the HTTP date of `x-sunset`
    (https://www.rfc-editor.org/rfc/rfc8594#section-3).

    Args:
        where: the operation, as it begins a message.

    Raises:
        ContractError: A date is not of RFC 3339, or stands where it has no effect, or the end is before the beginning.
    """
    dates = {name: _date(f"{where}: {name}", operation[name]) for name in (SINCE, UNTIL) if name in operation}
    if not operation.get("deprecated"):
        if dates:
            raise ContractError(f"{where}: `{next(iter(dates))}` has no effect without `deprecated: true`.")
        return {}
    since, until = dates.get(SINCE), dates.get(UNTIL)
    if since and until and until < since:  # RFC 9745, section 4
        raise ContractError(f"{where}: `{UNTIL}` must not be before `{SINCE}`.")
    found = {"Deprecation": f"@{int(since.timestamp()) if since else 0}"}
    return found | ({"Sunset": format_datetime(until, usegmt=True)} if until else {})


def _date(where: str, text: str) -> datetime:
    """Return a date or a date and time of RFC 3339, in UTC; of a date, its beginning."""
    wrong = [rules.value_fault(text, {"type": "string", "format": form}) for form in ("date", "date-time")]
    try:
        if all(wrong):
            raise ValueError(text)
        found = datetime.fromisoformat(text.upper())
    except ValueError:
        raise ContractError(
            f"{where} must be a date, such as 2027-01-31, or a date and time with its offset."
        ) from None
    return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
