"""Reports to people how a release goes: to the alarms' topic, a webhook, the dashboard and the job summary. Stops no release.

Runs in Lambda too (rollback_function.py): standard library and botocore's errors only, boto3 clients are passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from crudctl.release import dashboard_lines, webhook
from crudctl.release.aliases import words
from crudctl.release.dashboard_lines import GREEN, ORANGE, RED, Line
from crudctl.release.record import FAILED, PROMOTED, ROLLED_BACK, Release
from crudctl.release.wording import decided

WAITS = "waits"
SUBJECT = 100  # characters, at most: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
REASON = 1000  # characters that are shown of a reason
# what happened: what it means, the section of the runbook about it, and its color on the dashboard
EVENTS = {
    PROMOTED: ("was promoted: all traffic is on the new versions", "a-promoted-version-turns-out-to-be-bad", GREEN),
    "reverted": ("went back: all traffic is on versions that were in service before", "a-release-was-rolled-back", RED),
    ROLLED_BACK: ("was rolled back: all traffic is on the old versions", "release-rolled-back", RED),
    FAILED: ("failed: all traffic is on the old versions", "release-rolled-back", RED),
    WAITS: ("waits", "release-stuck", ORANGE),
}
Client = Callable[[str], Any]  # makes a boto3 client of an AWS service


@dataclass(frozen=True)
class Channels:
    """Whom a release reports to (the output `release_notices` of infra/).

    Attributes:
        stack: name of the environment's resources, such as `notes-prod`.
        runbook: address of docs/runbook.md.
        topic: ARN of the topic that notifies people, if there is one.
        webhook: address, or name of the parameter that has it, if there is one.
        dashboard: its name, if there is one.
        table: name of the table of releases.
    """

    stack: str
    runbook: str
    topic: str | None = None
    webhook: str | None = None
    dashboard: str | None = None
    table: str = ""


class Notice(NamedTuple):
    """What people read: in one line, in full, and on the dashboard."""

    subject: str
    text: str
    line: Line


class NotNotified(Exception):
    """Not everybody was notified; the message says who was not, and why. Everybody else was."""


def notice(channels: Channels, release: Release, event: str, now: float) -> Notice:
    """Return what people read about an event.

    Args:
        event: `promoted`, `rolled back`, `failed`, `reverted` or `waits`.
        now: seconds since the epoch.
    """
    meaning, page, color = EVENTS[event]
    lines = [f"Release {release.number} of {channels.stack} {meaning}."]
    if event == WAITS:
        share = release.stages[-1][0] * 100 if release.stages else 0
        lines.append(f"{share:g} % of the traffic is on the new versions.")
    if release.why:
        reason = " ".join(release.why.split())
        lines.append(f"Why: {reason[:REASON]}{'…' if len(reason) > REASON else ''}")
    if release.by and event != WAITS:
        lines.append(f"Decided by: {decided(release.by)}")
    lines += [f"Versions: {_versions(release)}", f"Runbook: {channels.runbook}#{page}"]
    subject = f"{channels.stack}: release {release.number} {event}"[:SUBJECT]
    return Notice(subject, "\n".join(lines), dashboard_lines.line_at(now, f"release {release.number}: {event}", color))


def approval(channels: Channels, link: str, now: float) -> Notice:
    """Return what people read about a deploy that waits for its approval.

    Args:
        link: where it is approved.
        now: seconds since the epoch.
    """
    subject = f"{channels.stack}: a deploy waits for its approval"[:SUBJECT]
    text = f"A deploy of {channels.stack} waits for its approval.\nPlan and approval: {link}"
    return Notice(subject, text, dashboard_lines.line_at(now, "a deploy waits for its approval", ORANGE))


def tell(channels: Channels, client: Client, sent: Notice, summary: Path | None = None) -> str:
    """Send a notice as `notify` does, and return a note if not everybody got it."""
    try:
        notify(channels, client, sent, summary)
    except NotNotified as failed:
        return f"not everybody was notified: {failed}"
    return ""


def notify(channels: Channels, client: Client, sent: Notice, summary: Path | None = None) -> None:
    """Send a notice to each channel, whether or not another one fails. Raise NotNotified if one did.

    Args:
        channels: whom to notify.
        client: makes boto3 clients.
        sent: the notice.
        summary: file of the workflow's job summary, if this is a workflow.
    """
    failed = [f"{name}: {why}" for name, why in _send(channels, client, sent, summary) if why]
    if failed:
        raise NotNotified("; ".join(failed))


def _send(channels: Channels, client: Client, sent: Notice, summary: Path | None) -> Iterator[tuple[str, str]]:
    """Yield the name of each channel, and why it failed; empty if it did not."""
    if channels.topic:
        yield "the topic", _attempt(_publish, channels.topic, client, sent)
    if channels.webhook:
        yield "the webhook", _attempt(_post, channels.webhook, client, sent)
    if channels.dashboard:
        yield "the dashboard", _attempt(_annotate, channels, client, sent)
    if summary:
        yield "the job summary", _attempt(_append, summary, sent)


def _attempt(act: Callable[..., None], *arguments: Any) -> str:
    try:
        act(*arguments)
    except (ClientError, BotoCoreError) as error:
        return words(error)
    except (webhook.NotSent, dashboard_lines.NotAnnotated, OSError) as error:
        return str(error)
    return ""


def _publish(topic: str, client: Client, sent: Notice) -> None:
    """Publish to the topic, which may be of the account's own region only.

    https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: the subject is ASCII, without line breaks.
    """
    subject = sent.subject.encode("ascii", "replace").decode()
    client("sns").publish(TopicArn=topic, Subject=subject, Message=sent.text)


def _post(setting: str, client: Client, sent: Notice) -> None:
    webhook.send(webhook.address_of(setting, lambda: client("ssm")), sent.text, webhook.PATIENCE)


def _annotate(channels: Channels, client: Client, sent: Notice) -> None:
    assert channels.dashboard
    dashboard_lines.add(client("dynamodb"), channels.table, client("cloudwatch"), channels.dashboard, sent.line)


def _append(summary: Path, sent: Notice) -> None:
    """Append to the job summary, as an indented block: what AWS says may look like Markdown.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary
    """
    block = "\n".join(f"    {line}" for line in sent.text.splitlines())
    with summary.open("a", encoding="utf-8") as file:
        file.write(f"\n{block}\n\n")


def _versions(release: Release) -> str:
    changed = {name: (release.old.get(name, "none"), new) for name, new in release.new.items()}
    return ", ".join(f"{name} {old} to {new}" for name, (old, new) in changed.items() if old != new)
