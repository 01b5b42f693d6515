"""The commands of this layer that are about the contract's content."""

from __future__ import annotations

import json

import click

from crudctl import project
from crudctl.build import service
from crudctl.build.contract import ContractError
from crudctl.console import Failed


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
