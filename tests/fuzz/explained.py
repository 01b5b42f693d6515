"""What schemathesis reports although the service is right, each by name and with the reason; schemathesis loads it as hooks."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi.checks import RejectedPositiveData

LOG = "FUZZ_LOG"  # variable with the path of a file, which gets the name of each explanation that was needed


@dataclass(frozen=True)
class Explanation:
    """A report that is no fault of the service.

    Attributes:
        reason: why the service responds as it does.
        explains: whether it explains this failure of a case with this response.
    """

    name: str
    reason: str
    explains: Callable[[Failure, Any, Any], bool]


def problem(response: Any) -> dict[str, Any]:
    """The problem document of a response; empty for another."""
    document = response.json() if "problem+json" in response.headers.get("content-type", [""])[0] else {}
    return document if isinstance(document, dict) else {}


def rejected(failure: Failure, response: Any, status: int) -> bool:
    """Whether a request that the schema allows was refused with this status."""
    return isinstance(failure, RejectedPositiveData) and response.status_code == status


def breaks_a_pattern(case: Any, parameters: set[str | None]) -> bool:
    """Whether each of these headers, as it was sent, breaks the pattern that the contract has for it."""
    patterns = {one.name: one.definition["schema"].get("pattern", "") for one in case.operation.headers}
    return all(name in patterns and not re.search(patterns[name], case.headers[name]) for name in parameters if name)


def faults(response: Any, place: str) -> set[str | None]:
    """The `parameter` or `pointer` of each fault that a response lists."""
    return {each.get(place) for each in problem(response).get("errors", [])}


EXPLAINED = (
    Explanation(
        "precondition-first",
        "412 for an invalid body: a failed condition may be reported before the content is looked at (RFC 9110, section 13.2.1)",
        lambda failure, case, response: isinstance(failure, AcceptedNegativeData) and response.status_code == 412,
    ),
    Explanation(
        "stale-precondition",
        "412: an entity tag of the right form need not be that of the current version",
        lambda failure, case, response: rejected(failure, response, 412),
    ),
    Explanation(
        "reused-key",
        "422: an Idempotency-Key of the right form may have been used for another request",
        lambda failure, case, response: rejected(failure, response, 422),
    ),
    Explanation(
        "forged-cursor",
        "400: a cursor of the right form is signed for one caller and one list",
        lambda failure, case, response: (
            rejected(failure, response, 400) and faults(response, "parameter") == {"cursor"}
        ),
    ),
    Explanation(
        "pattern-ignored",
        "400: schemathesis takes `If-Match: 0` for valid, which breaks the contract's pattern",
        lambda failure, case, response: (
            rejected(failure, response, 400) and breaks_a_pattern(case, faults(response, "parameter"))
        ),
    ),
)


def explanation(failure: Failure, case: Any, response: Any) -> Explanation | None:
    """What explains a failure, or None."""
    return next((one for one in EXPLAINED if one.explains(failure, case, response)), None)


@schemathesis.hook
def filter_failure(context: Any, failure: Failure, case: Any, response: Any) -> bool:
    """Keep a failure that nothing explains."""
    found = explanation(failure, case, response)
    if found:
        note(found.name)
    return found is None


def note(line: str) -> None:
    """Add a line to the log, if there is one."""
    if LOG in os.environ:
        with Path(os.environ[LOG]).open("a", encoding="utf-8") as log:
            log.write(f"{line}\n")
