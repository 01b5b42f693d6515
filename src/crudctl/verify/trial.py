"""The part `release`: a version that differs by a comment is released to all traffic, and taken out of service again."""

from __future__ import annotations

import base64
import hashlib
import io
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from crudctl.local import demo_versions
from crudctl.release import versions
from crudctl.release.aliases import PROD, Aliases
from crudctl.release.cloud import cloud_of
from crudctl.release.guard import Decision
from crudctl.release.record import PROMOTED, Refused, Release
from crudctl.release.releaser import CannotRelease, Releaser, Stranded
from crudctl.verify.rows import Part, Result, Row, right, unseen
from crudctl.verify.subject import Subject

METRICS_EACH = 4  # responses and cold starts of both versions of a function, billed for the hours in which they arrive
ALARM_METRICS_EACH = 3  # crashes, faults and requests of a version under release
HOURS = 730  # in a month, as AWS counts them
HALF = [0.5]  # of the traffic, before all of it
ADDED = "functions/verification.txt"  # to the zip
WEIGHTS = "https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html"
RELEASED = Row(
    "release", "a version that differs by a text file, to half of the traffic and then to all", "promoted", WEIGHTS,
    ("weighted-aliases", "alias-actions"),
)  # fmt: skip
BACK = Row("back again", "the versions before, at once", "in service; the others and the alarms are deleted", WEIGHTS)
ROWS = (RELEASED, BACK)


class Quiet:
    """Follows a release by the progress of its part. A release.journal.Watcher."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self.last = ""

    def log(self, line: str) -> None:
        """Show a line."""
        self.last = line
        self._progress(line)

    def show(self, release: Release, decision: Decision) -> None:
        """Show nothing: what was decided is logged."""


def run(subject: Subject, progress: Callable[[str], None]) -> Iterator[Result]:
    """Yield how the release ended, and whether everything is as before."""
    client, functions = subject.client("lambda"), subject.functions
    zip_file = subject.environment.root / "build" / "functions.zip"
    if why := _why_not(client, functions, zip_file):
        for row in ROWS:
            yield unseen(row, why)
        return
    code = zip_file.read_bytes()
    cloud = cloud_of(subject.environment, functions)
    watcher = Quiet(progress)
    before = _in_service(client, functions)
    subject.later("code and versions of a verification", _restore, subject, code, before)
    subject.used["metric"] += METRICS_EACH * len(functions) / HOURS
    subject.used["alarm_metric"] += ALARM_METRICS_EACH * len(functions) / HOURS
    progress("publish it")
    published = demo_versions.publish(client, functions, marked(code))
    try:
        ended = Releaser(cloud, watcher).start(HALF, subject.bake, new=published)
        yield right(RELEASED, _told(ended), ended.state == PROMOTED)
        if ended.state == PROMOTED:
            Releaser(cloud, watcher).go_to(before, "back from a verification")
    except (CannotRelease, Refused, Stranded) as error:
        yield right(RELEASED, str(error), is_right=False)
    progress("delete what was published")
    _restore(subject, code, before)
    serving = _in_service(client, functions)
    left = cloud.lookout().existing()
    seen = f"{_listed(serving)}; {', '.join(left)} left" if left else _listed(serving)
    yield right(BACK, seen, serving == before and not left)


PART = Part("release", "Release a version that differs by a comment", 1500, ROWS, run)


def marked(code: bytes) -> bytes:
    """Return the functions' zip with one more file, which nothing reads, so that it is another version."""
    changed = io.BytesIO(code)
    with zipfile.ZipFile(changed, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr(ADDED, f"{uuid.uuid4()}\n")
    return changed.getvalue()


def _why_not(client: Any, functions: Mapping[str, str], zip_file: Path) -> str:
    """Return why nothing can be released; empty if it can."""
    if not zip_file.exists():
        return f"{zip_file} is missing: run `crudctl package`"
    built = _digest(zip_file.read_bytes())
    for name in functions.values():
        deployed = client.get_function_configuration(FunctionName=name)["CodeSha256"]
        if deployed != built:
            return f"{name} has other code than {zip_file}: run this where it was deployed from, or deploy first"
    if _in_service(client, functions) != versions.newest(client, functions):
        return "versions wait to be released: run `crudctl release start` first"
    return ""


def _digest(code: bytes) -> str:
    """Return the hash of a zip as Lambda has it: https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html"""
    return base64.b64encode(hashlib.sha256(code).digest()).decode()


def _in_service(client: Any, functions: Mapping[str, str]) -> dict[str, str]:
    return {key: at.version for key, at in Aliases(client, functions, "nobody").positions(PROD).items()}


def _restore(subject: Subject, code: bytes, before: Mapping[str, str]) -> None:
    """Put the code of $LATEST back, and delete the versions that were published."""
    client = subject.client("lambda")
    for key, name in subject.functions.items():
        if client.get_function_configuration(FunctionName=name)["CodeSha256"] != _digest(code):
            client.update_function_code(FunctionName=name, ZipFile=code)
        if _in_service(client, {key: name}) != {key: before[key]}:
            left = f"version in service of {key}: `crudctl release status` shows how to go on"
            subject.left += [left] if left not in subject.left else []
            continue
        pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
        numbers = [entry["Version"] for page in pages for entry in page["Versions"] if entry["Version"] != "$LATEST"]
        for number in numbers:
            if int(number) > int(before[key]):
                client.delete_function(FunctionName=name, Qualifier=number)


def _told(ended: Release) -> str:
    steps = f"{len(ended.stages)} stages" if ended.stages else "no stage"
    return f"{ended.state} after {steps}, {ended.ended - ended.since:.0f} s: {ended.why or 'no reason'}"


def _listed(serving: Mapping[str, str]) -> str:
    return "in service: " + ", ".join(f"{key} {version}" for key, version in serving.items())
