"""A freeze as people read it, and the refusal of what it does not allow. Going back is always possible."""

from __future__ import annotations

import time

from crudctl.console import Failed
from crudctl.project import Environment
from crudctl.release.record import Freeze, Records
from crudctl.release.view import moment, one_line


def in_force(environment: Environment) -> Freeze | None:
    """Return the freeze of an environment that is in force; None if there is none, or nothing is deployed yet.

    The table is described first: without one, the condition on the keys of a plan's role refuses to read from it.
    """
    client, table = environment.client("dynamodb"), f"{environment.prefix}-releases"
    try:
        client.describe_table(TableName=table)
    except client.exceptions.ResourceNotFoundException:
        return None
    return Records(client, table).freeze(time.time())


def sentence(freeze: Freeze, environment: Environment) -> str:
    """Return until when nothing is released, why, and who said so."""
    until = f"Nothing is released to {environment.name} until {moment(freeze.until)}"
    return f"{until}: {one_line(freeze.why)} (by {freeze.by})."


def refusal(freeze: Freeze, environment: Environment) -> Failed:
    """Return the error of what a freeze does not allow."""
    option = "" if environment.local else f" --env {environment.name}"
    return Failed(
        sentence(freeze, environment),
        f"If it has to be, end that with `crudctl release unfreeze{option}`. Going back is always possible.",
    )
