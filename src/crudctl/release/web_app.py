"""The build of the web app that belongs to a release: noted when users get it, served again when the release goes back.

In a deploy, users get the functions first and then the web app, and on the way back the web app first: one that is older than the
functions is what every deploy has for a moment.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from crudctl.project import Environment
from crudctl.release import versions
from crudctl.release.aliases import PROD, Aliases, Position
from crudctl.release.cloud import Cloud
from crudctl.release.faults import describe
from crudctl.release.record import PROMOTED, Records, Release, TakenOver
from crudctl.web.builds import Builds, Missing


def put_in_service(builds: Builds, dist: Path, records: Records, prod: Mapping[str, Position]) -> str:
    """Keep the build in `dist`, note it in the record of the release that is in service, and serve it. Return its name.

    Args:
        builds: where it is kept.
        dist: the folder of the built app.
        records: of releases.
        prod: where alias `prod` is, by operation.
    """
    build = builds.put(dist)
    last = next((each for each in records.past() if each.state == PROMOTED), None)
    if last and all(prod.get(name, Position(version)) == Position(version) for name, version in last.new.items()):
        before = last.web_before or builds.in_service()
        _note(records, replace(last, web=build, web_before=before))
    builds.serve(build)
    builds.prune(_in_records(records.past()))
    return build


def is_built(environment: Environment) -> bool:
    """Whether this checkout has a build of the web app for the local stack."""
    return environment.local and (environment.root / "web" / "dist" / "index.html").exists()


def follow(environment: Environment, cloud: Cloud) -> str:
    """Serve the newest build of the local stack, unless newer versions of functions wait for their release.

    Return the build that is served. The web app has to be built (`is_built`).
    """
    builds = cloud.web()
    assert builds is not None
    prod = Aliases(cloud.client("lambda"), cloud.functions, "nobody").positions(PROD)
    if builds.in_service() and versions.behind(cloud.client("lambda"), cloud.releasable(), prod):
        return builds.in_service()
    return put_in_service(builds, environment.root / "web" / "dist", cloud.records(), prod)


def with_release(past: Sequence[Release], number: int) -> str:
    """Return the build that users had with release `number`; empty if no build was uploaded since, or none is recorded.

    Args:
        past: releases that have ended, newest first.
        number: of a release; one that does not exist stands for the time after those before it.
    """
    uploaded = [each for each in past if each.state == PROMOTED and each.web]
    until = [each.web for each in uploaded if each.number <= number]
    since = [each.web_before for each in uploaded if each.number > number]
    return until[0] if until else since[-1] if since else ""


def in_service(builds: Builds | None) -> str | None:
    """Return the build that is served; empty if that is not known, or cannot be read. None without a web app."""
    try:
        return builds.in_service() if builds else None
    except (ClientError, BotoCoreError, OSError):
        return ""  # only shown; go_back reports what fails


def go_back(builds: Builds | None, build: str) -> dict[str, Any]:
    """Serve an earlier build, and return the fields of the record that say so. A failure is a note: functions go back anyway."""
    if builds is None or not build:
        return {}
    try:
        before = builds.in_service()
        builds.serve(build)
    except Missing as error:
        return {"notes": [f"the web app stays as it is: {error}"]}
    except (ClientError, BotoCoreError, OSError) as error:
        return {"notes": [f"the web app stays as it is: {describe(error)}"]}
    return {"web": build, "web_before": before}


def _note(records: Records, release: Release) -> None:
    records.archive(release)
    with contextlib.suppress(TakenOver):  # the next release has begun
        records.save(release)


def _in_records(past: Sequence[Release]) -> set[str]:
    """Return the builds that a rollback may ask for: as far back as versions are kept."""
    uploaded = [each for each in past if each.state == PROMOTED and each.web][: versions.KEPT + 1]
    return {build for each in uploaded for build in (each.web, each.web_before) if build}
