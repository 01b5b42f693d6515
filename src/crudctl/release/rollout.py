"""Brings a contract to the gateway around an apply: what Terraform is to apply, and the deployment that serves it afterwards.

For `crudctl up` and `crudctl deploy`, which apply twice if the contract removes or narrows something: before the functions are
released, and once they are in service. Runs no Terraform.
"""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crudctl.build import gateway_changes
from crudctl.build.gateway_changes import Rollout
from crudctl.project import Environment
from crudctl.release import deployments, offered
from crudctl.release.aliases import PROD
from crudctl.release.cloud import Cloud, cloud_of
from crudctl.release.deployments import Change
from crudctl.release.gateway import Stage
from crudctl.release.record import PROMOTED
from crudctl.release.versions import KEPT

MADE = ", made by crudctl"  # at the end of a deployment's description, before which is the version of the body


@dataclass(frozen=True)
class Prepared:
    """What an apply brings to the gateway.

    Attributes:
        rollout: the documents, and what goes out when.
        versions: of the functions in service, by operation.
        contract: of these versions, packed; empty if it is not known.
        coming: the contract that is applied, packed.
        plain: whether Terraform reads nothing but that contract.
    """

    rollout: Rollout
    versions: dict[str, str]
    contract: str
    coming: str
    plain: bool

    @property
    def lines(self) -> list[str]:
        """What goes out when, for people; empty if the gateway gets nothing in several steps."""
        parts = (
            ("Gateway, before the functions (responds with 404 until they know it)", self.rollout.adds),
            ("Gateway, after the promotion", self.rollout.later),
            ("Gateway, before the functions although somebody may use it", self.rollout.at_once),
        )
        return [f"{when}: {'; '.join(what)}." for when, what in parts if what]

    def write(self, folder: Path) -> dict[str, str]:
        """Write what Terraform reads to a folder. Return the variables that name it; none if it is what `package` wrote."""
        if folder.exists():
            shutil.rmtree(folder)
        if self.plain:
            return {}
        folder.mkdir(parents=True)
        documents = {"contract": self.rollout.before, "service": self.rollout.service}
        for name, document in documents.items():
            (folder / f"{name}.json").write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", "utf-8")
        return {name: str(folder / f"{name}.json") for name in documents}


def prepare(environment: Environment, values: Mapping[str, Any], contract: Mapping[str, Any]) -> Prepared:
    """Return what an apply is to bring to the gateway.

    Args:
        environment: a local stack that is running, or one on AWS.
        values: Terraform's outputs; empty before the first apply.
        contract: that is applied.
    """
    coming = offered.pack(contract)
    if "gateway" not in values:  # nothing is deployed, or by a version that recorded no contract
        return Prepared(gateway_changes.rollout(None, contract), {}, "", coming, plain=True)
    cloud = cloud_of(environment, values["functions"])
    versions, change = in_service(cloud), cloud.changes().last()
    serving = deployments.contract_of(versions, change, cloud.records().past() if change else [])
    # What the gateway still has, or had until this contract: the way back needs its functions.
    followed = change and serving == change.coming and (serving == coming or change.wide)
    kept = change.contract if change and followed else ""
    old, before = offered.unpack(serving), offered.unpack(kept)
    gone = {key for each in (old, before) if each is not None for key in gateway_changes.gone(each, contract)}
    leaving = {key: _as_it_is(cloud, key, values) for key in sorted(gone & versions.keys())}
    result, alone = gateway_changes.rollout(old, contract, before, leaving), gateway_changes.rollout(None, contract)
    plain = (result.before, result.service) == (alone.before, alone.service)
    return Prepared(result, versions, serving, coming, plain)


def in_service(cloud: Cloud) -> dict[str, str]:
    """Return the version that alias `prod` of each function points to, by operation; of those that have one."""
    client, found = cloud.client("lambda"), {}
    for operation, name in cloud.functions.items():
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):  # an apply makes it again
            found[operation] = str(client.get_alias(FunctionName=name, Name=PROD)["FunctionVersion"])
    return found


