"""The commands `users list`, `invite`, `disable`, `enable` and `sign-out`: their arguments and output. No password is printed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict

import click
from rich.text import Text

from crudctl import project
from crudctl.console import Failed, err, out
from crudctl.infra import outputs
from crudctl.options import environment_option, not_empty
from crudctl.people.pool import DISABLED, Known, NotSent, Pool, Unknown
from crudctl.project import Environment

ENV = environment_option(*project.ENVIRONMENTS)
NAME = click.argument("name", callback=not_empty)
UNTIL = "An access token that was issued before is accepted until it expires, at most 60 minutes after it was issued."
COLOURS = {"active": "green", DISABLED: "red"}


@click.group(name="users")
def users() -> None:
    """List the people who may sign in, invite one, and shut out one who leaves.

    NAME is an e-mail address, or the `sub` of a token. Nobody's data is deleted, and nobody's password is printed.
    """


@users.command(name="list")
@ENV
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def list_users(environment: Environment, as_json: bool) -> None:
    """List all users: address, state, since when.

    Example: crudctl users list --env prod
    """
    listed = sorted(_pool(environment).people(), key=lambda each: (each.email, each.sub))
    if as_json:
        click.echo(json.dumps([asdict(each) for each in listed], indent=2, default=str))
        return
    width = max((len(each.email or each.sub) for each in listed), default=0)
    for each in listed:
        state = (f"{each.state:23}", COLOURS.get(each.state, "yellow"))
        out.print(Text.assemble(f"{each.email or each.sub:{width}}  ", state, f"  since {each.created:%Y-%m-%d}"))
    err.print(f"{len(listed):,} users of {environment.prefix}")


@users.command()
@ENV
@click.option("--again", is_flag=True, help="Send the invitation again, to a user who has not signed in yet.")
@click.argument("email", callback=not_empty)
def invite(environment: Environment, email: str, again: bool) -> None:
    """Create a user. Cognito sends a password for the first sign-in to the address; it is valid for 7 days.

    Example: crudctl users invite maria@example.com --env prod
    """
    if "@" not in email.strip("@"):
        raise Failed(f"'{email}' is not an e-mail address.", "An invitation goes to an e-mail address.")
    try:
        with _known(environment, email):
            _pool(environment).invite(email, again)
    except Known as error:
        person = _pool(environment).person(email)
        hint = "--again sends the invitation once more." if person.state == "invited" else "Nothing was sent."
        raise Failed(f"{email} has a user already: {person.state}.", hint) from error
    except NotSent as error:
        raise Failed(
            f"The user {email} exists, but the invitation could not be sent: {error}",
            "Check the e-mail settings of the user pool, then use --again.",
        ) from error
    if environment.local:
        values = outputs.read(environment)
        err.print(
            "Created, but no e-mail leaves this machine, so nobody knows the password. "
            f"Sign up at {values['web_url']} instead: the sign-up page shows the code."
        )
    else:
        err.print(f"{email} gets an e-mail with a password for the first sign-in, valid for 7 days.")


@users.command()
@ENV
@NAME
def disable(environment: Environment, name: str) -> None:
    """Shut out a user who leaves: no new sign-in, and all sessions end. The user's data stays.

    Example: crudctl users disable maria@example.com --env prod
    """
    with _known(environment, name):
        _pool(environment).disable(name)
    err.print(f"{name} cannot sign in any more. {UNTIL}")


@users.command()
@ENV
@NAME
def enable(environment: Environment, name: str) -> None:
    """Let a disabled user sign in again, with the same password.

    Example: crudctl users enable maria@example.com --env prod
    """
    with _known(environment, name):
        _pool(environment).enable(name)
    err.print(f"{name} can sign in again.")


@users.command(name="sign-out")
@ENV
@NAME
def sign_out(environment: Environment, name: str) -> None:
    """End all sessions of a user, for example after a telephone was lost. The user can sign in again at once.

    Example: crudctl users sign-out maria@example.com --env prod
    """
    with _known(environment, name):
        _pool(environment).sign_out(name)
    err.print(f"All sessions of {name} have ended. {UNTIL}")


def _pool(environment: Environment) -> Pool:
    return Pool(environment.client("cognito-idp"), outputs.read(environment)["user_pool_id"])


@contextlib.contextmanager
def _known(environment: Environment, name: str) -> Iterator[None]:
    """Raise Failed if the pool has no user of that name."""
    try:
        yield
    except Unknown as error:
        raise Failed(
            f"{environment.prefix} has no user {name}.", f"`crudctl users list --env {environment.name}` lists them."
        ) from error
