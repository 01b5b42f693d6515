"""The grammar of header mappings and of templates, as AWS documents it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-parameter-mapping-sources.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html
https://velocity.apache.org/engine/devel/vtl-reference.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from emulator.apigateway.context_variables import TEMPLATES, documented

NAME = r"[A-Za-z0-9._$-]+"  # of a parameter: what PutMethod's own error message names as allowed
TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"  # a header's name: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
STATIC = r"'(?P<static>[\x20-\x26\x28-\x7e]*)'"  # visible characters and spaces but the quote, which nothing escapes
CONTEXT = r"context\.(?P<context>[A-Za-z0-9_.]+)"
STAGE = rf"stageVariables\.{NAME}"
RESPONSE = rf"integration\.response\.(header\.{NAME}|body(\.\S+)?)"
REQUEST = rf"method\.request\.(multivalue)?(path|querystring|header)\.{NAME}"
OF_INTEGRATION = re.compile(f"{STATIC}|{CONTEXT}|{STAGE}|{RESPONSE}")
OF_GATEWAY = re.compile(f"{STATIC}|{CONTEXT}|{STAGE}|{REQUEST}")

LARGEST_TEMPLATE = 300 * 1024  # bytes; api-gateway-known-issues
REFERENCE = re.compile(
    r"\$(?P<silent>!?)(?P<open>\{?)(?P<name>[A-Za-z][A-Za-z0-9_.]*[A-Za-z0-9_])(?P<call>\(?)(?P<close>\}?)"
)
# What Velocity takes for something else than text.
DIRECTIVE = re.compile(
    r"#(#|\*|\[\[|\{?(set|if|elseif|else|end|foreach|include|parse|stop|break|evaluate|define|macro)\b)|\\[$#]"
)


def mapping_faults(expression: str, pattern: re.Pattern[str]) -> Iterator[str]:
    """Yield what is wrong with a header's source. `pattern` is OF_INTEGRATION or OF_GATEWAY."""
    found = pattern.fullmatch(expression)
    if found is None:
        yield f"{expression}: not a mapping expression"
    elif found["context"] and not documented(found["context"], TEMPLATES):
        yield f"{expression}: not a variable that AWS lists"


def template_faults(template: str, velocity: bool) -> Iterator[str]:
    """Yield what is wrong with a template of JSON whose only variables are of `$context`.

    Args:
        velocity: whether Velocity renders it. The templates of gateway responses have variables only.
    """
    if len(template.encode()) > LARGEST_TEMPLATE:
        yield f"template of {len(template.encode())} bytes"
    if velocity and DIRECTIVE.search(template):
        yield f"{DIRECTIVE.search(template)} is a directive, a comment or an escape of Velocity"
    for at in (found.start() for found in re.finditer(r"\$", template)):
        reference = REFERENCE.match(template, at)
        if reference is None:
            yield f"{template[at : at + 20]}: a $ without a variable"
        elif bool(reference["open"]) != bool(reference["close"]) or (reference["silent"] and not velocity):
            yield f"{reference[0]}: not a reference"
        elif reference["call"] or not reference["name"].startswith("context."):
            yield f"{reference[0]}: only variables of $context are known to be safe here"
        elif not documented(reference["name"].removeprefix("context."), TEMPLATES):
            yield f"{reference[0]}: not a variable that AWS lists"
    if rendered(template) is None:
        yield f"{template[:60]}: not JSON after substitution"


def rendered(template: str) -> Any:
    """Return the JSON of a template with text for each variable; None if it is none."""
    try:
        return json.loads(REFERENCE.sub("x", template))
    except ValueError:
        return None
