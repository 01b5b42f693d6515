"""Lets a command fail with a message and a hint. Knows no command."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import click

from crudctl.console import accept_every_character
from crudctl.lazy import LazyGroup


class Commands(LazyGroup):
    """A group whose commands fail with a message and a hint when AWS or the machine refuses something.

    An invalid command line exits with 1, not with click's 2, which means that a release was rolled back.
    """

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the program as click does, on terminals and files of any encoding."""
        accept_every_character()
        return super().main(*args, **extra)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Make the context as click does."""
        with _one_for_usage():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Invoke the command as click does, and raise Failed for errors of AWS and the machine."""
        try:
            with _one_for_usage():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            from crudctl import refusals  # noqa: PLC0415 - with AWS's libraries, which the help does not need

            if failure := refusals.failure(error):
                raise failure from error
            raise


@contextlib.contextmanager
def _one_for_usage() -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        error.exit_code = 1  # type: ignore[misc]  # declared on the class, read from the instance
        raise
