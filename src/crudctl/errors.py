"""Turns errors of AWS, its libraries and the operating system into a message and a hint. Knows no command."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from typing import Any

import click
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
)
from botocore.exceptions import ConnectionError as NoConnection

from crudctl.console import Failed, accept_every_character
from emulator.process import ProgramMissing

UNSIGNED = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, ProfileNotFound, SSOError)
FULL_OR_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EROFS, errno.EDQUOT)


class Commands(click.Group):
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
        except (ClientError, BotoCoreError) as error:
            raise refused(error) from error
        except ProgramMissing as error:
            raise Failed(str(error), "Install it and try again.") from error
        except OSError as error:
            if error.errno not in FULL_OR_FORBIDDEN:
                raise
            raise Failed(str(error), "Check the disk space and the permissions of this folder.") from error


@contextlib.contextmanager
def _one_for_usage() -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        error.exit_code = 1  # type: ignore[misc]  # declared on the class, read from the instance
        raise


def refused(error: ClientError | BotoCoreError) -> Failed:
    """Return the failure to report for an error of boto3."""
    if isinstance(error, ClientError):
        details = error.response.get("Error", {})
        code, message = details.get("Code", "Unknown"), details.get("Message", "")
        return Failed(f"{error.operation_name} was refused: {code}: {message}", _advice(code))
    if isinstance(error, UNSIGNED):
        return Failed(
            f"AWS credentials: {error}", "Provide them as for any AWS tool, for example with `aws sso login`."
        )
    if isinstance(error, (NoConnection, HTTPClientError)):
        if "127.0.0.1" in str(error):
            return Failed("The local stack does not respond.", "Start it with `crudctl up`.")
        return Failed(str(error), "Check the network and the region.")
    return Failed(str(error))


def _advice(code: str) -> str:
    if "Expired" in code:
        return "Your AWS credentials have expired: get new ones."
    if "AccessDenied" in code or "Unauthorized" in code:
        return "Your AWS credentials do not have this permission."
    return ""
