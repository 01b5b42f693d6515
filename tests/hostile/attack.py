"""Sends the suites to one gateway and returns, for each case that went wrong, what went wrong. Asserts nothing."""

from __future__ import annotations

import concurrent.futures
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from crudctl.build.service import Service
from tests.hostile import cursors, inputs, raw, tokens
from tests.hostile.documented import Documented
from tests.hostile.wire import Answer, Header, Wire

JSON = ("Content-Type", "application/json")
NO_CODING = 501  # for a transfer coding that a server does not know: https://www.rfc-editor.org/rfc/rfc9112#section-6.1


@dataclass
class Gateway:
    """An API behind its gateway, and two users of it.

    Attributes:
        tokens: the access tokens of the two, without a scheme.
        made: the first user's resources that are still to be removed.
    """

    url: str
    tokens: tuple[str, str]
    described: Service
    documented: Documented
    made: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.wire = Wire(self.url)
        self.collection = "/" + self.described.collection
        self._purge = "?purge=true" if self.documented.has_parameter("purge") else ""
        self._has_trash = self.documented.has_parameter("deleted")

    def ask(self, method: str, path: str, *headers: Header, body: bytes = b"", user: int = 0) -> Answer:
        """Return the response to a request of one of the two users."""
        return self.wire.ask(method, path, [("Authorization", f"Bearer {self.tokens[user]}"), *headers], body)

    def create(self, user: int = 0) -> str:
        """Create a resource and return its id."""
        answer = self.ask(
            "POST", self.collection, JSON, body=json.dumps(dict(self.described.sample)).encode(), user=user
        )
        assert answer.status == 201, answer.body
        return str(json.loads(answer.body)["id"])

    def remove(self, resource_id: str, user: int = 0, *, purge: bool = True) -> None:
        """Delete a resource, for good where the contract has that."""
        answer = self.ask(
            "DELETE", f"{self.collection}/{resource_id}" + self._purge * purge, ("If-Match", "*"), user=user
        )
        assert answer.status in (204, 404), answer.body

    def ids(self, query: str = "", user: int = 0) -> set[str]:
        """Return the ids of everything in a list."""
        found, after = set[str](), ""
        while True:
            answer = self.ask("GET", f"{self.collection}?limit=100{query}{after}", user=user)
            page: dict[str, Any] = json.loads(answer.body)
            found |= {one["id"] for one in page[self.described.page]}
            if not page["next_cursor"]:
                return found
            after = f"&cursor={page['next_cursor']}"

    def everything(self) -> set[str]:
        """Return the ids of all that the first user has, in the trash too."""
        return self.ids() | (self.ids("&deleted=true") if self._has_trash else set())

    def cursor(self, query: str = "", user: int = 0) -> str:
        """Return the cursor behind the first entry of a list."""
        answer = self.ask("GET", f"{self.collection}?limit=1{query}", user=user)
        return str(json.loads(answer.body)["next_cursor"])


def try_tokens(gateway: Gateway, forge: tokens.Forge, cases: Iterable[tokens.Token]) -> Iterator[str]:
    """Yield what went wrong with each token. Each is sent to create a resource, and to another operation, in turn."""
    mine = gateway.create()
    one = f"/{mine}"
    others = [
        ("GET", ""),
        *((verb, one) for verb in ("GET", "PUT", "PATCH", "DELETE", "HEAD")),
        ("POST", f"{one}/restore"),
    ]
    for number, case in enumerate(cases):
        headers: list[Header] = [("Authorization", value) for value in case.make(forge)]
        extra, query = case.elsewhere(forge) if case.elsewhere else ([], "")
        body, method, path = json.dumps(dict(gateway.described.sample)).encode(), *others[number % len(others)]
        for verb, at in (("POST", ""), (method, path)):
            target = f"{gateway.collection}{at}" + (f"?{query}" if query else "")
            sends = body if verb in ("POST", "PUT", "PATCH") else b""
            answer = gateway.wire.ask(verb, target, [*headers, *extra, JSON, ("If-Match", "*")], sends)
            refused = answer.status in (401, 403, 405) or (answer.status == 400 and not answer.body)  # no HTTP at all
            if not refused or (answer.body and (wrong := gateway.documented.fault(verb, target, answer))):
                yield f"{case.name}: {verb} {at}: {answer.status} {wrong if refused else answer.body[:200]!r}"
    if gateway.ask("GET", f"{gateway.collection}/{mine}").status != 200:
        yield "the resource is gone"
    gateway.remove(mine)


