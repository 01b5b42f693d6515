"""Writes API Gateway's access log: one line for each request, in the format of the stage."""

from __future__ import annotations

import hashlib
import re
import time

from emulator.apigateway.context_variables import ACCESS_LOG as LISTED
from emulator.apigateway.context_variables import documented
from emulator.apigateway.exchange import Exchange
from emulator.logs import log_stream
from emulator.patches import Difference, register

ACCESS_LOG = register(
    Difference(
        name="access-log",
        service="API Gateway",
        aws="a stage with access log settings logs every request in its format, refused ones too; a variable that it "
        "does not know is `-`, and a line ends after 1,024 bytes",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html",
        ministack="the settings are stored and nothing is logged",
        here="as AWS, with one log stream for each stage",
        upstream="write a line at the end of `apigateway_v1.handle_execute`",
    )
)

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
LONGEST_LINE = 1024  # bytes
_VARIABLE = re.compile(r"\$context((?:\.\w+)+)")


def write(exchange: Exchange, status: int, length: int) -> None:
    """Log one request after its response, if the stage has access log settings and the log group exists."""
    request = exchange.request
    settings = request["stage"].get("accessLogSettings") or {}
    template, destination = settings.get("format"), settings.get("destinationArn") or ""
    if not template or ":log-group:" not in destination:
        return
    variables = exchange.variables(status, length)

    def value(match: re.Match[str]) -> str:
        name = match[1][1:]
        return str(variables.get(name, "-") if documented(name, LISTED) else "-").replace("\n", " ")

    group = destination.split(":log-group:")[1].removesuffix(":*")
    stream = hashlib.md5(f"{request['api_id']}/{request['stage_name']}".encode(), usedforsecurity=False).hexdigest()
    line = _VARIABLE.sub(value, template).encode()[:LONGEST_LINE].decode(errors="ignore")
    log_stream.append(group, stream, [(time.time(), line)])
