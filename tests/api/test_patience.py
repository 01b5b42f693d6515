"""The suite itself: against an account with little concurrency it waits, and hides no failure."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.api.patience import ATTEMPTS, Patient

BUSY, THROTTLED = httpx.Response(500, headers={"Retry-After": "2"}), httpx.Response(429)


def sent_to(responses: list[httpx.Response]) -> tuple[int, list[float], list[bytes]]:
    """Return the status that a caller of a service with these responses sees, how long it waited, and what it sent."""
    waited: list[float] = []
    bodies: list[bytes] = []
    answers: Iterator[httpx.Response] = iter(responses)

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        given = next(answers)
        return httpx.Response(given.status_code, headers=given.headers)

    with httpx.Client(transport=Patient(httpx.MockTransport(answer), waited.append)) as client:
        return client.post("http://service/", content=b"body").status_code, waited, bodies


def test_what_had_no_room_is_sent_again_unchanged() -> None:
    assert sent_to([BUSY, THROTTLED, httpx.Response(201)]) == (201, [2.0, 1.0], [b"body"] * 3)


@pytest.mark.parametrize("status", [200, 409, 500, 502, 503])
def test_every_other_response_is_the_first(status: int) -> None:
    assert sent_to([httpx.Response(status)]) == (status, [], [b"body"])


def test_service_that_never_has_room_is_seen() -> None:
    assert sent_to([BUSY] * ATTEMPTS)[0] == 500