def try_cursors(gateway: Gateway, cases: Iterable[cursors.Cursor]) -> Iterator[str]:
    """Yield what went wrong with each cursor: another response than 400, or a page with what is not the caller's."""
    kept = [[gateway.create(user) for _ in range(2)] for user in (0, 1)]
    for _ in range(2):
        gateway.remove(gateway.create(), purge=False)
    subjects = [tokens.decoded(token.split(".")[1])["sub"] for token in gateway.tokens]
    real = cursors.Real(
        gateway.cursor(),
        gateway.cursor("&order=desc"),
        gateway.cursor("&deleted=true"),
        gateway.cursor(user=1),
        *subjects,
    )
    own = gateway.ids()
    for case in cases:
        target = f"{gateway.collection}?limit=100&{case.make(real)}"
        answer = gateway.ask("GET", target)
        wrong = gateway.documented.fault("GET", target, answer)
        if answer.status != (200 if case.fits else 400) or wrong:
            yield f"{case.name}: {answer.status} {wrong or answer.body[:200]!r}"
        elif case.fits and not {one["id"] for one in json.loads(answer.body)[gateway.described.page]} <= own:
            yield f"{case.name}: shows what is not the caller's"
    for user, ids in enumerate(kept):
        for resource_id in ids:
            gateway.remove(resource_id, user)
    for resource_id in gateway.ids("&deleted=true"):
        gateway.remove(resource_id)


def try_inputs(gateway: Gateway, cases: Iterable[inputs.Input]) -> Iterator[str]:
    """Yield what went wrong with each request: what must be refused and is not, a 5xx, or a response that is not documented."""
    mine, before = gateway.create(), gateway.everything()
    for case in cases:
        path = case.path.replace(inputs.MINE, mine)
        answer = gateway.ask(case.method, path, *case.headers, body=case.body)
        wrong = gateway.documented.fault(case.method, path, answer)
        if (case.refused and not 400 <= answer.status < 500) or wrong:
            yield f"{case.name}: {answer.status} {wrong or answer.body[:200]!r}"
        if answer.status == 201 and "id" in (created := json.loads(answer.body)):
            gateway.made.append(created["id"])
    after = gateway.everything()
    if after - before - set(gateway.made):
        yield f"a request that was refused has created {after - before - set(gateway.made)}"
    for resource_id in (mine, *gateway.made):
        gateway.remove(resource_id)
    gateway.made.clear()


def try_raw(gateway: Gateway, cases: Sequence[raw.Raw], *, signed_in: bool) -> Iterator[str]:
    """Yield what went wrong with each case, with a token or without one: a 5xx, or anything that needs a token."""
    token = f"Bearer {gateway.tokens[0]}" if signed_in else ""
    canary = gateway.create()
    place = raw.Place(gateway.wire.host, gateway.wire.base, gateway.collection, token, f"{gateway.collection}/{canary}")
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        answered = list(threads.map(partial(_answers, gateway.wire, place), cases))
    for case, answers in zip(cases, answered, strict=True):
        for answer in answers:
            failed = answer.status >= 500 and answer.status != NO_CODING
            if failed or (not signed_in and 200 <= answer.status < 400):
                yield f"{case.name}: {answer.status} {'with' if signed_in else 'without'} a token: {answer.body[:200]!r}"
    if gateway.ask("GET", f"{gateway.collection}/{canary}").status != 200:
        yield f"a hidden request has deleted the canary {'with' if signed_in else 'without'} a token"
    gateway.remove(canary)


def _answers(wire: Wire, place: raw.Place, case: raw.Raw) -> list[Answer]:
    return wire.exchange(case.send(place), cut=case.cut, method=case.method)
