"""What requests to AWS may meet on their way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError

from tests.release.rig import Rig

Meet = Callable[[Any], AWSResponse | None]


class Raw:
    """The body of an answer."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> list[bytes]:
        """All of it."""
        return [self._content]


def refused(request: Any) -> AWSResponse:
    """It is refused."""
    headers = {"x-amzn-errortype": "InvalidParameterValueException"}
    return AWSResponse(request.url, 400, headers, Raw(b'{"message": "refused", "Type": "User"}'))


def unplugged(request: Any) -> AWSResponse:
    """There is no network."""
    raise ConnectionClosedError(endpoint_url=request.url)


def client(rig: Rig, service: str, operation: str, meet: Meet) -> Any:
    """A boto3 client whose requests of that operation meet something before they are sent."""
    found = rig.environment.client(service)
    found.meta.events.register(f"before-send.{service}.{operation}", lambda request, **_: meet(request))
    return found


def the(n: int, meet: Meet) -> Meet:
    """Only the n-th request meets it, and each time that it is tried again."""
    left, at = n, ""

    def only(request: Any) -> AWSResponse | None:
        nonlocal left, at
        left -= 1
        at = request.url if left == 0 else at
        return meet(request) if request.url == at else None

    return only


def first(n: int, meet: Meet) -> Meet:
    """Only the first n requests meet it."""
    left = n

    def early(request: Any) -> AWSResponse | None:
        nonlocal left
        left -= 1
        return meet(request) if left >= 0 else None

    return early


def once(do: Callable[[], Any], n: int) -> Meet:
    """Before the n-th request is sent, something happens; then it goes its way."""
    left = n

    def meanwhile(_: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            do()

    return meanwhile
