"""The release record: one item for the release under way, one for each past one; each write is conditional. Knows no alias.

It runs in Lambda too (cloud.py): standard library only, the boto3 client is passed in.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

RUNNING, PROMOTED, ROLLED_BACK, FAILED = "running", "promoted", "rolled back", "failed"
ATTEMPTS = 10  # of taking over a release that its releaser still writes
CURRENT = {"kind": {"S": "current"}, "id": {"S": "current"}}


@dataclass(frozen=True)
class Release:
    """One release, or one return to earlier versions.

    Attributes:
        number: 1, 2, 3 ...
        old, new, canary: version by operation: what `prod` called before, what is released, what `canary` called before.
        weights: the new version's share in each step before the last, which is all.
        bake: seconds of each step.
        begun_by: user and machine.
        who: user and machine of the present releaser; `pid` and `host` its process, `holder` its token: only the holder writes.
        since, looked, seen, ended: when it began, when the evidence was looked at last, when the releaser last wrote, when it
            ended; seconds since the epoch.
        state: running, promoted, rolled back or failed.
        doing: the step of the journal: what is being done, written before it is done.
        step: index into `weights`.
        stages: `[weight, since, moved]` of each step so far: from `since` on aliases may have moved, at `moved` all had; the
            last has no `moved` until then.
        limits: milliseconds above which a request is slow, by operation.
        figures: what the last look found, for people.
        odds: of the last look.
        why, by: of the end: the reason and who or what decided.
        notes: what else happened, one line each.
        elsewhere: aliases that somebody else moved meanwhile, and that were left alone when the release was taken back.
    """

    number: int
    old: dict[str, str]
    new: dict[str, str]
    canary: dict[str, str]
    weights: list[float]
    bake: float
    who: str
    host: str
    pid: int
    holder: str
    since: float
    seen: float
    state: str = RUNNING
    doing: str = "canary"
    step: int = 0
    stages: list[list[float]] = field(default_factory=list)
    limits: dict[str, float] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    odds: float = 1.0
    why: str = ""
    by: str = ""
    ended: float = 0.0
    begun_by: str = ""
    looked: float = 0.0
    notes: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.state == RUNNING

    @property
    def outcome(self) -> str:
        """Its state, in a word for people: a return to earlier versions is promoted too."""
        return "went back" if self.state == PROMOTED and not self.weights else self.state


class Refused(Exception):
    """A release is under way already, or was begun and ended meanwhile; `release` is that one."""

    def __init__(self, release: Release) -> None:
        super().__init__(f"release {release.number} came first")
        self.release = release


class NothingUnderWay(Exception):
    """There is no release under way."""


class TakenOver(Exception):
    """Another releaser, or the alarm, has the release now; `release` is what it has made of it."""

    def __init__(self, release: Release) -> None:
        super().__init__("the release was taken over")
        self.release = release


class Records:
    """The table of releases.

    Args:
        client: boto3's of DynamoDB.
        table: its name.
    """

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def current(self) -> Release | None:
        """The release under way or, if there is none, the last one; None before the first."""
        item = self._client.get_item(TableName=self._table, Key=CURRENT, ConsistentRead=True).get("Item")
        return _release(item) if item else None

    def past(self) -> list[Release]:
        """Releases that have ended, newest first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="kind = :past",
            ExpressionAttributeValues={":past": {"S": "past"}},
            ScanIndexForward=False,
            ConsistentRead=True,
        )
        found = [_release(item) for page in pages for item in page["Items"]]
        last = self.current()
        if last and not last.running and last.number not in {release.number for release in found}:
            found.insert(0, last)
        return found

    def begin(self, release: Release, last: Release | None) -> None:
        """Makes `release` the one under way, after `last`. Raises Refused when that has not ended, or is not the last."""
        if last and last.running:
            raise Refused(last)
        if last:
            self.archive(last)  # its releaser may have died before it did
        condition = "holder = :last" if last else "attribute_not_exists(id)"
        if not self._put(release, condition, {":last": {"S": last.holder}} if last else {}):
            found = self.current()
            assert found is not None
            raise Refused(found)

    def save(self, release: Release) -> None:
        """Writes the state of a release that is ours. Raises TakenOver when it no longer is."""
        if not self._put(release, "holder = :mine", {":mine": {"S": release.holder}}):
            found = self.current()
            assert found is not None
            raise TakenOver(found)

    def mine(self, holder: str) -> Release:
        """The release that `holder` has, as it is now. Raises TakenOver when it has none, or no longer."""
        found = self.current()
        assert found is not None
        if found.holder != holder:
            raise TakenOver(found)
        return found

    def take_over(self, holder: str, **changes: Any) -> Release:
        """Makes `holder` the only one who writes the release under way.

        Raises NothingUnderWay; TakenOver when others write it faster than it can be read.
        """
        for _ in range(ATTEMPTS):
            found = self.current()
            if found is None or not found.running:
                raise NothingUnderWay
            mine = replace(found, holder=holder, **changes)
            values = {":theirs": {"S": found.holder}, ":seen": {"S": repr(found.seen)}}
            if self._put(mine, "holder = :theirs AND seen = :seen", values):
                return mine
        assert found is not None
        raise TakenOver(found)

    def archive(self, release: Release) -> None:
        """Keeps a release that has ended. Twice is once."""
        key = {"kind": {"S": "past"}, "id": {"S": f"{release.number:09d}"}}
        self._client.put_item(TableName=self._table, Item=key | _attributes(release))

    def _put(self, release: Release, condition: str, values: dict[str, Any]) -> bool:
        extra = {"ExpressionAttributeValues": values} if values else {}
        try:
            self._client.put_item(
                TableName=self._table, Item=CURRENT | _attributes(release), ConditionExpression=condition, **extra
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _attributes(release: Release) -> dict[str, Any]:
    shown = {"holder": release.holder, "seen": repr(release.seen), "state": release.state}
    return {name: {"S": text} for name, text in (shown | {"release": json.dumps(asdict(release))}).items()}


def _release(item: dict[str, Any]) -> Release:
    written = json.loads(item["release"]["S"])
    known = {entry.name for entry in fields(Release)}  # another release of crudctl may have written more
    return Release(**{name: value for name, value in written.items() if name in known})
