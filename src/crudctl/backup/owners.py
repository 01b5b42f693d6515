"""The users of a pool as the owners of entries: listed, created again in another pool, and the entries given to their new ids.

An owner is the `sub` of a user, which Cognito chooses: no call sets it, and none reads a password or the secret of an
authenticator app. So a new pool has the same people under other ids, and without their passwords.
https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-using-import-tool.html
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from crudctl.backup.attributes import Entry, key

User = dict[str, Any]
OF_THE_POOL = ("sub", "identities")  # attributes that Cognito sets, as it does those that begin with `cognito:`


def users(client: Any, pool: str) -> list[User]:
    """Return the users of a pool: `sub`, `email`, `attributes` by name, `enabled` and Cognito's `status`."""
    pages = client.get_paginator("list_users").paginate(UserPoolId=pool)
    return [_user(user) for page in pages for user in page["Users"]]


def by_address(before: Iterable[User], now: Iterable[User]) -> dict[str, str]:
    """Return the present id of each former user whose e-mail address a present user has."""
    present = {user["email"].casefold(): user["sub"] for user in now if user["email"]}
    return {user["sub"]: present[user["email"].casefold()] for user in before if user["email"].casefold() in present}


def absent(before: Iterable[User], now: Iterable[User]) -> list[User]:
    """Return the former users whose e-mail address no present user has."""
    addresses = {user["email"].casefold() for user in now}
    return [user for user in before if user["email"] and user["email"].casefold() not in addresses]


def create(client: Any, pool: str, user: User) -> User:
    """Create a user in a pool and return it. Nobody is notified, and nobody knows its password: "Forgot password" sets one.

    That needs a confirmed user with a verified address, which is why it gets a random password at all.
    """
    attributes = {
        name: value
        for name, value in user["attributes"].items()
        if name not in OF_THE_POOL and not name.startswith("cognito:")
    }
    response = client.admin_create_user(
        UserPoolId=pool,
        Username=user["email"],
        UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
        MessageAction="SUPPRESS",
    )
    password = f"{secrets.token_urlsafe(32)}aA1-"
    client.admin_set_user_password(UserPoolId=pool, Username=user["email"], Password=password, Permanent=True)
    if not user["enabled"]:
        client.admin_disable_user(UserPoolId=pool, Username=user["email"])
    return _user(response["User"] | {"Enabled": user["enabled"]})


def given(entry: Entry, owners: Mapping[str, str]) -> Entry:
    """Return an entry under the present id of its owner; as it is if that id has not changed."""
    before, _, own = key(entry).rpartition("#")
    now = owners.get(before, before)
    if now == before:
        return entry
    moved = entry | {"id": {"S": f"{now}#{own}"}}
    if "owner" in entry:  # the owner, or the owner's trash
        moved["owner"] = {"S": now + entry["owner"]["S"].removeprefix(before)}
    return moved


def _user(user: Mapping[str, Any]) -> User:
    found = {entry["Name"]: entry["Value"] for entry in user.get("Attributes", [])}
    return {
        "sub": found.get("sub", user["Username"]),
        "email": found.get("email", ""),
        "attributes": found,
        "enabled": user.get("Enabled", True),
        "status": user.get("UserStatus", ""),
    }
