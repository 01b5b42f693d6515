"""The command `crudctl new`: its arguments and what it prints."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click

from crudctl import naming, project
from crudctl.console import Failed, err, out, step
from crudctl.new import making, words


@click.command(name="new")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--resource", required=True, help="The resource, in the singular: order, 'purchase order'.")
@click.option("--plural", help="Its plural, where it is not regular: people.")
@click.option("--name", help="Of the service; the names of everything on AWS begin with it.  [default: the plural]")
@click.option("--region", help="On AWS.  [default: that of this project]")
def new(folder: Path, resource: str, plural: str | None, name: str | None, region: str | None) -> None:
    """Make a new project from this one, with another resource.

    FOLDER must not exist yet, or be empty. It gets the files that git tracks here, as they are now. Contract, README and docs
    are rewritten to the new resource; the fields stay, to be changed in contract/openapi.yaml. It is a git repository of its
    own, with one commit.

    \b
    Examples:
      crudctl new ../orders --resource order
      crudctl new ../staff --resource person --plural people --name staff-list --region eu-west-1
      uvx --from . crudctl new ../purchases --resource "purchase order"
    """
    root = _checkout()
    noun = words.chosen(resource, plural)
    planned = making.plan(root, noun, words.service_name(name, noun), _region(root, region))
    with step(f"Make {folder}") as progress:
        making.make(planned, folder, progress)
    here = shlex.quote(os.path.relpath(folder))
    err.print(f"{noun.singular}, {noun.plural}: /{noun.collection}, {noun.schema}", markup=False)
    out.print(f"\nNext:\n\n  cd {here}\n  make up\n", markup=False)
    out.print("Its fields are in contract/openapi.yaml: change them, and run `make up` again.", markup=False)


def _checkout() -> Path:
    """Return the project at or above the working directory; with `uvx` this program is not a part of it."""
    root = project.root()
    if not (root / making.CONTRACT).is_file():
        raise Failed("There is no project here.", "Run `crudctl new` in a checkout of the project.")
    return root


def _region(root: Path, chosen: str | None) -> str:
    if chosen is None:
        return naming.read(root, project.LOCAL).region
    import boto3  # noqa: PLC0415 - a quarter of the time that crudctl takes to start

    return words.region(chosen, boto3.Session().get_available_regions("apigateway"))