def narrows(cloud: Cloud) -> bool:
    """Whether the gateway has what the contract in service removes or narrows, so that another apply is due."""
    change = cloud.changes().last()
    return bool(change and change.wide and not deployments.agree(change.versions, in_service(cloud)))


def complete(cloud: Cloud, prepared: Prepared) -> str:
    """Let the stage serve the body that was applied. Return the id of its new deployment; empty if it serves that already.

    A deployment is made, then recorded, then served: if this is interrupted, the next call does it again.
    """
    stage, changes = cloud.stage(), cloud.changes()
    assert stage is not None
    serving, last, body = stage.deployment, changes.last(), _imported(stage)
    described = stage.client.get_deployment(restApiId=stage.api, deploymentId=serving).get("description", "")
    if described.removesuffix(MADE) == body:
        if last is None or last.coming != prepared.coming:
            changes.put(_change(serving, serving, None, prepared))
        return ""
    made: str = stage.client.create_deployment(restApiId=stage.api, description=f"{body}{MADE}")["id"]
    changes.put(_change(made, serving, last, prepared))
    stage.serve(made)
    _record(cloud, serving, made, last, prepared)
    _prune(cloud, stage)
    return made


def _change(made: str, serving: str, last: Change | None, prepared: Prepared) -> Change:
    """Return the change that a new deployment is.

    It continues the last one if that was for the same contract, which is in service now, or if nothing was released since.
    """
    wide = prepared.rollout.wide
    if last and _completes(last, prepared):
        return replace(last, deployment=made, wide=wide)
    unreleased = last and last.deployment == serving and deployments.agree(last.versions, prepared.versions)
    before = last.before if last and unreleased else serving
    return Change(made, before, prepared.versions, prepared.contract, prepared.coming, wide)


def _completes(last: Change, prepared: Prepared) -> bool:
    return last.coming == prepared.coming and not deployments.agree(last.versions, prepared.versions)


def _record(cloud: Cloud, serving: str, made: str, last: Change | None, prepared: Prepared) -> None:
    """Let the release that put the contract in service name the deployment that it is completed by."""
    records = cloud.records()
    release = records.current()
    served = release and release.state == PROMOTED and release.deployments.get("new") == serving
    if release and served and last and _completes(last, prepared):
        release = replace(release, deployments=release.deployments | {"new": made})
        records.archive(release)
        records.save(release)


def _prune(cloud: Cloud, stage: Stage) -> None:
    """Delete deployments that no release that can be returned to needs. That of Terraform stays, which would make it again."""
    records, change = cloud.records(), cloud.changes().last()
    promoted = [release for release in records.past() if release.state == PROMOTED][:KEPT]
    kept = {each for release in promoted for each in release.deployments.values()} | {stage.deployment}
    kept |= {change.deployment, change.before} if change else set()
    pages = stage.client.get_paginator("get_deployments").paginate(restApiId=stage.api)
    for deployment in [each for page in pages for each in page["items"]]:
        if deployment.get("description", "").endswith(MADE) and deployment["id"] not in kept:
            stage.client.delete_deployment(restApiId=stage.api, deploymentId=deployment["id"])


def _imported(stage: Stage) -> str:
    """Return the version of the body that the API has, which has a digest of it (infra/api.tf)."""
    version: str = stage.client.get_rest_api(restApiId=stage.api)["version"]
    return version


def _as_it_is(cloud: Cloud, key: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what keeps a function as it is: its code in the bucket of the packages, and what it may do with the table."""
    sha256 = cloud.client("lambda").get_function_configuration(FunctionName=cloud.functions[key])["CodeSha256"]
    package = f"functions/{base64.b64decode(sha256).hex()}.zip"
    return {"key": package, "sha256": sha256, "actions": values["function_actions"][key]}
