"""The peers: what each is made of, and how its process is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

OURS, POWERTOOLS, BOTO3, AWSCRT = "ours", "powertools", "boto3", "awscrt"
FLOOR, EXCHANGE, NODE, NODE_FLOOR = "floor", "exchange", "node", "node-floor"
OPERATIONS = ("create_item", "list_items", "get_item", "update_item", "delete_item")


@dataclass(frozen=True)
class Peer:
    """One way to write the same service.

    Attributes:
        title: for readers.
        kind: `functions` for this project, `python` or `node`.
        modules: its own files, in bench/peers/python or bench/peers/node.
        distributions: what it installs; with what those need.
        handlers: by operation; all of them the same where one function serves all.
        floor: the peer that does nothing in the same runtime.
        api: whether it has the API; a floor has not.
    """

    title: str
    kind: Literal["functions", "python", "node"]
    modules: tuple[str, ...]
    distributions: tuple[str, ...] = ()
    handlers: Mapping[str, str] = field(default_factory=dict)
    floor: str = FLOOR
    api: bool = True


def one(handler: str) -> dict[str, str]:
    return dict.fromkeys(OPERATIONS, handler)


POWERTOOLS_APP = ("powertools_app.py", "powertools_line.py", "once.py", "models.py", "store_boto3.py", "api.py")
PEERS = {
    OURS: Peer(
        "this project",
        "functions",
        ("ours.py",),
        handlers={
            "create_item": "ours.create",
            "list_items": "ours.list_page",
            "get_item": "ours.get",
            "update_item": "ours.update",
            "delete_item": "ours.delete",
        },
    ),
    POWERTOOLS: Peer(
        "Powertools (with Tracer), Pydantic, boto3",
        "python",
        ("powertools_traced.py", *POWERTOOLS_APP),
        ("aws-lambda-powertools[tracer]", "pydantic", "boto3"),
        one("powertools_traced.handler"),
    ),
    "powertools-untraced": Peer(
        "Powertools without Tracer",
        "python",
        POWERTOOLS_APP,
        ("aws-lambda-powertools", "jmespath", "pydantic", "boto3"),
        one("powertools_app.handler"),
    ),
    "powertools-each": Peer(
        "Powertools without Tracer, a function for each operation",
        "python",
        ("powertools_each.py", "powertools_line.py", "once.py", "models.py", "store_boto3.py", "api.py"),
        ("aws-lambda-powertools", "jmespath", "pydantic", "boto3"),
        {operation: f"powertools_each.{operation}" for operation in OPERATIONS},
    ),
    "fastapi": Peer(
        "FastAPI, Mangum, Pydantic, boto3",
        "python",
        ("fastapi_app.py", "models.py", "store_boto3.py", "api.py"),
        ("fastapi", "mangum", "boto3"),
        one("fastapi_app.handler"),
    ),
    BOTO3: Peer(
        "boto3, plain handler",
        "python",
        ("plain_boto3.py", "store_boto3.py", "api.py"),
        ("boto3",),
        one("plain_boto3.handler"),
    ),
    "pydynox": Peer(
        "pydynox, plain handler",
        "python",
        ("plain_pydynox.py", "store_pydynox.py", "api.py"),
        ("pydynox",),
        one("plain_pydynox.handler"),
    ),
    AWSCRT: Peer(
        "awscrt, written by hand",
        "python",
        ("plain_awscrt.py", "store_awscrt.py", "api.py"),
        ("awscrt",),
        one("plain_awscrt.handler"),
    ),
    NODE: Peer(
        "Node, SDK v3, esbuild", "node", ("app.mjs",), handlers=one("app.handler"), floor=NODE_FLOOR
    ),
    EXCHANGE: Peer(
        "one verified TLS exchange, nothing else", "python", ("exchange.py",), (), one("exchange.handler"), api=False
    ),
    FLOOR: Peer("empty handler, Python", "python", ("empty.py",), (), one("empty.handler"), api=False),
    NODE_FLOOR: Peer(
        "empty handler, Node", "node", ("empty.mjs",), handlers=one("empty.handler"), floor=NODE_FLOOR, api=False
    ),
}  # fmt: skip
RUNTIME = ("awslambdaric",)
