"""What a release works with in an environment: names, AWS clients, intervals and the clock. Decides nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from crudctl.build import contract, round_trip, service
from crudctl.build.round_trip import RoundTrip
from crudctl.console import Failed
from crudctl.infra import outputs
from crudctl.project import Environment
from crudctl.release import notices
from crudctl.release.callers import Callers
from crudctl.release.canary_alarms import Settings
from crudctl.release.deployments import Changes
from crudctl.release.gateway import Stage
from crudctl.release.lookout import Lookout
from crudctl.release.metrics import DELAY, Metrics
from crudctl.release.record import Records, Release
from crudctl.web.builds import SITE, Bucket, Builds, Folder

BLIND = 300.0  # seconds


@dataclass(frozen=True)
class Cloud:
    """What a release works with.

    Attributes:
        functions: function name by key.
        prefix: of all names of the environment, and the namespace of the functions' metrics.
        client: makes a boto3 client of an AWS service.
        round_trip: returns the synthetic round trip, or raises build.contract.ContractError: nothing but probes needs it.
        contract: returns the contract, or raises build.contract.ContractError.
        alarms: returns what the alarms of a release need to know; None in an environment without alarms.
        period: seconds of the metrics' periods.
        interval: seconds between two looks at the metrics.
        blind: seconds after which a release is rolled back if AWS keeps refusing requests or does not respond.
        web: returns where the builds of the web app are; None in an environment that serves none.
        delay: seconds after the end of a period by which its log lines have arrived.
        compared: whether the answers of both versions are compared, if a release does not say otherwise.
        tell: notifies people of what happened to a release: `promoted`, `rolled back`, `failed`, `reverted` or `waits`. Returns a
            note for the record if not everybody was notified.
        gateway: returns the API's id and its stage, as `api` and `stage`; None where a release has no gateway.
        clock: returns the time in seconds since the epoch.
        sleep: waits for a number of seconds of `clock`.
    """

    functions: Mapping[str, str]
    prefix: str
    client: Any
    round_trip: Callable[[], RoundTrip]
    contract: Callable[[], Mapping[str, Any]]
    alarms: Callable[[], Settings | None]
    period: int
    interval: float
    blind: float = BLIND
    delay: float = DELAY
    web: Callable[[], Builds | None] = lambda: None
    compared: bool = True
    tell: Callable[[Release, str], str] = lambda _, __: ""
    gateway: Callable[[], Mapping[str, str] | None] = lambda: None
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def releasable(self) -> dict[str, str]:
        """Return the functions that the contract has; any other is kept as it is, for the way back."""
        ours = service.describe(self.contract()).functions
        return {operation: name for operation, name in self.functions.items() if operation in ours}

    def records(self) -> Records:
        """Return the table of releases."""
        return Records(self.client("dynamodb"), f"{self.prefix}-releases")

    def changes(self) -> Changes:
        """Return the record of the last change of the gateway's body."""
        return Changes(self.client("dynamodb"), f"{self.prefix}-releases")

    def stage(self) -> Stage | None:
        """Return the stage that serves the API; None where a release has no gateway."""
        at = self.gateway()
        return Stage(self.client("apigateway"), at["api"], at["stage"]) if at else None

    def metrics(self) -> Metrics:
        """Return what reads the metrics of the functions."""
        given = self.client("cloudwatch"), self.prefix, self.functions, self.period
        return Metrics(*given, delay=self.delay, clock=self.clock)

    def callers(self) -> Callers:
        """Return what finds out who was refused."""
        return Callers(self.client("logs"), self.functions, self.period, self.sleep)

    def lookout(self, log: Callable[[str], None] = lambda _: None) -> Lookout:
        """Return what watches a release; `log` is called with a line when it was made or removed."""
        clients = self.client("cloudwatch"), self.client("logs")
        return Lookout(*clients, self.functions, self.prefix, settings=self.alarms, log=log)


def cloud_of(
    environment: Environment, functions: Mapping[str, str] | None = None, project: Path | None = None
) -> Cloud:
    """Return what a release in an environment works with.

    Args:
        environment: a local stack that is running, or one on AWS.
        functions: function name by key, if the caller has read Terraform's outputs already.
        project: the folder whose contract is deployed; by default, that of the environment.
    """
    values = cache(lambda: outputs.read(environment))
    functions = functions or values()["functions"]
    client = cache(environment.client)
    document = cache(lambda: contract.read(project or environment.root))
    trip = cache(lambda: round_trip.plan(document()))
    given = functions, environment.prefix, client, trip, document, cache(lambda: alarm_settings(environment, values()))
    tell, stage = notifier(client, values), cache(lambda: values().get("gateway"))
    if environment.local:
        site = Folder(environment.home / SITE)
        return Cloud(*given, period=5, interval=2.0, delay=5.0, web=lambda: site, tell=tell, gateway=stage)
    site_of = cache(lambda: _bucket(client("s3"), values()))
    return Cloud(*given, period=60, interval=30.0, web=site_of, tell=tell, gateway=stage)


def _bucket(s3: Any, values: Mapping[str, Any]) -> Builds | None:
    return Bucket(s3, values["web_bucket"]) if "web_bucket" in values else None  # Terraform keeps no null outputs


def notifier(client: Any, values: Callable[[], Mapping[str, Any]]) -> Callable[[Release, str], str]:
    """Return what notifies people of a release.

    Args:
        client: makes boto3 clients.
        values: returns Terraform's outputs.
    """

    def tell(release: Release, event: str) -> str:
        if "release_notices" not in values():
            return "nobody was notified: what is deployed is older than this version of crudctl"
        channels = notices.Channels(**values()["release_notices"])
        summary = os.environ.get("GITHUB_STEP_SUMMARY")
        sent = notices.notice(channels, release, event, time.time())
        return notices.tell(channels, client, sent, Path(summary) if summary else None)

    return tell


def alarm_settings(environment: Environment, values: Mapping[str, Any]) -> Settings | None:
    """Return what the alarms of a release need to know, from Terraform's outputs; None in an environment without alarms.

    Raise console.Failed if what is deployed is older than these alarms.
    """
    if "release_alarms" not in values:
        raise Failed(
            "What is deployed does not know the alarms of a release: it is older than this version of crudctl.",
            "Deploy first: `crudctl up --hold` on this machine, `crudctl deploy --env NAME` on AWS.",
        )
    given = values["release_alarms"]
    return Settings(environment.prefix, **given) if given else None
