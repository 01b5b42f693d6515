"""The verdict of a release in words, Markdown and JSON, made from its record alone. Decides nothing."""

from __future__ import annotations

import json
from dataclasses import asdict

from crudctl.project import Environment
from crudctl.release.guard import Policy
from crudctl.release.record import FAILED, PROMOTED, ROLLED_BACK, Release
from crudctl.release.view import lasting, moment, one_line

VERDICTS = {
    PROMOTED: "promoted: all traffic is on the new versions",
    "went back": "went back: all traffic is on versions that were in service before",
    ROLLED_BACK: "rolled back: all traffic is on the old versions",
    FAILED: "failed, and all traffic is on the old versions",
}


def write(environment: Environment, release: Release) -> str:
    """Writes `releases/<number>.md` and `.json` into the environment's home; returns the path of the former."""
    (environment.home / "releases").mkdir(parents=True, exist_ok=True)
    environment.write(f"releases/{release.number}.json", json.dumps(asdict(release), indent=1) + "\n")
    environment.write(f"releases/{release.number}.md", markdown(release, environment.name))
    return str(environment.home / "releases" / f"{release.number}.md")


def verdict(release: Release) -> str:
    """How it ended, in a few words."""
    told = VERDICTS.get(release.outcome, f"under way: {release.doing}")
    if release.elsewhere:
        told += f", except what somebody else moved meanwhile: {', '.join(release.elsewhere)}"
    return told


def markdown(release: Release, environment: str, policy: Policy | None = None) -> str:
    """What was compared, and why it ended as it did."""
    policy = policy or Policy()
    steps = ", ".join(f"{weight * 100:g}%" for weight in release.weights)
    lines = [
        f"# Release {release.number} of {environment}: {release.outcome}",
        "",
        f"**{verdict(release).capitalize()}.**",
        "",
        f"- Why: {one_line(release.why) or 'no verdict yet'}",
        f"- Decided by: {release.by or 'nobody yet'}",
        f"- Begun: {moment(release.since)} by {release.begun_by or release.who}",
    ]
    if release.ended:
        lines.append(f"- Ended: {moment(release.ended)}, after {lasting(release.ended - release.since)}")
    if release.weights:
        lines.append(f"- Planned: {steps}, for at least {lasting(release.bake)} each, then 100%")
    ends = [*(stage[-1] for stage in release.stages[1:]), release.ended or release.seen]
    lines += [
        f"- {stage[0] * 100:g}% of the traffic on the new versions for {lasting(end - stage[-1])}, from {moment(stage[-1])}"
        for stage, end in zip(release.stages, ends, strict=False)
    ]
    lines += ["", "| function | old version | new version |", "|---|---:|---:|"]
    lines += [f"| {name} | {release.old[name]} | {release.new[name]} |" for name in release.new]
    if release.figures:
        lines += ["", "## What was compared", "", *_as_of(release), *_figures(release)]
        lines += [
            "",
            f"Faults are crashes, timeouts and 5xx answers. {_slow(release)} "
            "The percentiles are of the last minute, the counts of all steps, synthetic round trips among them.",
            "",
            f"This is {_times(release.odds)} times as likely if the new version is worse as if it is not; "
            f"{policy.limit:g} is where it is taken back, {policy.doubt:g} where nothing is promoted.",
        ]
    if release.notes:
        lines += ["", "## Also", "", *(f"- {one_line(note)}" for note in release.notes)]
    return "\n".join(lines) + "\n"


def _as_of(release: Release) -> list[str]:
    return [f"As of {moment(release.looked)}, when it was looked at last.", ""] if release.looked else []


def _times(odds: float) -> str:
    return "over a million" if odds > 1e6 else f"{odds:.3g}"


def _slow(release: Release) -> str:
    limits = ", ".join(f"{limit:.0f} ms ({name})" for name, limit in release.limits.items() if name in release.figures)
    if not limits:
        return "Nothing counts as slow: the old version had answered too little for a limit."
    return f"Slow is what took longer than {limits}."


def _figures(release: Release) -> list[str]:
    columns = ("requests", "faults", "slow", "p50", "p95")
    lines = [f"| function | version | {' | '.join(columns)} |", "|---|---|" + "---:|" * len(columns)]
    for name, sides in release.figures.items():
        for side in ("new", "old"):
            cells = [_cell(column, sides[side].get(column)) for column in columns]
            lines.append(f"| {name} | {side} | {' | '.join(cells)} |")
    return lines


def _cell(column: str, value: float | None) -> str:
    if value is None:
        return "-"
    return (
        f"{value:,.0f} ms"
        if column.startswith("p") and value >= 100
        else f"{value:.3g} ms"
        if column.startswith("p")
        else f"{value:,.0f}"
    )
