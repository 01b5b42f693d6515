"""The records of releases: the one under way, and each past one. Knows nothing of aliases.

Each write of the release under way is conditional.

Runs in Lambda too (rollback_function.py): standard library only, the boto3 client is passed in.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

RUNNING, PROMOTED, ROLLED_BACK, FAILED = "running", "promoted", "rolled back", "failed"
ATTEMPTS = 10  # to take over a release that its releaser is still writing
CURRENT = {"kind": {"S": "current"}, "id": {"S": "current"}}
FREEZE = {"kind": {"S": "freeze"}, "id": {"S": "freeze"}}


@dataclass(frozen=True)
class Release:
    """One release, or one return to earlier versions. All times are seconds since the epoch.

    Attributes:
        number: 1, 2, 3 ...
        old: versions that `prod` called before, by operation.
        new: versions that are released, by operation.
        canary: versions that `canary` called before, by operation.
        weights: the new version's share (0 to 1) in each step before the last; in the last it is 1.
        bake: minimum duration of each step in seconds.
        begun_by: user and machine that started it.
        who: user and machine of the present releaser.
        host: machine of the present releaser.
        pid: process of the present releaser.
        process: identity of that process (processes.identity); empty in records of versions before 1.4.0.
        holder: token of the present releaser; only the holder writes.
        since: when it was started.
        looked: when the metrics were last looked at.
        seen: when the releaser last wrote.
        ended: when it ended.
        state: running, promoted, rolled back or failed.
        doing: where it is: canary, probe, shift, bake, promote, watch or roll back; written before a step is carried out.
        step: index into `weights`.
        stages: `[weight, since, moved]` of each step so far, and of the time after the promotion, whose weight is 1. From `since`
            on aliases may have moved, at `moved` all had; the last stage has no `moved` until then.
        counted_from: requests before it are not compared. Until the first stage, it is the end of the last release that was of
            these versions too; then the beginning of the stage's period, or of the next one, if the new versions had requests in
            that period before the stage.
        period: seconds of the metrics' periods.
        figures: counts and percentiles of the last look, for the report.
        odds: of the last look.
        why: reason for its end.
        by: who or what decided its end.
        notes: what else happened, one line each.
        elsewhere: aliases that something else moved, and that were left alone when the release was rolled back.
        contract: of the new versions, packed (offered.py); empty in records of versions before 1.7.0.
        compared: whether the answers of both versions are compared (differential.py).
        accepted: whether answers that differ are noted, and do not end it.
        restarts: how often it was sent back to its first step after its promotion.
        comparing: when the comparison of the answers began that was made last; 0 if there was none.
        web: the build of the web app that belongs to the new versions (web_app.py); empty if none was uploaded with them.
        web_before: the build that it replaced.
        told: what people were notified of, so that whoever takes it over does not do so again.
        refusals: statuses of 4xx that are compared, by operation (client_errors.py); empty in records of versions before 1.7.0.
        deployments: of the API, that belong to the `old` and the `new` versions; empty in records of versions before 1.7.0.
        trash: whether a version that served before it has used the trash (order.py); stays true in all later releases.
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
    counted_from: float = 0.0
    period: int = 60
    figures: dict[str, Any] = field(default_factory=dict)
    odds: float = 1.0
    why: str = ""
    by: str = ""
    ended: float = 0.0
    begun_by: str = ""
    looked: float = 0.0
    notes: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    trash: bool = False
    process: str = ""
    contract: str = ""
    compared: bool = True
    restarts: int = 0
    comparing: float = 0.0
    web: str = ""
    web_before: str = ""
    told: list[str] = field(default_factory=list)
    refusals: dict[str, list[int]] = field(default_factory=dict)
    deployments: dict[str, str] = field(default_factory=dict)
    accepted: bool = False

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.state == RUNNING

    @property
    def outcome(self) -> str:
        """The state as it is shown: a return to earlier versions is `promoted` too, and shown as `reverted`."""
        return "reverted" if self.state == PROMOTED and not self.weights else self.state


@dataclass(frozen=True)
class Freeze:
    """A time in which nothing is released. Going back is always possible.

    Attributes:
        until: seconds since the epoch.
        why: for people.
        by: user and machine.
    """

    until: float
    why: str
    by: str


class Frozen(Exception):
    """No release may start; `freeze` says until when and why."""

    def __init__(self, freeze: Freeze) -> None:
        super().__init__(f"nothing is released: {freeze.why}")
        self.freeze = freeze


class Refused(Exception):
    """Another release is under way, or has started and ended meanwhile; `release` is that one."""

    def __init__(self, release: Release) -> None:
        super().__init__(f"release {release.number} came first")
        self.release = release


