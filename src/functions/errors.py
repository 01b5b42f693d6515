"""The errors a caller can be told of: status, problem type and title on each class. Knows nothing else.

    Problem
    ├── InvalidRequest          400
    ├── Forbidden               403
    ├── NotFound                404
    ├── Conflict                409
    ├── VersionConflict         412
    ├── PayloadTooLarge         413
    ├── UnsupportedMediaType    415
    ├── IdempotencyKeyReused    422
    ├── InternalError           500
    └── Unavailable             503

401, 429 and the 404 of an unknown path are the gateway's own; infra/problems.tf words them in the same form.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Problem(Exception):
    """A problem as RFC 9457 describes it: https://www.rfc-editor.org/rfc/rfc9457

    Args:
        detail: What is wrong with this request and what to do; shown to the caller, so without values of theirs.
        headers: Response headers that go with it.
        members: Further members of the problem document.
    """

    status: int
    type: str
    title: str

    def __init__(
        self, detail: str, headers: dict[str, str] | None = None, members: dict[str, object] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = headers or {}
        self.members = members or {}


class InvalidRequest(Problem):
    """Args: faults: each `{"pointer" or "parameter": where, "detail": what}`."""

    status, type, title = 400, "urn:items:problem:invalid-request", "Invalid request"

    def __init__(self, faults: Sequence[dict[str, str]]) -> None:
        count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__(f"The request has {count}; see errors.", members={"errors": list(faults)})


class Forbidden(Problem):
    status, type, title = 403, "urn:items:problem:forbidden", "Forbidden"


class NotFound(Problem):
    """The same for what never was, what is gone and what is another's, so that nobody learns which."""

    status, type, title = 404, "urn:items:problem:not-found", "Not found"

    def __init__(self) -> None:
        super().__init__("There is no such item.")


class Conflict(Problem):
    status, type, title = 409, "urn:items:problem:conflict", "Conflict"

    def __init__(self) -> None:
        super().__init__(
            "The item kept changing while this request was applied. Nothing was changed; try again.",
            headers={"Retry-After": "1"},
        )


class VersionConflict(Problem):
    """Args: current_version: the version that the item has now."""

    status, type, title = 412, "urn:items:problem:version-conflict", "Version conflict"

    def __init__(self, current_version: int) -> None:
        super().__init__(
            "The item has changed. Read it again and repeat the change on its current version.",
            headers={"ETag": f'"{current_version}"'},
            members={"current_version": current_version},
        )


class PayloadTooLarge(Problem):
    """Args: limit: what would have been accepted, in bytes."""

    status, type, title = 413, "urn:items:problem:payload-too-large", "Payload too large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body, and the item it makes, must not be larger than {limit} bytes.")


class UnsupportedMediaType(Problem):
    """Args: expected: the media type that the operation takes."""

    status, type, title = 415, "urn:items:problem:unsupported-media-type", "Unsupported media type"

    def __init__(self, expected: str) -> None:
        super().__init__(f"Send Content-Type: {expected}.")


class IdempotencyKeyReused(Problem):
    status, type, title = 422, "urn:items:problem:idempotency-key-reused", "Idempotency key reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another body. Use a fresh one for another item.")


class InternalError(Problem):
    status, type, title = 500, "urn:items:problem:internal-error", "Internal error"

    def __init__(self) -> None:
        super().__init__("The service failed. Quote the request id when you report it.")


class Unavailable(Problem):
    """The table did not answer in time or is throttling; nothing says whether a write was applied."""

    status, type, title = 503, "urn:items:problem:unavailable", "Unavailable"

    def __init__(self) -> None:
        super().__init__("The service cannot answer right now. Try again.", headers={"Retry-After": "1"})
