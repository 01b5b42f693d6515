"""The X-Ray trace of an invocation, which continues the trace of the request that led to it."""

from __future__ import annotations

import secrets
import time
from contextvars import ContextVar
from typing import Any

from ministack.services import lambda_svc

from emulator.patches import Difference, patch, register

TRACE_ID = register(
    Difference(
        name="trace-id",
        service="API Gateway",
        aws="`X-Amzn-Trace-Id` is made or continued and reaches the function as header and as `_X_AMZN_TRACE_ID`",
        source="https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
        ministack="the header is passed on if there was one; the function's trace is another",
        here="as AWS",
        upstream="pass the trace header of the request through `apigateway_v1._call_lambda_raw` to the invocation",
    )
)

# The trace header of the request that leads to an invocation, if it came through API Gateway.
incoming: ContextVar[str] = ContextVar("emulator_trace", default="")


def new_root() -> str:
    """Return the root of a new trace, as in a trace header."""
    return f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}"


def install() -> None:
    """Continue the trace of the request."""
    patch(lambda_svc, "_xray_trace_id_for_invocation", trace_of_invocation, TRACE_ID)


def trace_of_invocation(config: dict[str, Any], inbound_trace_header: str | None = None) -> str:
    """Return the value of `_X_AMZN_TRACE_ID` for an invocation."""
    root = inbound_trace_header or incoming.get() or new_root()
    sampled = (config.get("TracingConfig") or {}).get("Mode") == "Active"
    return f"{root.split(';')[0]};Parent={secrets.token_hex(8)};Sampled={int(sampled)}"
