"""The last part: nothing that a verification made is left."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from crudctl.verify.rows import Part, Result, Row, right
from crudctl.verify.starts import FUNCTIONS
from crudctl.verify.subject import BEGINNING, Subject

LONG = timedelta(hours=3)  # longer than any verification takes
NOTHING = Row(
    "nothing is left", "users, functions and resources that were made", "none of them, and about nothing to pay",
    "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html",
)  # fmt: skip


def check(subject: Subject, progress: Callable[[str], None]) -> Iterator[Result]:
    """Yield what is left, also of a verification that was killed."""
    progress("users and functions")
    yield right(
        NOTHING, "; ".join(left := [*subject.left, *_users(subject), *_functions(subject)]) or "nothing", not left
    )


PART = Part("left", "Look for what is left", 60, (NOTHING,), check)


def sweep(subject: Subject) -> None:
    """Remove the users of verifications that were killed long ago."""
    for user in _listed(subject):
        if user["UserCreateDate"] < datetime.now(UTC) - LONG:
            subject.remove(user["Username"])


def _users(subject: Subject) -> Iterator[str]:
    for user in _listed(subject):
        yield f"user {next((each['Value'] for each in user.get('Attributes', [])), user['Username'])}"


def _listed(subject: Subject) -> list[dict[str, Any]]:
    pages = subject.client("cognito-idp").get_paginator("list_users").paginate(
        UserPoolId=subject.pool, Filter=f'email ^= "{BEGINNING}"', AttributesToGet=["email"]
    )  # fmt: skip
    return [user for page in pages for user in page["Users"]]


def _functions(subject: Subject) -> Iterator[str]:
    client = subject.client("lambda")
    for name in FUNCTIONS:
        function = f"{subject.environment.prefix}-{BEGINNING}{name}"
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):
            client.get_function_configuration(FunctionName=function)
            yield f"function {function}"
