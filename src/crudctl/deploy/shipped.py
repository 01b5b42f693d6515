"""Whether what Lambda has is what was deployed. Terraform calls a resource up to date after a part of its change has failed.

A function's code and the version that is published of it are two requests. If the second fails, or even the first, Terraform's
state has the new hash already, and the next plan finds nothing to do while the old version stays in service.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crudctl.console import Failed

LATEST = "$LATEST"
# What a version has of a function. https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html
FROZEN = (
    "CodeSha256", "Runtime", "Role", "Handler", "Timeout", "MemorySize", "Environment", "Architectures", "Layers",
    "TracingConfig", "LoggingConfig", "DeadLetterConfig", "EphemeralStorage", "VpcConfig", "FileSystemConfigs", "KMSKeyArn",
)  # fmt: skip


@dataclass(frozen=True)
class Behind:
    """A function that is not as it was deployed.

    Attributes:
        name: of the function.
        code: whether its code is not that of the package.
        version: its newest version, if that is to be published again; empty for a function without versions.
        differs: what differs, in words.
    """

    name: str
    code: bool
    version: str
    differs: str


def behind(client: Any, functions: Mapping[str, str], sha256: str | None) -> list[Behind]:
    """Return the functions whose newest version is not what their code and configuration are, or these not the package.

    Args:
        client: boto3's of Lambda.
        functions: function name by operation.
        sha256: of the package, in Base64; None to compare versions alone.
    """
    found = []
    for name in functions.values():
        pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
        by_version = {entry["Version"]: entry for page in pages for entry in page["Versions"]}
        latest = by_version.pop(LATEST)
        number = max(map(int, by_version), default=0)
        newest = by_version.get(str(number), {})
        code = sha256 is not None and latest["CodeSha256"] != sha256
        differing = [key for key in (*FROZEN, "SnapStart") if _aspect(latest, key) != _aspect(newest, key)]
        if code or differing:
            what = (
                "code that is not of this package"
                if code
                else f"another {', '.join(differing)} than its newest version, {number}"
            )
            found.append(Behind(name, code, str(number), what))
    return found


def code_of(client: Any, name: str) -> str:
    """Return the SHA-256 of a function's code, in Base64."""
    sha256: str = client.get_function_configuration(FunctionName=name)["CodeSha256"]
    return sha256


def complete(client: Any, found: Behind, package: Path, sha256: str) -> None:
    """Give a function the code of the package, if it has another, and publish it. Raise Failed if it is still behind.

    Args:
        package: the zip.
        sha256: of the zip, in Base64.
    """
    if found.code:
        client.update_function_code(FunctionName=found.name, ZipFile=package.read_bytes())
        client.get_waiter("function_updated_v2").wait(FunctionName=found.name)
    if not found.version:
        return
    published = client.publish_version(FunctionName=found.name, CodeSha256=sha256)
    client.get_waiter("published_version_active").wait(FunctionName=found.name, Qualifier=published["Version"])
    if still := behind(client, {"": found.name}, sha256):
        raise Failed(f"{found.name} has {still[0].differs}, after it was published again.", "Deploy again.")


def _aspect(version: Mapping[str, Any], key: str) -> Any:
    """Return a part of a configuration; of SnapStart what was asked for, as only a version has a snapshot."""
    return version.get(key, {}).get("ApplyOn") if key == "SnapStart" else version.get(key)


def not_imported(gateway: Any, bodies: Mapping[str, str]) -> dict[str, str]:
    """Return those of the bodies of REST APIs, by id, that the gateway has not imported: it has the version of another.

    infra/api.tf writes a digest of the body into its `info.version`, which the gateway keeps and the provider leaves alone.
    https://docs.aws.amazon.com/apigateway/latest/api/API_RestApi.html

    Args:
        gateway: boto3's client of API Gateway.
    """
    found = {}
    for api, body in bodies.items():
        imported = gateway.get_rest_api(restApiId=api).get("version")
        if imported is not None and imported != json.loads(body)["info"]["version"]:
            found[api] = body
    return found
