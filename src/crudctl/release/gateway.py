"""The deployment that the stage of the API serves: pointed back when a release goes back, by the releaser or by `rollback`.

Knows neither contracts nor Terraform. UpdateStage has no condition, unlike the writes of aliases. So a stage is moved only if it
serves what the release knows: whoever comes late, after a later change, moves nothing.

Runs in Lambda too (rollback_function.py): standard library only, the boto3 client is passed in.
https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateStage.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crudctl.release.record import PROMOTED, Release


@dataclass(frozen=True)
class Stage:
    """The stage of the API.

    Attributes:
        client: boto3's of API Gateway.
        api: its id.
        name: of the stage.
    """

    client: Any
    api: str
    name: str

    @property
    def deployment(self) -> str:
        """The id of the deployment that it serves."""
        found: str = self.client.get_stage(restApiId=self.api, stageName=self.name)["deploymentId"]
        return found

    def serve(self, deployment: str) -> None:
        """Serve another deployment. Raise botocore.exceptions.ClientError if it does not exist."""
        change = {"op": "replace", "path": "/deploymentId", "value": deployment}
        self.client.update_stage(restApiId=self.api, stageName=self.name, patchOperations=[change])


def settle(release: Release, stage: Stage | None) -> str:
    """Let the stage serve what belongs to the versions in which a release has ended. Return a note if that moved it.

    Doing it twice is doing it once. Nothing moves while the release is running, if the stage serves what the release does not
    know, and for a record of a version that knew no deployments.

    Args:
        release: as it ended.
        stage: None where the release has no gateway.
    """
    wanted = release.deployments.get("new" if release.state == PROMOTED else "old", "")
    if stage is None or release.running or not wanted:
        return ""
    serving = stage.deployment
    if serving == wanted or serving not in release.deployments.values():
        return ""
    stage.serve(wanted)
    return f"the gateway serves deployment {wanted} again, instead of {serving}"
