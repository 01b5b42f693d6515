"""Which commit an environment has, so that no older one is deployed over it: an approval may come after that of a later run.

It is recorded in the bucket of the packages, and not by Terraform: two commits that build the same have the same plan.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from crudctl import processes
from crudctl.console import Failed, err

KEY = "deployed.json"
ABSENT = ("NoSuchBucket", "NoSuchKey", "404")


@dataclass(frozen=True)
class Revision:
    """A commit of the project, as it was deployed.

    Attributes:
        commit: its full hash.
        time: when it was committed, in ISO 8601 and UTC.
        by: who deployed it.
    """

    commit: str
    time: str
    by: str = ""

    def __str__(self) -> str:
        return f"{self.commit[:12]} of {self.time[:16].replace('T', ' ')} UTC"


def here(root: Path) -> Revision | None:
    """Return the commit that is checked out at `root`; None outside a repository, and with a warning if git cannot read it."""
    if not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return None
    shown = processes.run("git", "log", "-1", "--format=%H %ct", cwd=root)
    if shown.returncode:
        err.print(f"Which commit this is, is not known, so an older one is not recognised: {shown.stderr.strip()}")
        return None
    commit, seconds = shown.stdout.split()
    return Revision(commit, datetime.fromtimestamp(int(seconds), UTC).isoformat(), processes.user())


def deployed(s3: Any, bucket: str) -> Revision | None:
    """Return the commit that was deployed last; None before the first deploy."""
    try:
        body = s3.get_object(Bucket=bucket, Key=KEY)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            return None
        raise
    return Revision(**json.loads(body))


def record(s3: Any, bucket: str, revision: Revision) -> None:
    """Record the commit that is deployed from now on. Before a first deploy there is no bucket, and nothing to overtake."""
    try:
        s3.put_object(
            Bucket=bucket, Key=KEY, Body=json.dumps(asdict(revision)).encode(), ContentType="application/json"
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise


def refuse_older(root: Path, ours: Revision, last: Revision, environment: str) -> None:
    """Raise Failed if `ours` is older than the commit that was deployed `last`.

    A commit is older than one that is based on it. If the last one is not in this clone, the times decide.
    """
    if ours.commit == last.commit:
        return
    based = processes.run("git", "merge-base", "--is-ancestor", ours.commit, last.commit, cwd=root).returncode
    if based == 0 or (based != 1 and ours.time < last.time):
        raise Failed(
            f"{environment} has a newer commit, {last}, deployed by {last.by}. This is {ours}.",
            "Deploy that one or a later one. To go back on purpose, revert the change in a new commit, or pass --older.",
        )
