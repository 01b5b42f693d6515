"""What a release works with in an environment: names, AWS clients, intervals and the clock. Decides nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from crudctl.build import contract, round_trip
from crudctl.build.round_trip import RoundTrip
from crudctl.infra import outputs
from crudctl.project import Environment
from crudctl.release.metrics import DELAY
from crudctl.release.record import Records

BLIND = 300.0  # seconds


@dataclass(frozen=True)
class Cloud:
    """What a release works with.

    Attributes:
        functions: function name by key.
        prefix: of all names of the environment, and the namespace of the functions' metrics.
        client: makes a boto3 client of an AWS service.
        round_trip: returns the synthetic round trip, or raises build.contract.ContractError: nothing but probes needs it.
        period: seconds of the metrics' periods.
        interval: seconds between two looks at the metrics.
        blind: seconds after which a release is rolled back if AWS keeps refusing requests or does not respond.
        delay: seconds after the end of a period by which its log lines have arrived.
        clock: returns the time in seconds since the epoch.
        sleep: waits for a number of seconds of `clock`.
    """

    functions: Mapping[str, str]
    prefix: str
    client: Any
    round_trip: Callable[[], RoundTrip]
    period: int
    interval: float
    blind: float = BLIND
    delay: float = DELAY
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def records(self) -> Records:
        """Return the table of releases."""
        return Records(self.client("dynamodb"), f"{self.prefix}-releases")


def cloud_of(
    environment: Environment, functions: Mapping[str, str] | None = None, project: Path | None = None
) -> Cloud:
    """Return what a release in an environment works with.

    Args:
        environment: a local stack that is running, or one on AWS.
        functions: function name by key, if the caller has read Terraform's outputs already.
        project: the folder whose contract is deployed; by default, that of the environment.
    """
    functions = functions or outputs.read(environment)["functions"]
    client = cache(environment.client)
    trip = cache(lambda: round_trip.plan(contract.read(project or environment.root)))
    prefix = environment.prefix
    if environment.local:
        return Cloud(functions, prefix, client, trip, period=5, interval=2.0, delay=5.0)
    return Cloud(functions, prefix, client, trip, period=60, interval=30.0)
