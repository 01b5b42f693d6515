"""A user pool's people and what Cognito says about each. Knows no command.

https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html#signup-confirmation-states
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

DISABLED = "disabled"
INVITED = "FORCE_CHANGE_PASSWORD"  # has not signed in with the password of the invitation
STATES = {
    "CONFIRMED": "active",
    INVITED: "invited",
    "UNCONFIRMED": "not confirmed",
    "RESET_REQUIRED": "must reset the password",
}


@dataclass(frozen=True)
class Person:
    """A user of a pool.

    Attributes:
        email: the address to sign in with; empty if the user has none.
        sub: the id in tokens, which owns the user's data.
        state: `active`, `invited`, `not confirmed`, `must reset the password`, `disabled`, or Cognito's own word for another.
        created: when the user was invited or signed up.
        changed: of the user's profile.
    """

    email: str
    sub: str
    state: str
    created: datetime
    changed: datetime


class Unknown(Exception):
    """The pool has no such user."""


class Known(Exception):
    """The pool has a user with this address already."""


class NotSent(Exception):
    """The e-mail could not be sent, with Cognito's reason."""


class Pool:
    """The users of a pool.

    Args:
        client: boto3's of Cognito user pools.
        id_: of the pool.

    A user is named by e-mail address, or by `sub`. Every method that takes a name raises Unknown if there is no such user.
    """

    def __init__(self, client: Any, id_: str) -> None:
        self._client = client
        self._id = id_

    def people(self) -> Iterator[Person]:
        """Yield all users, in no order."""
        for page in self._client.get_paginator("list_users").paginate(UserPoolId=self._id):
            yield from map(_person, page["Users"])

    def person(self, name: str) -> Person:
        """Return a user."""
        found = self._call("admin_get_user", name)
        return _person({**found, "Attributes": found["UserAttributes"]})

    def invite(self, email: str, again: bool = False) -> None:
        """Create a user, or with `again` send the invitation once more: Cognito sends a password for the first sign-in.

        Raise Known if the address has a user (with `again`: one who has signed in), Unknown if it has none to send to, NotSent.
        https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUser.html
        """
        attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
        if again and self._call("admin_get_user", email)["UserStatus"] != INVITED:
            raise Known
        try:
            self._client.admin_create_user(
                UserPoolId=self._id,
                Username=email,
                DesiredDeliveryMediums=["EMAIL"],
                **({"MessageAction": "RESEND"} if again else {"UserAttributes": attributes}),
            )
        except self._client.exceptions.UsernameExistsException as error:
            raise Known from error
        except self._client.exceptions.CodeDeliveryFailureException as error:
            raise NotSent(error.response["Error"]["Message"]) from error

    def disable(self, name: str) -> None:
        """Let a user no longer sign in, and end all sessions: no refresh token is accepted any more, not even once enabled again.

        https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminDisableUser.html
        """
        self.sign_out(name)
        self._call("admin_disable_user", name)

    def enable(self, name: str) -> None:
        """Let a disabled user sign in again, with the same password."""
        self._call("admin_enable_user", name)

    def sign_out(self, name: str) -> None:
        """End all sessions of a user. The API's gateway accepts an access token until it expires, all the same.

        https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminUserGlobalSignOut.html
        """
        self._call("admin_user_global_sign_out", name)

    def _call(self, method: str, name: str) -> Mapping[str, Any]:
        try:
            response: Mapping[str, Any] = getattr(self._client, method)(UserPoolId=self._id, Username=name)
        except self._client.exceptions.UserNotFoundException as error:
            raise Unknown from error
        return response


def _person(user: Mapping[str, Any]) -> Person:
    attributes = {each["Name"]: each["Value"] for each in user["Attributes"]}
    status = user["UserStatus"]
    return Person(
        email=attributes.get("email", ""),
        sub=attributes.get("sub", user["Username"]),
        state=STATES.get(status, status) if user["Enabled"] else DISABLED,
        created=user["UserCreateDate"],
        changed=user["UserLastModifiedDate"],
    )
