"""What the contract of a release offers, as its record keeps it, and what the next contract has changed on purpose. Pure."""

from __future__ import annotations

import base64
import contextlib
import json
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from crudctl.build import exchanges, service
from crudctl.build.contract import ContractError
from crudctl.build.judge import Judge
from crudctl.build.script import Exchange, Script
from crudctl.build.service import CREATE, DELETE, PATCH, REPLACE
from crudctl.release.order import TRASH_DAYS
from crudctl.release.record import PROMOTED, Release

Document = Mapping[str, Any]
GUARDED = (REPLACE, PATCH, DELETE)  # kinds of operations that REQUIRE_IF_MATCH is about


def pack(document: Document) -> str:
    """Return a contract as a record keeps it: a tenth of its JSON."""
    return base64.b64encode(zlib.compress(json.dumps(document).encode(), 9)).decode()


def unpack(text: str) -> Document | None:
    """Return the contract of a record; None if it has none, as records of versions before 1.7.0."""
    if not text:
        return None
    document: Document = json.loads(zlib.decompress(base64.b64decode(text)))
    return document


def names(document: Document | None) -> set[str]:
    """Return what a contract offers, such as `field name` and `operation get_item`; nothing if it is not known."""
    if document is None:
        return set()
    described = service.describe(document)
    return {f"field {name}" for name in described.fields} | {f"operation {name}" for name in described.operations}


def of_versions(past: list[Release], versions: Mapping[str, str]) -> str:
    """Return the packed contract of the release that put these versions in service; empty if no record has it."""
    promoted = (release for release in past if release.state == PROMOTED)
    return next((each.contract for each in promoted if dict(each.new) == dict(versions)), "")


REQUIRE_IF_MATCH = "REQUIRE_IF_MATCH"
SETTINGS = (TRASH_DAYS, REQUIRE_IF_MATCH)  # variables of the functions that callers notice


@dataclass(frozen=True)
class Intended:
    """What the contract and the settings have changed on purpose.

    Attributes:
        before, now: what each contract says of a request; `before` is None if it is not known.
        settings: those of SETTINGS that are not the same.
    """

    before: Judge | None
    now: Judge
    settings: frozenset[str] = frozenset()

    def changes(self, exchange: Exchange) -> bool:
        """Return whether the contracts do not say the same of a request: whether it is valid, and what is wrong with it."""
        if REQUIRE_IF_MATCH in self.settings and exchange.kind in GUARDED and "If-Match" not in exchange.headers:
            return True
        if self.before is None:
            return False
        if not (self.before.knows(exchange) and self.now.knows(exchange)):
            return True
        if self.before.verdict(exchange) != self.now.verdict(exchange):
            return True
        one, other = self.before.usual(exchange), self.now.usual(exchange)
        return any(one[name] != other[name] for name in one.keys() & other.keys())

    def ends(self, exchange: Exchange) -> bool:
        """Return whether nothing after a request can be compared: what a delete leaves, where the trash is another."""
        return TRASH_DAYS in self.settings and exchange.kind == DELETE

    def unknown(self, refused: Collection[Exchange]) -> bool:
        """Return whether the old version has a contract that is not known, and refuses what the new one allows."""
        if self.before is not None:
            return False
        return any(one.kind == CREATE and one.content is not None and not self.now.verdict(one) for one in refused)

    def covers(self, exchange: Exchange, path: str, *, missing: bool) -> bool:
        """Return whether a value of an answer is new, another or `missing` by the contract."""
        if self.before is None:
            return False
        _, part, *names = path.split("/")
        if part == "headers":
            one, other = (judge.headers(exchange) for judge in (self.before, self.now))
            return one.get(names[0]) != other.get(names[0])
        changed = self.before.returned - self.now.returned if missing else self.now.returned - self.before.returned
        within = names[2:] if len(names) > 2 and names[0] == self.now.page and names[1].isdecimal() else names
        return bool(within) and within[0].replace("~1", "/").replace("~0", "~") in changed


def asked(old: Document | None, new: Document) -> tuple[Script, Intended]:
    """Return the requests to send to versions of two contracts, and what the new one has changed on purpose.

    An old contract that this version of crudctl could not keep is as good as unknown.

    Raises:
        ContractError: The new contract cannot be kept.
    """
    now = Judge(new)
    if old is not None:
        with contextlib.suppress(ContractError):
            return exchanges.script(old, new), Intended(Judge(old), now)
    return exchanges.script(new), Intended(None, now)
