"""Sends the same requests to two versions and returns where their answers differ, by path, never with content.

Where the old version differs from itself in the same way, that is no difference, as in https://github.com/opendiffy/diffy,
and nor is what the contract has changed on purpose (offered.py). A difference counts only if it is there again when everything
is sent once more.

Both versions work on one table while they share the traffic. So what the old version has made is read, listed, changed and
deleted by the new one too, and the other way round.

Requests go to the functions directly, by version, and are those of the owner that no token can have (probe.py). What they create
is deleted for good at the end; what a releaser that died left behind, by the next one.
"""

from __future__ import annotations

import itertools
import re
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol

from crudctl.build.script import CURSOR, KEY, MADE, TAG, UNKNOWN, Chain, Exchange, Script, values
from crudctl.build.service import CREATE, DELETE, GET, LIST
from crudctl.release.comparable import Answer, Reader, read
from crudctl.release.offered import Intended

Versions = Mapping[str, str]  # by function
Answers = Mapping[str, Answer]  # by the name of the exchange
SHOWN = 5  # differences that are named
AT_ONCE = 4  # chains; an account may have no more than ten executions at once
SETTLING, PAUSE = 20, 0.1  # how often the list is asked whether it shows the last writes, and the seconds in between
MISSING = object()
LISTED = re.compile(r"/body/[^/]+/[0-9]+/id")
OLD_MADE, NEW_MADE = " of what the old version made", " of what the new version made"


class Caller(Protocol):
    """Sends requests to the functions."""

    def __call__(self, version: str, exchange: Exchange, resource: str) -> Mapping[str, Any]:
        """Return the proxy response of a function's version, empty if it crashed.

        Args:
            version: of the function.
            exchange: with the values that its placeholders stand for.
            resource: the id in the path.
        """


@dataclass(frozen=True)
class Difference:
    """One difference between two answers.

    Attributes:
        exchange: the request.
        what: the path and what is different there.
        matters: why, to whoever calls the service.
        among: which resources, if it is not those that the same version has made.
    """

    exchange: Exchange
    what: str
    matters: str
    among: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """The operation and the path in any entry of a list, or the request, if its status is different."""
        if not self.what.startswith("/"):
            return self.exchange.name, "status"
        return self.exchange.operation, re.sub(r"/[0-9]+(?=/|$)", "/*", self.what.partition(" ")[0])

    @property
    def kind(self) -> tuple[str, str]:
        """What is the same for differences that probably have the same cause."""
        return self.exchange.operation, re.sub(r"/[0-9]+(?=/| )", "/*", self.what)


def differences(
    call: Caller,
    script: Script,
    old: Versions,
    new: Versions,
    intended: Intended,
    *,
    shared: bool = True,
    at_once: int = AT_ONCE,
    before: Answers | None = None,
) -> list[str]:
    """Return where answers differ, one line for each place; empty if they agree.

    Args:
        call: sends a request.
        script: the requests.
        old, new: versions by function; a function that only one of them has is not compared.
        intended: what the contract has changed.
        shared: whether each version is asked for what the other one has made, too.
        at_once: how many requests to send at the same time.
        before: the old version's answers, if they are known.
    """
    comparison = _Comparison(call, _asked(script, old, new, intended), old, new, intended, at_once)
    found = comparison.found(shared, before)
    if not found:
        return []
    again = {one.kind for one in replace(comparison, script=_around(comparison.script, found)).found(shared, None)}
    return _lines(one for one in found if one.kind in again)


