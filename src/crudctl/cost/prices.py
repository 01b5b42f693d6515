"""The price list, and a line of a bill. Knows nothing of what is bought."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

HOURS = 730  # in a month, as AWS counts them
SECONDS = HOURS * 3600
KB, GB = 1024, 1024**3


@dataclass(frozen=True)
class Line:
    """One line of the bill: `quantity` of `unit` at `price` US dollars each, of which `free` are free of charge.

    `key` is that of the price. Lines with the same key share what is free.
    """

    service: str
    what: str
    quantity: float
    unit: str
    price: float
    free: float
    key: str

    @property
    def usd(self) -> float:
        """US dollars a month, without the free tier."""
        return self.quantity * self.price

    @property
    def usd_after_free(self) -> float:
        """US dollars a month, if nothing else in the account uses the free tier."""
        return max(0.0, self.quantity - self.free) * self.price


@cache
def price_list() -> dict[str, Any]:
    """Return `region`, `currency`, `date` and `prices`, each with `usd`, `unit`, `free` units a month, and `source`."""
    prices: dict[str, Any] = json.loads(Path(__file__).with_name("prices.json").read_text(encoding="utf-8"))
    return prices


def line(service: str, what: str, key: str, quantity: float) -> Line:
    """Return a line for a quantity of what has that key in the price list."""
    price = price_list()["prices"][key]
    return Line(service, what, quantity, price["unit"], price["usd"], price["free"], key)


def shared(bill: Iterable[Line]) -> list[Line]:
    """Return the lines that are not empty, with what is free deducted once: a line gets what others with its key have left."""
    left: dict[str, float] = {}
    found = []
    for each in bill:
        free = left.get(each.key, each.free)
        left[each.key] = max(0.0, free - each.quantity)
        if each.quantity:
            found.append(replace(each, free=free))
    return found


def usd(key: str) -> float:
    """Return the US dollars for one of what has that key in the price list."""
    return float(price_list()["prices"][key]["usd"])


def total(bill: Iterable[Line], *, after_free: bool = False) -> float:
    """Return the US dollars of a bill, without the free tier or after it."""
    return sum(each.usd_after_free if after_free else each.usd for each in bill)
