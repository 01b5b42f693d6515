"""The published versions of the functions: which is newest, which are gone, which can go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crudctl.release.record import PROMOTED, Release

KEPT = 5  # promoted releases whose versions stay, for `release rollback --to N`


def newest(client: Any, functions: Mapping[str, str]) -> dict[str, str]:
    """The newest version of each function, by operation; `client` is boto3's of Lambda."""
    return {operation: str(max(_published(client, name))) for operation, name in functions.items()}


def missing(client: Any, functions: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """Those of the `wanted` versions that no longer exist, in words."""
    return [
        f"version {version} of {operation}"
        for operation, version in wanted.items()
        if int(version) not in _published(client, functions[operation])
    ]


def prune(client: Any, functions: Mapping[str, str], releases: Sequence[Release]) -> list[str]:
    """Deletes versions that are older than all that the last few promoted releases were about; answers which.

    A version is deleted with its code, and all versions of all functions share 75 GB
    (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
    """
    promoted = sorted((r for r in releases if r.state == PROMOTED and r.weights), key=lambda r: r.number)[-KEPT:]
    gone = []
    for operation, name in functions.items():
        oldest = min((int(v[operation]) for r in promoted for v in (r.old, r.new, r.canary)), default=0)
        for version in _published(client, name):
            if version < oldest:
                client.delete_function(FunctionName=name, Qualifier=str(version))
                gone.append(f"{operation} {version}")
    return gone


def _published(client: Any, name: str) -> list[int]:
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    found = (entry["Version"] for page in pages for entry in page["Versions"])
    return [int(version) for version in found if version != "$LATEST"]