class NothingUnderWay(Exception):
    """No release is under way, or the one that was meant has ended."""

    def __init__(self, number: int | None = None) -> None:
        super().__init__("no release is under way" if number is None else f"release {number} has ended meanwhile")


class TakenOver(Exception):
    """Another releaser, or the alarm, holds the release now; `release` is the release as that one recorded it."""

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
        """Return the release under way or, if there is none, the last one; None before the first."""
        item = self._client.get_item(TableName=self._table, Key=CURRENT, ConsistentRead=True).get("Item")
        return _release(item) if item else None

    def past(self) -> list[Release]:
        """Return the releases that have ended, newest first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="kind = :past",
            ExpressionAttributeValues={":past": {"S": "past"}},
            ScanIndexForward=False,
            ConsistentRead=True,
        )
        releases = [_release(item) for page in pages for item in page["Items"]]
        last = self.current()
        if last and not last.running and last.number not in {release.number for release in releases}:
            releases.insert(0, last)
        return releases

    def freeze(self, now: float) -> Freeze | None:
        """Return the freeze that is in force, if there is one."""
        item = self._client.get_item(TableName=self._table, Key=FREEZE, ConsistentRead=True).get("Item")
        freeze = Freeze(**json.loads(item["freeze"]["S"])) if item else None
        return freeze if freeze and freeze.until > now else None

    def put_freeze(self, freeze: Freeze) -> None:
        """Let nothing be released until then. It replaces a freeze that is in force."""
        self._client.put_item(TableName=self._table, Item=FREEZE | {"freeze": {"S": json.dumps(asdict(freeze))}})

    def begin(self, release: Release, last: Release | None) -> None:
        """Make `release` the one under way, after `last`. Raise Refused if `last` has not ended, or is not the last one.

        It is no refusal if `release` is under way already: then only the response was lost, and the client sent it again.
        """
        if last and last.running:
            raise Refused(last)
        if last:
            self.archive(last)  # its releaser may have died before archiving it
        condition = "holder = :last" if last else "attribute_not_exists(id)"
        if not self._put(release, condition, {":last": {"S": last.holder}} if last else {}):
            current = self.current()
            assert current is not None
            if (current.number, current.holder) != (release.number, release.holder):
                raise Refused(current)

    def save(self, release: Release) -> None:
        """Write a release that its `holder` still holds. Raise TakenOver otherwise."""
        if not self._put(release, "holder = :mine", {":mine": {"S": release.holder}}):
            current = self.current()
            assert current is not None
            raise TakenOver(current)

    def mine(self, holder: str) -> Release:
        """Return the release that `holder` holds. Raise TakenOver if it holds none."""
        current = self.current()
        assert current is not None
        if current.holder != holder:
            raise TakenOver(current)
        return current

    def take_over(self, holder: str, number: int | None = None, **changes: Any) -> Release:
        """Make `holder` the only one that writes the release under way, and return the release.

        Args:
            holder: token of the releaser.
            number: of the release that is meant. None takes over any.
            changes: new values of other fields.

        Raises:
            NothingUnderWay: there is no release to take over, or another one is under way.
            TakenOver: others write it faster than it can be read.
        """
        for _ in range(ATTEMPTS):
            current = self.current()
            if current is None or not current.running or number not in (None, current.number):
                raise NothingUnderWay(number)
            mine = replace(current, holder=holder, **changes)
            values = {":theirs": {"S": current.holder}, ":seen": {"S": repr(current.seen)}}
            if self._put(mine, "holder = :theirs AND seen = :seen", values):
                return mine
        assert current is not None
        raise TakenOver(current)

    def archive(self, release: Release) -> None:
        """Add a release that has ended to the past ones, or replace it there."""
        key = {"kind": {"S": "past"}, "id": {"S": f"{release.number:09d}"}}
        self._client.put_item(TableName=self._table, Item=key | _attributes(release))

    def _put(self, release: Release, condition: str, values: dict[str, Any]) -> bool:
        """Write the release under way. Return False if the condition is not met."""
        extra = {"ExpressionAttributeValues": values} if values else {}
        try:
            self._client.put_item(
                TableName=self._table, Item=CURRENT | _attributes(release), ConditionExpression=condition, **extra
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _attributes(release: Release) -> dict[str, Any]:
    compared = {"holder": release.holder, "seen": repr(release.seen), "state": release.state}
    return {name: {"S": text} for name, text in (compared | {"release": json.dumps(asdict(release))}).items()}


def _release(item: dict[str, Any]) -> Release:
    written = json.loads(item["release"]["S"])
    known = {entry.name for entry in fields(Release)}  # another version of crudctl may have written more
    return Release(**{name: value for name, value in written.items() if name in known})
