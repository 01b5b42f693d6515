"""The errors that a caller can receive: status, problem type and title on each class. Knows only how the contract names things.

    Problem
    ├── InvalidRequest          400
    ├── Forbidden               403
    ├── InsufficientScope       403
    ├── NotFound                404
    ├── Conflict                409
    ├── Deleted                 409
    ├── VersionConflict         412
    ├── PayloadTooLarge         413
    ├── UnsupportedMediaType    415
    ├── IdempotencyKeyReused    422
    ├── PreconditionRequired    428
    ├── InternalError           500
    └── Unavailable             503

401, 405 and 429 are the gateway's own; infra/problems.tf defines them in the same form. A handler of your own raises one of
these, or a subclass of Problem whose type the contract lists too.
"""

from __future__ import annotations

from .operations import SERVICE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

PREFIX = SERVICE["problems"]
SINGULAR = SERVICE["singular"]


class Problem(Exception):
    """A problem as RFC 9457 describes it: https://www.rfc-editor.org/rfc/rfc9457

    Args:
        detail: What is wrong with this request and what to do. It does not repeat values that the caller sent.
        headers: Response headers to send with it.
        extensions: Additional properties of the problem document (RFC 9457, section 3.2).
    """

    status: int
    type: str
    title: str

    def __init__(
        self, detail: str, headers: dict[str, str] | None = None, extensions: dict[str, object] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = headers or {}
        self.extensions = extensions or {}


class InvalidRequest(Problem):
    """Args, attributes: faults: each `{"pointer" or "parameter": where, "detail": what}`."""

    status, type, title = 400, PREFIX + "invalid-request", "Invalid request"

    def __init__(self, faults: Sequence[dict[str, str]]) -> None:
        count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__(f"The request has {count}; see errors.", extensions={"errors": list(faults)})
        self.faults = faults


class Forbidden(Problem):
    status, type, title = 403, PREFIX + "forbidden", "Forbidden"


class InsufficientScope(Problem):
    """The token is valid, and a new one like it would not help: https://www.rfc-editor.org/rfc/rfc6750#section-3.1

    API Gateway renames the header (emulator.apigateway.integration), so the scope is in the document too.

    Args:
        scopes: of which a token needs one.
    """

    status, type, title = 403, PREFIX + "insufficient-scope", "Insufficient scope"

    def __init__(self, scopes: Sequence[str]) -> None:
        super().__init__(
            f"This operation needs an access token with the scope {' or '.join(scopes)}.",
            headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scopes[0]}"'},
            extensions={"scope": scopes[0]},
        )


class NotFound(Problem):
    """The same whether it never existed, was deleted or belongs to somebody else, so that callers cannot find out which."""

    status, type, title = 404, PREFIX + "not-found", "Not found"

    def __init__(self, detail: str = f"There is no such {SINGULAR}.") -> None:
        super().__init__(detail)


class Conflict(Problem):
    status, type, title = 409, PREFIX + "conflict", "Conflict"

    def __init__(self) -> None:
        super().__init__(
            f"The {SINGULAR} kept changing while this request was applied. Nothing was changed; try again.",
            headers={"Retry-After": "1"},
        )


class Deleted(Problem):
    """A create met an id that was used before. It has no Retry-After: to repeat the request does not help.

    Args:
        resource_id: of what was created then.
        restorable: whether it is still in the trash.
    """

    status, type, title = 409, PREFIX + "deleted", "Deleted"

    def __init__(self, resource_id: str, restorable: bool) -> None:
        restore = "Restore it, or use" if restorable else "Use"
        super().__init__(
            f"The {SINGULAR} that this Idempotency-Key created was deleted. {restore} a new key for a new {SINGULAR}.",
            extensions={"id": resource_id},
        )


class VersionConflict(Problem):
    """Args: current_version: the version that the resource has now."""

    status, type, title = 412, PREFIX + "version-conflict", "Version conflict"

    def __init__(self, current_version: int) -> None:
        super().__init__(
            f"The {SINGULAR} has changed, or If-None-Match excludes its version. "
            "Read it again and repeat the change on that version.",
            headers={"ETag": f'"{current_version}"'},
            extensions={"current_version": current_version},
        )
        self.current_version = current_version


class PayloadTooLarge(Problem):
    """Args: limit: the largest size that is accepted, in bytes."""

    status, type, title = 413, PREFIX + "payload-too-large", "Payload too large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body and the resulting {SINGULAR} must not be larger than {limit} bytes.")


class UnsupportedMediaType(Problem):
    """Args: expected: the media types that the operation takes. https://www.rfc-editor.org/rfc/rfc9110#section-15.5.16"""

    status, type, title = 415, PREFIX + "unsupported-media-type", "Unsupported media type"

    def __init__(self, expected: Sequence[str]) -> None:
        super().__init__(f"Send Content-Type: {' or '.join(expected)}.", headers={"Accept": ", ".join(expected)})


class UnsupportedContentCoding(UnsupportedMediaType):
    """By its header, a client sees that the content coding is wrong and not the media type."""

    def __init__(self) -> None:
        Problem.__init__(
            self,
            "Send the body as it is, without Content-Encoding: compressed bodies are not accepted.",
            headers={"Accept-Encoding": "identity"},
        )


class IdempotencyKeyReused(Problem):
    status, type, title = 422, PREFIX + "idempotency-key-reused", "Idempotency key reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for a different request. Use a new key for each new request.")


class PreconditionRequired(Problem):
    """https://www.rfc-editor.org/rfc/rfc6585#section-3"""

    status, type, title = 428, PREFIX + "precondition-required", "Precondition required"

    def __init__(self) -> None:
        super().__init__(
            f"Send If-Match with the ETag of the {SINGULAR}, so that no change of somebody else is overwritten."
        )


class InternalError(Problem):
    status, type, title = 500, PREFIX + "internal-error", "Internal error"

    def __init__(self) -> None:
        super().__init__("The service failed. Quote the request id when you report it.")


class Unavailable(Problem):
    """The table did not respond in time or is throttling requests; a write may or may not have been applied."""

    status, type, title = 503, PREFIX + "unavailable", "Unavailable"

    def __init__(self) -> None:
        super().__init__("The service is temporarily unavailable. Try again.", headers={"Retry-After": "1"})