@dataclass(frozen=True)
class _Comparison:
    call: Caller
    script: Script
    old: Versions
    new: Versions
    intended: Intended
    at_once: int

    def found(self, shared: bool, known: Answers | None) -> list[Difference]:
        """Return the differences, without those that the old version has from itself."""
        before = known or self._before(self.script)
        if self.intended.unknown([one for one in self.script.exchanges if before[one.name].status == 400]):
            return []
        found = list(self._pair(self.script, before, self.new, self.new))
        if shared and not found:
            served = _served(self.script, before)
            found += (replace(one, among=OLD_MADE) for one in self._pair(served, before, self.old, self.new))
            found += (replace(one, among=NEW_MADE) for one in self._pair(served, before, self.new, self.old))
        return self._without_noise(found, before) if found else []

    def _before(self, script: Script) -> dict[str, Answer]:
        return answers(self.call, script, Serving(self.old, self.old, self.old), self.at_once)

    def _without_noise(self, found: Iterable[Difference], before: Answers) -> list[Difference]:
        around = _around(self.script, found)
        again = self._before(around)
        noise = {one.place for one in compare(around, before, again, self.intended)}
        unsteady = {name for name, text in noise if text == "status"}
        return [one for one in found if one.place not in noise and one.exchange.name not in unsteady]

    def _pair(self, script: Script, before: Answers, makes: Versions, serves: Versions) -> Iterator[Difference]:
        after = answers(self.call, script, Serving(makes, serves, self.old), self.at_once)
        return compare(script, before, after, self.intended)


def _served(script: Script, before: Answers) -> Script:
    """Return the exchanges that were not refused: what is refused does not depend on who made a resource."""
    chains = [tuple(one for one in chain if before[one.name].status < 400) for chain in script.chains]
    return replace(script, apart=tuple(chains[:-1]), story=chains[-1])


def _around(script: Script, found: Iterable[Difference]) -> Script:
    """Return the chains in which something was found."""
    names = {one.exchange.name for one in found}
    chains = [chain if any(one.name in names for one in chain) else () for chain in script.chains]
    return replace(script, apart=tuple(chain for chain in chains[:-1] if chain), story=chains[-1])


def _asked(script: Script, old: Versions, new: Versions, intended: Intended) -> Script:
    """Return the exchanges that both versions should answer alike. Where a create is left out, so is what follows from it."""
    chains = [tuple(_compared(chain, old, new, intended)) for chain in script.chains]
    return replace(script, apart=tuple(chain for chain in chains[:-1] if chain), story=chains[-1])


def _compared(chain: Chain, old: Versions, new: Versions, intended: Intended) -> Iterator[Exchange]:
    made = True
    for one in itertools.takewhile(lambda one: not intended.ends(one), chain):
        alike = one.function in old and one.function in new and not intended.changes(one)
        made = alike if one.kind == CREATE else made
        if alike and (made or one.target != MADE):
            yield one


@dataclass(frozen=True)
class Serving:
    """Versions by function: those that serve creates, those that serve all else, and those that are trusted to clean up."""

    makes: Versions
    serves: Versions
    cleans: Versions


def answers(call: Caller, script: Script, by: Serving, at_once: int = AT_ONCE) -> dict[str, Answer]:
    """Send all requests, delete what they made, and return the answers by name.

    Args:
        call: sends a request.
        script: the requests.
        by: the versions that serve them.
        at_once: how many requests to send at the same time.
    """

    def run(chain: Chain) -> dict[str, Answer]:
        return _Run(call, by, script).send(chain)

    with ThreadPoolExecutor(at_once) as pool:
        given = [answer for each in pool.map(run, script.apart) for answer in each.items()]
    return dict([*given, *run(script.story).items()])


def compare(script: Script, before: Answers, after: Answers, intended: Intended) -> Iterator[Difference]:
    """Yield where the answers of two runs differ."""
    for one in script.exchanges:
        yield from _differences(one, before[one.name], after[one.name], intended)


