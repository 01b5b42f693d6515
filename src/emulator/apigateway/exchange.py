"""One request through the gateway and what is known about it; the source of `$context` variables.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
"""

from __future__ import annotations

import json
import secrets
import time
from base64 import b64encode
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]


@dataclass
class Exchange:
    """What is known about a request while the gateway serves it.

    `request` is MiniStack's own record of the request; times are seconds of `time.perf_counter`.
    """

    request: Json
    method: str
    path: str
    account: str
    region: str
    body: bytes = b""
    begun: float = field(default_factory=time.perf_counter)
    begun_at: float = field(default_factory=time.time)
    trace: str = ""
    claims: Json = field(default_factory=dict)
    error_message: str | None = None
    error_type: str | None = None
    validation_error: str | None = None
    integration_error: str | None = None
    integration_status: int | None = None
    function_status: int | None = None
    integration_request_id: str | None = None
    integration_seconds: float | None = None
    extended_id: str = field(default_factory=lambda: b64encode(secrets.token_bytes(11)).decode())

    def header(self, name: str) -> str:
        """Return a header of the request, or an empty string."""
        value = self.request["headers"].get(name.lower(), "")
        return value if isinstance(value, str) else str(value[-1])

    def source_ip(self) -> str:
        """Return the caller's address."""
        return self.header("x-forwarded-for").split(",")[0].strip() or "127.0.0.1"

    def variables(self, status: int | None = None, length: int | None = None) -> Json:
        """Return the `$context` variables by name without `context.`; those without a value are left out.

        `context_variables` lists which of them may be used where.
        """
        at = datetime.fromtimestamp(self.begun_at, UTC)
        integration_ms = milliseconds(self.integration_seconds)
        known: Json = {
            "accountId": self.account,
            "apiId": self.request["api_id"],
            "domainName": self.header("host"),
            "error.message": self.error_message,
            "error.messageString": None if self.error_message is None else json.dumps(self.error_message),
            "error.responseType": self.error_type,
            "error.validationErrorString": self.validation_error,
            "extendedRequestId": self.extended_id,
            "httpMethod": self.method,
            "identity.sourceIp": self.source_ip(),
            "identity.userAgent": self.header("user-agent"),
            "integration.error": self.integration_error,
            "integration.integrationStatus": self.integration_status,
            "integration.latency": integration_ms,
            "integration.requestId": self.integration_request_id,
            "integration.status": self.function_status or self.integration_status,
            "integrationLatency": integration_ms,
            "integrationStatus": self.integration_status,
            "awsEndpointRequestId": self.integration_request_id,
            "path": f"/{self.request['stage_name']}{self.path}",
            "protocol": "HTTP/1.1",
            "requestId": self.request["request_id"],
            "requestTime": at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "requestTimeEpoch": int(self.begun_at * 1000),
            "resourcePath": self.request["resource_path"],
            "responseLatency": milliseconds(time.perf_counter() - self.begun),
            "responseLength": length,
            "stage": self.request["stage_name"],
            "status": status,
            "xrayTraceId": self.trace,
        }
        known["authorizer.principalId"] = self.claims.get("sub")
        known.update({f"authorizer.claims.{name}": value for name, value in self.claims.items()})
        return {name: value for name, value in known.items() if value not in (None, "")}


current: ContextVar[Exchange] = ContextVar("emulator_exchange")


def milliseconds(seconds: float | None) -> int | None:
    """Return whole milliseconds, as API Gateway reports them."""
    return None if seconds is None else round(seconds * 1000)
