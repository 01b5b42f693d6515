"""Sends again what a deployed API had no room for, as every client should: docs/clients.md."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

ATTEMPTS = 6


class Patient(httpx.BaseTransport):
    """A transport that repeats a request after a 429, and after a 500 with Retry-After.

    The gateway responds with the latter when Lambda has no concurrency left, of which a new account has ten; functions send none.
    https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway-errors.html

    Args:
        transport: sends a request once.
        sleep: waits for seconds.
    """

    def __init__(self, transport: httpx.BaseTransport, sleep: Callable[[float], None] = time.sleep) -> None:
        self._transport, self._sleep = transport, sleep

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the first response that is not one of these, or the last."""
        request.read()
        for _ in range(ATTEMPTS - 1):
            response = self._transport.handle_request(request)
            after = response.headers.get("Retry-After")
            if response.status_code != 429 and (response.status_code != 500 or after is None):
                return response
            response.close()
            self._sleep(float(after or 1))
        return self._transport.handle_request(request)

    def close(self) -> None:
        """Close the transport."""
        self._transport.close()
