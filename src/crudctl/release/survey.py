"""Calls every operation of what is in service once, after an apply or instead of one. Repairs nothing.

Terraform compares what it manages with its state and, when its inputs have not changed, `crudctl up` does not even run it.
Neither shows that requests succeed: without one policy, which somebody removed by hand, one operation fails and all others work.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from crudctl.project import Environment
from crudctl.release import versions
from crudctl.release.aliases import PROD, Aliases
from crudctl.release.cloud import cloud_of
from crudctl.release.probe import Probe

TRIES = 2  # a fault may be a stray one, and a permission takes a while to be in force


def failures(environment: Environment, functions: Mapping[str, str], project: Path | None = None) -> list[str]:
    """Return what is wrong, a line for each function; nothing while a release is under way, which makes its own round trips.

    A version that is older than this source may refuse what the contract now has. Then only crashes and 5xx responses count.

    Args:
        environment: a local stack that is running, or one on AWS.
        functions: function name by key.
        project: the folder whose contract is deployed; by default, that of the environment.

    Raises:
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: AWS refused a request or did not respond.
    """
    cloud = cloud_of(environment, functions, project)
    current = cloud.records().current()
    if current and current.running:
        return []
    client = cloud.client("lambda")
    prod = {name: at.version for name, at in Aliases(client, functions, "nobody").positions(PROD).items()}
    held = prod != versions.newest(client, functions)
    probe = Probe(client, functions, cloud.round_trip())
    wrong: list[str] = []
    for attempt in range(TRIES):
        if attempt:
            cloud.sleep(cloud.interval)
        found = probe.survey(PROD)
        wrong = [line for finding in found if (line := finding.fault or ("" if held else finding.wrong))]
        if not wrong:
            break
    return wrong
