"""Finds out whether several callers were refused, or one who repeats a bad request. Decides nothing.

A version may refuse, on purpose or not, what a single caller sends over and over. That caller must not be able to stop a release.
So 4xx count against a version only as far as the requests of all others show it too: once the counts of CloudWatch look bad
(refused_odds.py), the log lines of these requests are read, and those of the one caller who matters most are left out.

A line names its caller by a hash (`owner_hash`), which is compared here and kept nowhere.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from crudctl.release import line_filters, refused_odds
from crudctl.release.evidence import Count, Evidence, Period

MOST = 5_000  # lines about one status of one operation that are read; the newest periods with no more than these
PAGES = 50  # that are read at a look, of all operations; AWS also returns pages without an event while it searches
# FilterLogEvents may be sent five times a second by the whole account. Half of that is left to people.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
PAUSE = 0.4  # seconds
Tally = dict[float, list[int]]  # refused requests to the new and to the old version, by the beginning of the period


@dataclass(frozen=True)
class Refusal:
    """A request that got a 4xx response.

    Attributes:
        at: epoch seconds.
        version: of the function.
        caller: hash of who sent it.
    """

    at: float
    version: str
    caller: str


class Callers:
    """Reads who was refused.

    Args:
        logs: boto3's client of CloudWatch Logs.
        functions: function name by operation.
        period: seconds of the periods.
        sleep: waits for a number of seconds.
    """

    def __init__(
        self, logs: Any, functions: Mapping[str, str], period: int, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._logs = logs
        self._functions = functions
        self._period = period
        self._sleep = sleep

    def counted(self, evidence: Evidence, old: Mapping[str, str], new: Mapping[str, str]) -> Evidence:
        """Return the evidence with the refused requests of all callers but one, where its 4xx are in doubt.

        Args:
            evidence: of both versions.
            old, new: version by operation.

        Raises:
            botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: AWS refused a request or did not respond.
        """
        counted, pages = dict(evidence), iter(range(PAGES))
        split = {operation: [each for each in periods if each.weight < 1.0] for operation, periods in evidence.items()}
        for operation, status in refused_odds.in_doubt(split):
            lines = self._read(operation, status, _beginning(split[operation], status), pages)
            tallies = tallied(lines, (new[operation], old[operation]), self._period)
            counted[operation] = others(counted[operation], status, tallies)
        return counted

    def _read(self, operation: str, status: int, since: float, pages: Iterator[int]) -> Iterator[Refusal]:
        """Yield the lines about a status since then, oldest first, as long as there are `pages` left."""
        asked = {
            "logGroupName": line_filters.group(self._functions[operation]),
            "filterPattern": line_filters.refusals(status),
            "startTime": int(since * 1000),
        }
        following: dict[str, str] = {}
        for number in pages:
            if number:
                self._sleep(PAUSE)
            page = self._logs.filter_log_events(**asked, **following)
            yield from _refusals(page["events"], status)
            if "nextToken" not in page:
                return
            following = {"nextToken": page["nextToken"]}


def tallied(lines: Iterable[Refusal], pair: tuple[str, str], period: int) -> dict[str, Tally]:
    """Return how often each caller was refused.

    Args:
        lines: about the requests.
        pair: new and old version.
        period: seconds of the periods.
    """
    tallies: dict[str, Tally] = {}
    for line in lines:
        if line.version in pair:
            tally = tallies.setdefault(line.caller, {}).setdefault(line.at // period * period, [0, 0])
            tally[pair.index(line.version)] += 1
    return tallies


def others(periods: Sequence[Period], status: int, tallies: Mapping[str, Tally]) -> list[Period]:
    """Return the periods with the refused requests of all callers but the one whose requests speak most against the new version.

    Args:
        periods: of one operation.
        status: of the responses.
        tallies: of each caller.
    """
    suspect = max(tallies, key=lambda caller: refused_odds.of_caller(periods, tallies[caller]), default="")
    new: Counter[float] = Counter()
    old: Counter[float] = Counter()
    for caller, tally in tallies.items():
        for at, (by_new, by_old) in tally.items():
            if caller != suspect:
                new[at] += by_new
                old[at] += by_old
    return [
        replace(period, new=_with(period.new, status, new[period.at]), old=_with(period.old, status, old[period.at]))
        for period in periods
    ]


def _with(count: Count, status: int, requests: int) -> Count:
    return replace(count, others={**count.others, status: requests})


def _beginning(periods: Sequence[Period], status: int) -> float:
    """Return the beginning of the first of the newest periods that have MOST lines about a status together, or fewer."""
    lines, first = 0, periods[-1].at
    for period in reversed(periods):
        lines += period.new.refused.get(status, 0) + period.old.refused.get(status, 0)
        if lines > MOST:
            break
        first = period.at
    return first


def _refusals(events: Iterable[Mapping[str, Any]], status: int) -> Iterator[Refusal]:
    """Yield what log lines say, leaving out those that the pattern leaves out on AWS, and those without a caller."""
    for event in events:
        line = json.loads(event["message"])
        if line["status"] == status and line.get("owner_hash") not in (None, *line_filters.PROBES):
            yield Refusal(event["timestamp"] / 1000, str(line["version"]), line["owner_hash"])
