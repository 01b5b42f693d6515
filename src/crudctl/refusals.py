"""Turns errors of AWS, its libraries and the operating system into a message and a hint. Knows no command."""

from __future__ import annotations

import errno

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

from crudctl.console import Failed
from emulator.process import ProgramMissing

UNSIGNED = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, ProfileNotFound, SSOError)
FULL_OR_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EROFS, errno.EDQUOT)


def failure(error: Exception) -> Failed | None:
    """Return what to report for an error of AWS or the machine; None for any other."""
    if isinstance(error, (ClientError, BotoCoreError)):
        return refused(error)
    if isinstance(error, ProgramMissing):
        return Failed(str(error), "Install it and try again.")
    if isinstance(error, OSError) and error.errno in FULL_OR_FORBIDDEN:
        return Failed(str(error), "Check the disk space and the permissions of this folder.")
    return None


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
