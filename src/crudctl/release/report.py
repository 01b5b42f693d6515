"""The report of a release as Markdown and JSON, made from its record alone. Decides nothing."""

from __future__ import annotations

import json
from dataclasses import asdict

from crudctl.project import Environment
from crudctl.release.guard import Policy
from crudctl.release.record import FAILED, ROLLED_BACK, Release
from crudctl.release.view import lasting, moment, one_line
from crudctl.release.wording import decided, looks, verdict


def write(environment: Environment, release: Release, text: str) -> str:
    """Write `releases/<number>.json`, and the report `text` as `.md`, into the environment's home. Return the latter's path."""
    environment.make_home()
    (environment.home / "releases").mkdir(mode=0o700, exist_ok=True)
    environment.write(f"releases/{release.number}.json", json.dumps(asdict(release), indent=1) + "\n")
    environment.write(f"releases/{release.number}.md", text)
    return str(environment.home / "releases" / f"{release.number}.md")


def markdown(release: Release, environment: str, policy: Policy | None = None) -> str:
    """Return the report: how and why the release ended, and the figures that were compared."""
    policy = policy or Policy()
    steps = ", ".join(f"{weight * 100:g}%" for weight in release.weights)
    lines = [
        f"# Release {release.number} of {environment}: {release.outcome}",
        "",
        f"**{verdict(release).capitalize()}.**",
        "",
        f"- Why: {one_line(release.why) or 'nothing is decided yet'}",
        f"- Decided by: {decided(release.by)}",
        *_looks(release, policy),
        f"- Started: {moment(release.since)} by {release.begun_by or release.who}",
    ]
    if release.ended:
        lines.append(f"- Ended: {moment(release.ended)}, after {lasting(release.ended - release.since)}")
    if release.weights:
        lines.append(f"- Planned steps: {steps}, at least {lasting(release.bake)} each, then 100%")
    ends = [*(stage[-1] for stage in release.stages[1:]), release.ended or release.seen]
    lines += [
        f"- {stage[0] * 100:g}% of the traffic on the new versions for {lasting(end - stage[-1])}, from {moment(stage[-1])}"
        for stage, end in zip(release.stages, ends, strict=False)
    ]
    if release.web != release.web_before:
        lines.append(f"- Web app: build {release.web_before or 'unknown'} before, {release.web} after")
    columns = "old version | new version" if release.weights else "from version | to version"
    lines += ["", f"| function | {columns} |", "|---|---:|---:|"]
    lines += [f"| {name} | {release.old.get(name, '-')} | {version} |" for name, version in release.new.items()]
    if release.figures:
        lines += ["", "## What was compared", "", *_as_of(release), *_figures(release)]
        lines += [
            "",
            "Faults are crashes, timeouts and 5xx responses. 4xx are those that users got. "
            "Slow requests took longer than nine in ten did before. "
            "Counts are of all steps and include test requests of crudctl; p50 and p95 are of the last minute.",
        ]
    if release.notes:
        lines += ["", "## Notes", "", *(f"- {one_line(note)}" for note in release.notes)]
    return "\n".join(lines) + "\n"


def _looks(release: Release, policy: Policy) -> list[str]:
    found = looks(release.odds, policy, release.state in (ROLLED_BACK, FAILED)) if release.figures else ""
    return [f"- {found}; above {policy.doubt:g} to 1 a step lasts up to twice as long"] if found else []


def _as_of(release: Release) -> list[str]:
    return [f"As of {moment(release.looked)}.", ""] if release.looked else []


def _figures(release: Release) -> list[str]:
    columns = ("requests", "faults", "4xx", "slow", "p50", "p95")
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