class _Run:
    """Sends one chain."""

    def __init__(self, call: Caller, by: Serving, script: Script) -> None:
        self._call = call
        self._by = by
        self._script = script
        self._made, self._tag, self._cursor = str(uuid.uuid4()), "*", "none"
        self._key = str(uuid.uuid4())
        self._all: list[str] = []
        self._there: set[str] = set()  # what the list should show
        self._settled = False  # whether it does
        self._patient = True  # whether to wait for that
        self._reader = Reader()

    def send(self, chain: Chain) -> dict[str, Answer]:
        """Return the answers by name. What was made is deleted for good."""
        try:
            return {one.name: self._answer(one) for one in chain}
        finally:
            for resource in dict.fromkeys(self._all):
                self._call(self._by.cleans[self._script.purge.function], self._script.purge, resource)

    def _answer(self, exchange: Exchange) -> Answer:
        if exchange.kind == LIST and not self._settled:
            self._settle()
        resource = {MADE: self._made, UNKNOWN: str(uuid.uuid4())}.get(exchange.target, exchange.target)
        filled = self._filled(exchange)
        self._reader.sent(f"{filled.text}{filled.headers}")
        versions = self._by.makes if exchange.kind == CREATE else self._by.serves
        response = self._call(versions[exchange.function], filled, resource)
        self._learn(exchange, read(response))
        return self._reader.read(response)

    def _learn(self, exchange: Exchange, answer: Answer) -> None:
        if exchange.kind == CREATE and answer.status == 201:
            self._made = str(answer.values.get("/body/id", self._made))
            self._all.append(self._made)
            self._reader.made(self._made)
        if exchange.target == MADE or exchange.kind == CREATE:
            self._tag = str(answer.values.get("/headers/etag", self._tag))
        if exchange.kind == LIST:
            self._cursor = str(answer.values.get("/body/next_cursor") or "none")
        elif exchange.kind != GET and 200 <= answer.status < 300:
            self._settled = False
            self._there = self._there - {self._made} if exchange.kind == DELETE else self._there | {self._made}

    def _settle(self) -> None:
        """Wait until the list shows the last writes, which it may lag by moments: it is read from an index of the table."""
        for attempt in range(SETTLING if self._patient else 1):
            answer = read(self._call(self._by.cleans[self._script.listing.function], self._script.listing, ""))
            if {value for path, value in answer.values.items() if LISTED.fullmatch(path)} == self._there:
                break
            time.sleep(PAUSE if attempt else 0)
        else:
            self._patient = False  # what is in the list is not what the answers say
        self._settled = True

    def _filled(self, exchange: Exchange) -> Exchange:
        headers = {name: [self._value(one) for one in values(given)] for name, given in exchange.headers.items()}
        query = {name: [self._value(one) for one in values(given)] for name, given in exchange.query.items()}
        return replace(exchange, headers=headers, query=query)

    def _value(self, text: str) -> str:
        return text.replace(TAG, self._tag).replace(CURSOR, self._cursor).replace(KEY, self._key)


def _differences(exchange: Exchange, one: Answer, new: Answer, intended: Intended) -> Iterator[Difference]:
    if new.status != one.status:
        yield Difference(exchange, f"{_status(one)} -> {_status(new)}", _why(one.status, new.status))
        return
    for path in dict.fromkeys([*one.values, *new.values]):
        old_value, new_value = one.values.get(path, MISSING), new.values.get(path, MISSING)
        if (type(old_value), old_value) == (type(new_value), new_value) or intended.covers(
            exchange, path, missing=new_value is MISSING
        ):
            continue
        if new_value is MISSING:
            yield Difference(exchange, f"{path} is missing", "callers that read it find nothing")
        elif old_value is MISSING:
            yield Difference(exchange, f"{path} is new", "the contract does not announce it")
        else:
            what = "value" if type(old_value) is type(new_value) else "type"
            yield Difference(exchange, f"{path} is another {what}", "callers read something else than before")


def _why(old: int, new: int) -> str:
    if new == 0 or new >= 500:
        return "the request fails"
    if old < 400 <= new:
        return "what callers send today is refused"
    if new < 400 <= old:
        return "what was refused is let through"
    return "callers act on the status"


def _status(answer: Answer) -> str:
    return str(answer.status) if answer.status else "a crash"


def _lines(found: Iterable[Difference]) -> list[str]:
    """Return one line for each kind of difference, in the order of the first of each."""
    alike: dict[tuple[str, str], list[Difference]] = {}
    for each in found:
        alike.setdefault(each.kind, []).append(each)
    return [_line(first, len({one.exchange.name for one in (first, *others)})) for first, *others in alike.values()]


def _line(first: Difference, count: int) -> str:
    more = f", as in {count - 1} other requests" if count > 1 else ""
    return f"{first.exchange.name}{first.among}: {first.what}{more}: {first.matters}"
