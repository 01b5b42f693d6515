"""Which body of the gateway belongs to which versions of the functions, from the record of its last change and those of releases.

Every body is a deployment of the stage. The record of the change says what served before it, and beside which versions, so that
a release knows where to go back to although the change was applied before it began. Moves nothing (gateway.py does).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from crudctl.release.record import PROMOTED, Release

KEY = {"kind": {"S": "gateway"}, "id": {"S": "gateway"}}
Versions = Mapping[str, str]  # by operation


@dataclass(frozen=True)
class Change:
    """The last change of the gateway's body.

    Attributes:
        deployment: that it made.
        before: the deployment that was served until then.
        versions: of the functions that were in service, by operation.
        contract: of these versions, packed (offered.py); empty if it is not known.
        coming: the contract that it was made for, packed.
        wide: whether the deployment also has what the coming contract removes or narrows.
    """

    deployment: str
    before: str
    versions: dict[str, str]
    contract: str
    coming: str
    wide: bool


class Changes:
    """The record of the last change, in the table of releases.

    Args:
        client: boto3's of DynamoDB.
        table: its name.
    """

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def last(self) -> Change | None:
        """Return the last change; None before the first, and before the table exists."""
        try:
            found = self._client.get_item(TableName=self._table, Key=KEY, ConsistentRead=True).get("Item")
        except self._client.exceptions.ResourceNotFoundException:
            return None
        return Change(**json.loads(found["change"]["S"])) if found else None

    def put(self, change: Change) -> None:
        """Record a change. It replaces the last one."""
        self._client.put_item(TableName=self._table, Item=KEY | {"change": {"S": json.dumps(asdict(change))}})


def agree(recorded: Versions, at: Versions) -> bool:
    """Whether the functions that a record knows, and that still exist, are at its versions."""
    known = recorded.keys() & at.keys()
    return bool(known) and all(recorded[name] == at[name] for name in known)


def contract_of(versions: Versions, change: Change | None, past: Sequence[Release]) -> str:
    """Return the packed contract of the versions in service; empty if no record has it.

    Args:
        versions: in service, by operation.
        change: the last one of the gateway's body.
        past: the releases that have ended, newest first.
    """
    if change and agree(change.versions, versions):
        return change.contract
    promoted = (release for release in past if release.state == PROMOTED and release.contract)
    released = next((release.contract for release in promoted if agree(release.new, versions)), "")
    return released or (change.coming if change else "")


def of_release(serving: str, old: Versions, change: Change | None) -> dict[str, str]:
    """Return the deployments that belong to the `old` and the `new` versions of a release that begins.

    Args:
        serving: the deployment that the stage serves.
        old: the versions in service, by operation.
        change: the last one of the gateway's body.
    """
    made_for_it = change and change.deployment == serving and agree(change.versions, old)
    return {"old": change.before if change and made_for_it else serving, "new": serving}


def of_return(serving: str, wanted: Versions, change: Change | None, past: Sequence[Release]) -> dict[str, str]:
    """Return the deployments of a return to earlier versions, `new` being those; the present one where no record has another.

    Args:
        serving: the deployment that the stage serves.
        wanted: the earlier versions, by operation.
        change: the last one of the gateway's body.
        past: the releases that have ended, newest first.
    """
    if change and change.deployment == serving and agree(change.versions, wanted):
        return {"old": serving, "new": change.before}
    known = (
        release.deployments.get(side, "")
        for release in past
        if release.state == PROMOTED
        for side, versions in (("new", release.new), ("old", release.old))
        if agree(versions, wanted)
    )
    return {"old": serving, "new": next(filter(None, known), serving)}
