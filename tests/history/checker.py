"""Whether a history of one resource is linearizable: whether each request can have happened at one moment between its sending
and its response, so that the responses are those of the sequential specification.

Resources are independent of each other, so each is checked alone (locality: Herlihy and Wing, "Linearizability", 1990,
https://doi.org/10.1145/78969.78972). The search is that of Wing and Gong with the memory of Lowe ("Testing for
linearizability", 2017, https://doi.org/10.1002/cpe.3928): depth first, and no set of requests is put before the same state
twice. There is no such library for Python; the known ones are written in Go and Clojure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tests.history.model import Operation, Outcome, State, step

CONFLICT = Outcome(409)


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        operation: what was asked for.
        sent, received: seconds, on one clock. A call without a response may take effect at any time after it was sent, or never.
        outcome: None for a call without a response.
        client: who sent it, for people.
    """

    operation: Operation
    sent: float
    received: float = math.inf
    outcome: Outcome | None = None
    client: str = ""


class Violation(Exception):
    """No order of the calls explains the responses. Its text shows how far an order goes, and what cannot follow."""


class _Event:
    """Where a call begins or ends, in a doubly linked list by time."""

    __slots__ = ("after", "before", "end", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.end: _Event | None = None  # of the event that begins a call
        self.before: _Event
        self.after: _Event | None = None

    def lift(self) -> None:
        """Remove the call that begins here from the list."""
        for event in (self, self.end):
            assert event is not None
            event.before.after = event.after
            if event.after is not None:
                event.after.before = event.before

    def unlift(self) -> None:
        """Put the call back; calls are put back in reverse order."""
        for event in (self.end, self):
            assert event is not None
            event.before.after = event
            if event.after is not None:
                event.after.before = event


def check(calls: Sequence[Call]) -> State:
    """Return the state after the calls to one resource, in an order that explains their responses.

    If the last calls came one after the other and were responded to, that is the only possible state.

    Raises:
        Violation: There is no such order.
    """
    known = sum(call.outcome is not None for call in calls)
    head, twins = _events(calls), _twins(calls)
    state, placed, left = State(), 0, known
    seen: set[tuple[int, State | None]] = set()
    trail: list[tuple[_Event, State, bool]] = []  # what was placed, the state before, whether another choice is left
    longest: list[int] = []
    event = head.after
    while left:
        assert event is not None
        if event.end is None:  # a response: its call has to be placed, and could not be
            if len(trail) >= len(longest):
                longest = [one.number for one, _, _ in trail]
            event, state, placed, left = _backtracked(trail, calls, placed, left, longest)
            continue
        call = calls[event.number]
        after = _after(state, call)
        twin = twins.get(event.number)
        if twin is not None and not placed >> twin & 1:
            after = None  # of two equal calls without a response, the one that was sent first is placed first
        key = (placed | 1 << event.number, after)
        if after is None or key in seen:
            event = event.after
            continue
        seen.add(key)
        trail.append((event, state, not _never_changes_anything(call)))
        event.lift()
        state, placed, left = after, key[0], left - (call.outcome is not None)
        event = head.after
    return state


def _after(state: State, call: Call) -> State | None:
    """Return the state after a call that comes next; None if it cannot, or need not."""
    if call.outcome == CONFLICT and call.operation.kind == "patch":
        return state  # "the resource kept changing": nothing was changed
    right, after = step(state, call.operation)
    if call.outcome is None:
        return None if after == state else after  # without an effect it may as well never happen
    return after if call.outcome == right else None


def _never_changes_anything(call: Call) -> bool:
    """Return whether a call can be placed as soon as that explains it, because it has no effect later either.

    A repeat that was recognised does not belong here: the same response might be that of a second effect.
    """
    return call.outcome is not None and (call.operation.kind == "get" or call.outcome.status >= 400)


def _events(calls: Sequence[Call]) -> _Event:
    """Return the head of the list of events."""
    times = []
    for number, call in enumerate(calls):
        begin, end = _Event(number), _Event(number)
        begin.end = end
        times += [(call.sent, 0, number, begin), (call.received, 1, number, end)]
    head = last = _Event(-1)
    for *_, event in sorted(times, key=lambda each: each[:3]):
        last.after, event.before = event, last
        last = event
    return head


def _twins(calls: Sequence[Call]) -> dict[int, int]:
    """Return for each call without a response the one of the same write that was sent before it."""
    twins: dict[int, int] = {}
    latest: dict[Operation, int] = {}
    for number in sorted(range(len(calls)), key=lambda number: calls[number].sent):
        if calls[number].outcome is None:
            operation = calls[number].operation
            if operation in latest:
                twins[number] = latest[operation]
            latest[operation] = number
    return twins


def _backtracked(
    trail: list[tuple[_Event, State, bool]], calls: Sequence[Call], placed: int, left: int, longest: list[int]
) -> tuple[_Event | None, State, int, int]:
    while trail:
        event, state, choice = trail.pop()
        event.unlift()
        placed &= ~(1 << event.number)
        left += calls[event.number].outcome is not None
        if choice:
            return event.after, state, placed, left
    raise Violation(explained(calls, longest))


def explained(calls: Sequence[Call], order: Sequence[int]) -> str:
    """Return the calls that could be put in order, the state then, and those that could not follow."""
    state = State()
    lines = [f"No order explains the responses to {len(calls)} calls. The longest that explains some:"]
    for number in order:
        state = _after(state, calls[number]) or state
        lines.append(f"  {_line(calls[number])}")
    lines.append(f"Then it is {state.phase}, version {state.version}: {state.content}. None of these can follow:")
    rest = [call for number, call in enumerate(calls) if number not in set(order) and call.outcome is not None]
    first = min(call.received for call in rest)
    for call in rest:
        if call.sent <= first:
            right, _ = step(state, call.operation)
            lines.append(f"  {_line(call)} (right would be {_short(right)})")
    return "\n".join(lines)


def _line(call: Call) -> str:
    asked = call.operation
    match = "" if asked.match is None else f" If-Match {asked.match}"
    got = "no response" if call.outcome is None else _short(call.outcome)
    return (
        f"{call.sent:.6f}-{call.received:.6f} {call.client} {asked.kind} {asked.write}{match} {asked.content} -> {got}"
    )


def _short(outcome: Outcome) -> str:
    return " ".join(str(part) for part in (outcome.status, outcome.version, outcome.content) if part is not None)
