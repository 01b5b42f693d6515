"""Puts the aliases of the five functions on their newest versions, at once; for the local stack and the first deploy."""

from __future__ import annotations

from collections.abc import Mapping

from crudctl.project import Environment
from crudctl.release import versions
from crudctl.release.record import Records, Release

ALIASES = ("prod", "canary")


def point_to_newest(environment: Environment, names: Mapping[str, str]) -> bool:
    """Puts both aliases of every function on its newest version; answers whether any was moved.

    Nothing is moved while a release is under way: it decides. Nor once one has decided against the newest versions; only
    versions that are newer than all it knew are put in service.

    Args:
        names: function name by operation.
    """
    functions = environment.client("lambda")
    releases = f"{names['get_item'].removesuffix('-get_item')}-releases"
    release = Records(environment.client("dynamodb"), releases).current()
    if release and release.running:
        return False
    newest = versions.newest(functions, names)
    wanted = {names[operation]: version for operation, version in newest.items()}
    if release and all(int(wanted[name]) <= _newest_known(release, operation) for operation, name in names.items()):
        return False
    found = {
        (name, alias): functions.get_alias(FunctionName=name, Name=alias)
        for name in names.values()
        for alias in ALIASES
    }
    moves = [key for key, alias in found.items() if alias["FunctionVersion"] != wanted[key[0]]]
    for name, alias in moves:
        functions.update_alias(
            FunctionName=name, Name=alias, FunctionVersion=wanted[name], RevisionId=found[name, alias]["RevisionId"]
        )
    return bool(moves)


def _newest_known(release: Release, operation: str) -> int:
    return max(int(versions.get(operation, 0)) for versions in (release.old, release.new))
