"""The commands of this layer: the package, and what is made of the contract."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from crudctl import project
from crudctl.build import contract, contract_changes, package, sbom, service
from crudctl.build.contract import ContractError
from crudctl.console import Failed, err, out, relative


@click.command()
@click.option("--patch", is_flag=True, help="Print a merge patch instead, which changes nothing but the version.")
def example(*, patch: bool) -> None:
    """Print JSON that the API accepts as the body of a create: the contract's first example, or else one made from its rules.

    \b
    Examples:
      curl … -d "$(crudctl example)"
      crudctl example --patch
    """
    try:
        sample = dict(service.load(project.root()).sample)
    except ContractError as error:
        raise Failed(f"The contract is invalid: {error}", "Fix contract/openapi.yaml.") from error
    click.echo(json.dumps(dict(list(sample.items())[:1]) if patch else sample))


@click.command(name="package")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def build(as_json: bool) -> None:
    """Build what is deployed: build/functions.zip and build/openapi.json. The same sources give the same bytes.

    It also writes the contract for generators of clients: build/contract.json (OpenAPI 3.0) and build/openapi-3.1.json.

    Example: crudctl package --json
    """
    root = project.root()
    built = package.build_or_fail(root)
    if as_json:
        click.echo(json.dumps({"zip": str(built.zip), "openapi": str(built.openapi), "sha256": built.sha256}))
    else:
        size = built.zip.stat().st_size
        out.print(f"{relative(built.zip)}  {size:,} bytes  sha256 {built.sha256}\n{relative(built.openapi)}")


@click.command(name="sbom")
def write_sbom() -> None:
    """Write bills of materials (CycloneDX) and SHA-256 checksums of the build to build/.

    Example: crudctl sbom && sha256sum --check build/SHA256SUMS
    """
    for path in sbom.write(project.root()):
        click.echo(relative(path))


@click.command(name="contract-changes")
@click.argument("base")
def show_contract_changes(base: str) -> None:
    """List changes since the git revision BASE that break clients of the contract.

    Exit codes: 0 nothing breaks, or the contract's major version is higher than at BASE, which announces it; 1 the major
    version has to be raised and was not.

    Example: crudctl contract-changes origin/main
    """
    root = project.root()
    try:
        old, new = contract.at_revision(root, base), contract.load(root)
        changes, announced = contract_changes.breaking(old, new), contract_changes.may_break(old, new)
    except ContractError as error:
        raise Failed(
            str(error), "Name a revision that has a contract, such as origin/main, or fix contract/openapi.yaml."
        ) from error
    for sentence in changes:
        click.echo(sentence)
    if not changes:
        err.print(f"No change breaks a client of {base}.")
    elif announced:
        err.print(f"These changes break clients of {base}. The major version announces it: {_versions(old, new)}.")
    else:
        raise Failed(
            f"These changes break clients of {base}, and the major version is not higher: {_versions(old, new)}.",
            "Undo them, or raise the major version in contract/openapi.yaml. docs/adopt.md shows how both are served.",
        )


def _versions(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    return f"{old['info']['version']} -> {new['info']['version']}"
