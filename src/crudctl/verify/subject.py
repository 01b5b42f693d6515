"""The environment that is verified: its addresses, its clients, temporary callers, and what has to be cleaned up."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from botocore.exceptions import BotoCoreError, ClientError

from crudctl import users
from crudctl.build import service
from crudctl.build.service import Service
from crudctl.console import Failed
from crudctl.infra import outputs, tfvars
from crudctl.project import Environment
from crudctl.verify.exchange import Answer, Sender

BEGINNING = "verify-"  # of the names of everything that a verification creates
DOMAIN = "@example.com"  # https://www.rfc-editor.org/rfc/rfc2606#section-3
NAMES = ("first", "second")  # of the temporary users
NO_ALARMS = "this environment has no alarms and no dashboard: `alarms = false`"


class _Challenged(Exception):
    """A user cannot sign in by the password alone."""


@dataclass(frozen=True)
class Sent:
    """A request that later parts look for.

    Attributes:
        at: epoch seconds at which it was sent.
        request_id: as its response has it.
        trace: the root of the trace that it was sent with.
    """

    at: float
    request_id: str
    trace: str


@dataclass
class Subject:
    """What the parts share.

    Attributes:
        environment: the environment.
        outputs: Terraform's.
        api_url, sign_in_url: where the API and the token endpoint are reached.
        bake: seconds of each step of the release.
        used: what costs something, by its key in crudctl.cost.
        undo: what has to be undone at the end, even after a failure; see `later`.
        left: what could not be undone.
        found: requests that later parts look for, by name.
    """

    environment: Environment
    outputs: Mapping[str, Any]
    api_url: str
    sign_in_url: str
    bake: float
    used: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    undo: ExitStack = field(default_factory=ExitStack)
    left: list[str] = field(default_factory=list)
    found: dict[str, Sent] = field(default_factory=dict)

    @classmethod
    def of(cls, environment: Environment, bake: float, api_url: str | None, sign_in_url: str | None) -> Subject:
        """Return the subject for an environment, at its outputs' addresses if none are given. Raise Failed without outputs."""
        values = outputs.read(environment)
        return cls(environment, values, api_url or values["api_url"], sign_in_url or values["hosted_ui_url"], bake)

    @cached_property
    def described(self) -> Service:
        """What the contract says."""
        return service.load(self.environment.root)

    @cached_property
    def sender(self) -> Sender:
        """Sends requests to the API."""
        return Sender(self.api_url, self.used)

    @cached_property
    def client(self) -> Callable[[str], Any]:
        """Makes a boto3 client of an AWS service, once."""
        made: dict[str, Any] = {}

        def client(name: str) -> Any:
            if name not in made:
                made[name] = self.environment.client(name)
            return made[name]

        return client

    @property
    def watched(self) -> bool:
        """Whether the environment's settings let it have alarms and a dashboard."""
        return tfvars.read(self.environment).get("alarms") is not False

    @property
    def functions(self) -> Mapping[str, str]:
        """Function name by key."""
        functions: Mapping[str, str] = self.outputs["functions"]
        return functions

    @property
    def pool(self) -> str:
        """The id of the user pool."""
        return str(self.outputs["user_pool_id"])

    @cached_property
    def password_client(self) -> str | None:
        """The id of the app client for user name and password; None where there is none, as in prod."""
        return self.app_clients.get(f"{self.environment.prefix}-password")

    @cached_property
    def machine(self) -> tuple[str, str]:
        """Id and secret of the app client of machines."""
        found = self.app_clients[f"{self.environment.prefix}-machine"]
        of = self.client("cognito-idp").describe_user_pool_client(UserPoolId=self.pool, ClientId=found)
        return found, of["UserPoolClient"]["ClientSecret"]

    @cached_property
    def tokens(self) -> dict[str, dict[str, str]]:
        """The tokens, `access` and `id`, of two temporary users by NAMES.

        Where no password is enough (no app client for it, or a second factor), the machine client's, which has no `id`.
        """
        if self.password_client is not None:
            with contextlib.suppress(_Challenged):
                return {name: self._user() for name in NAMES}
        return {name: {"access": self.machine_token(*self.described.scopes)} for name in NAMES}

    @property
    def by_password(self) -> bool:
        """Whether users sign in by name and password alone."""
        return "id" in self.tokens[NAMES[0]]

    @property
    def reads_only(self) -> bool:
        """Whether the scope to list does not let a token create."""
        create, read = (self.described.operation(kind).scopes for kind in (service.CREATE, service.LIST))
        return not set(create) & set(read[:1])

    @cached_property
    def reader(self) -> str:
        """An access token that may read and nothing else."""
        return self.machine_token(*self.described.operation(service.LIST).scopes[:1])

    def machine_token(self, *scopes: str) -> str:
        """Return an access token of the machine client: https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html"""
        name, secret = self.machine
        form = {
            "grant_type": "client_credentials",
            "client_id": name,
            "client_secret": secret,
            "scope": " ".join(scopes),
        }
        at = Sender(self.sign_in_url, defaultdict(float))
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = at.send("POST", "/oauth2/token", headers, urlencode(form).encode())
        self.used["machine_token"] += 1
        if answer.status != 200:
            raise Failed(f"The token endpoint responded with {answer.status}: {answer.text[:200]}")
        return str(json.loads(answer.body)["access_token"])

    def created(self, content: Mapping[str, Any] | None = None) -> str:
        """Create a resource of the first user, to be deleted at the end, and return its id. Raise Failed if that is refused."""
        body = json.dumps(self.described.sample if content is None else content).encode()
        answer = self.call("POST", f"/{self.described.collection}", body=body)
        if answer.status != 201:
            raise Failed(f"A create responded with {answer.status}: {answer.text[:200]}")
        made = str(json.loads(answer.body)["id"])
        self.later(f"{self.described.singular} {made}", self._delete, made)
        return made

    def call(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
        """Send a request as the first user."""
        own = {"Authorization": f"Bearer {self.tokens[NAMES[0]]['access']}"}
        own |= {"Content-Type": "application/json"} if body else {}
        return self.sender.send(method, path, {**own, **(headers or {})}, body)

    def later(self, what: str, undo: Callable[..., None], *arguments: Any) -> None:
        """Undo something at the end. If AWS refuses that, `what` is left."""

        def tried() -> None:
            try:
                undo(*arguments)
            except (ClientError, BotoCoreError, Failed) as error:
                self.left.append(f"{what}: {error}")

        self.undo.callback(tried)

    def remember(self, name: str, answer: Answer) -> None:
        """Let later parts look for a request."""
        self.found.setdefault(name, Sent(answer.sent, answer.headers.get("x-amzn-requestid", ""), answer.trace))

    def _delete(self, resource: str) -> None:
        """Delete a resource for good. One that is left is in `left`."""
        path = f"/{self.described.collection}/{resource}"
        purged = self.call("DELETE", f"{path}?purge=true", {"If-Match": "*"})
        if purged.status == 400:  # a contract without purge
            purged = self.call("DELETE", path, {"If-Match": "*"})
        if purged.status not in (204, 404):
            self.left.append(f"{self.described.singular} {resource} ({purged.status})")

    @cached_property
    def app_clients(self) -> dict[str, str]:
        """The ids of the pool's app clients by name."""
        pages = self.client("cognito-idp").get_paginator("list_user_pool_clients").paginate(UserPoolId=self.pool)
        return {one["ClientName"]: one["ClientId"] for page in pages for one in page["UserPoolClients"]}

    def _user(self) -> dict[str, str]:
        """Create a temporary user and sign in. Raise _Challenged if Cognito asks for more than the password."""
        cognito, name, password = self.client("cognito-idp"), f"{BEGINNING}{uuid.uuid4()}{DOMAIN}", users.new_password()
        attributes = [{"Name": "email", "Value": name}, {"Name": "email_verified", "Value": "true"}]
        self.later(f"user {name}", self.remove, name)
        cognito.admin_create_user(
            UserPoolId=self.pool, Username=name, UserAttributes=attributes, MessageAction="SUPPRESS"
        )
        cognito.admin_set_user_password(UserPoolId=self.pool, Username=name, Password=password, Permanent=True)
        given = {"USERNAME": name, "PASSWORD": password}
        signed_in = cognito.initiate_auth(
            ClientId=self.password_client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given
        )
        self.used["user"] += 1
        if "AuthenticationResult" not in signed_in:
            raise _Challenged(signed_in["ChallengeName"])
        result = signed_in["AuthenticationResult"]
        return {"access": result["AccessToken"], "id": result["IdToken"]}

    def remove(self, name: str) -> None:
        """Delete a user, if it exists."""
        cognito = self.client("cognito-idp")
        with contextlib.suppress(cognito.exceptions.UserNotFoundException):  # it was never made
            cognito.admin_delete_user(UserPoolId=self.pool, Username=name)
