"""The published versions of the functions: which is newest, which no longer exist, which can be deleted.

`put_newest_in_service` is for the local stack, where `crudctl up` needs no release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from crudctl.console import Failed
from crudctl.project import Environment
from crudctl.release.aliases import ALIASES, Aliases, NotMoved, Position
from crudctl.release.cloud import cloud_of
from crudctl.release.record import PROMOTED, Release

KEPT = 5  # promoted releases whose versions are kept, for `release rollback --to N`


def newest(client: Any, functions: Mapping[str, str]) -> dict[str, str]:
    """Return the newest version of each function, by operation.

    Args:
        client: boto3's of Lambda.
        functions: function name by operation.
    """
    return {operation: str(max(_published(client, name))) for operation, name in functions.items()}


def behind(client: Any, functions: Mapping[str, str], in_service: Mapping[str, Position]) -> dict[str, str]:
    """Return the newest version of each function, by operation, that is not the one in service."""
    return {
        name: version for name, version in newest(client, functions).items() if in_service[name] != Position(version)
    }


def missing(client: Any, functions: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """Return descriptions of those `wanted` versions (by operation) that no longer exist, such as `version 3 of get_item`."""
    return [
        f"version {version} of {operation}"
        for operation, version in wanted.items()
        if operation not in functions or int(version) not in _published(client, functions[operation])
    ]


def published(client: Any, functions: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Return when every version was published, in epoch seconds, by operation and version."""
    return {
        operation: {
            entry["Version"]: datetime.strptime(entry["LastModified"], "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
            for entry in _listed(client, name)
        }
        for operation, name in functions.items()
    }


def environments(client: Any, functions: Mapping[str, str]) -> dict[str, dict[str, dict[str, str]]]:
    """Return the environment variables of every published version, by operation and version.

    https://docs.aws.amazon.com/lambda/latest/api/API_ListVersionsByFunction.html
    """
    return {
        operation: {
            entry["Version"]: entry.get("Environment", {}).get("Variables", {}) for entry in _listed(client, name)
        }
        for operation, name in functions.items()
    }


def prune(client: Any, functions: Mapping[str, str], releases: Sequence[Release]) -> list[str]:
    """Delete the versions that are older than all versions of the last KEPT promoted releases.

    Releases from before a function existed do not know it. If none of them knows it, none of its versions is deleted.

    Versions of all functions share 75 GB of storage
    (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html); deleting a version frees its code.

    Returns:
        The deleted versions, such as `get_item 3`.
    """
    promoted = sorted((r for r in releases if r.state == PROMOTED and r.weights), key=lambda r: r.number)[-KEPT:]
    deleted = []
    for operation, name in functions.items():
        known = (v[operation] for r in promoted for v in (r.old, r.new, r.canary) if operation in v)
        oldest = min(map(int, known), default=0)
        for version in _published(client, name):
            if version < oldest:
                client.delete_function(FunctionName=name, Qualifier=str(version))
                deleted.append(f"{operation} {version}")
    return deleted


def put_newest_in_service(environment: Environment, functions: Mapping[str, str]) -> bool:
    """Point both aliases of every function at its newest version, without a release. Return whether any moved.

    Nothing moves while a release is running. After a release, nothing moves until there are versions newer than all those
    that it knew: it may have decided against the newest ones. No two versions share the traffic, so that any may follow any here:
    order.py is for releases.

    Args:
        functions: function name by operation.

    Raises:
        console.Failed: an alias could not be moved; those of the same name already moved were put back.
    """
    cloud = cloud_of(environment, functions)
    client = cloud.client("lambda")
    release = cloud.records().current()
    if release and release.running:
        return False
    latest = newest(client, cloud.releasable())
    if release and all(int(version) <= _newest_known(release, operation) for operation, version in latest.items()):
        return False
    aliases = Aliases(client, functions, "crudctl up")
    moved = False
    for alias in ALIASES:
        wanted = {
            operation: Position(latest[operation])
            for operation, at in aliases.positions(alias).items()
            if at.version != latest.get(operation, at.version)
        }
        try:
            aliases.move(alias, wanted, lambda *_: True, lambda: None)
        except NotMoved as error:
            raise Failed(f"The newest versions are not in service: {error}.", "Run `crudctl up` again.") from error
        moved = moved or bool(wanted)
    return moved


def _newest_known(release: Release, operation: str) -> int:
    return max(int(versions.get(operation, 0)) for versions in (release.old, release.new))


def _published(client: Any, name: str) -> list[int]:
    return [int(entry["Version"]) for entry in _listed(client, name)]


def _listed(client: Any, name: str) -> list[dict[str, Any]]:
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    return [entry for page in pages for entry in page["Versions"] if entry["Version"] != "$LATEST"]
