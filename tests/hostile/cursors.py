"""Cursors that somebody made, changed or took from another list. The check in a cursor is no secret: anybody can compute it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_from_bytes

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def text(octets: bytes) -> str:
    """Return octets in base64url without padding."""
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def plain(cursor: str) -> bytes:
    """Return the octets of a cursor."""
    return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


def made(query: str, created_at: str, resource_id: str) -> str:
    """Return a cursor as the service makes one for a list: its check fits."""
    position = f"{created_at}|{resource_id}"
    check = hashlib.sha256(f"{query}|{position}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return text(f"{check}|{position}".encode("utf-8", "surrogatepass"))


@dataclass(frozen=True)
class Real:
    """Cursors that the service returned.

    Attributes:
        mine: of the caller's list, oldest first; `newest`, of that list newest first; `trash`, of the caller's trash.
        others: of another caller's list, oldest first.
        owner, other: the subjects of the two.
        at, id: the position in `mine`.
    """

    mine: str
    newest: str
    trash: str
    others: str
    owner: str
    other: str

    @property
    def at(self) -> str:
        return plain(self.mine).decode().split("|")[1]

    @property
    def id(self) -> str:
        return plain(self.mine).decode().split("|")[2]


@dataclass(frozen=True)
class Cursor:
    """One case.

    Attributes:
        make: returns the query, percent-encoded.
        fits: whether its check fits, so that the page after it is the caller's own list, from wherever it points.
    """

    name: str
    make: Callable[[Real], str]
    fits: bool = False


def cursor(name: str, make: Callable[[Real], str | bytes]) -> Cursor:
    def query(real: Real) -> str:
        value = make(real)
        return "cursor=" + (quote_from_bytes(value, safe="") if isinstance(value, bytes) else quote(value, safe=""))

    return Cursor(name, query)


def each(name: str, values: Iterable[Any], make: Callable[[Real, Any], str | bytes]) -> list[Cursor]:
    """Return a case for each value; `{}` in the name stands for the value."""

    def given(value: Any) -> Callable[[Real], str | bytes]:
        return lambda real: make(real, value)

    return [cursor(name.format(repr(value)[:24]), given(value)) for value in values]


def forged(name: str, at: Callable[[Real], str], resource_id: Callable[[Real], str]) -> Cursor:
    """A position that the caller made up, with a check that fits."""
    return Cursor(name, lambda r: "cursor=" + made(f"{r.owner}|asc", at(r), resource_id(r)), fits=True)


def flipped(value: str, place: int) -> str:
    """Return a cursor with another character at a place."""
    place %= len(value)
    return value[:place] + ALPHABET[(ALPHABET.index(value[place]) + 1) % 64] + value[place + 1 :]


ELSEWHERE = (
    cursor("another caller's", lambda r: r.others),
    cursor("of the other order", lambda r: r.newest),
    cursor("of the trash", lambda r: r.trash),
    Cursor("of the list, in the trash", lambda r: f"deleted=true&cursor={r.mine}"),
    Cursor("of the list, in the other order", lambda r: f"order=desc&cursor={r.mine}"),
    Cursor("of another caller's list, in the other order", lambda r: f"order=desc&cursor={r.others}"),
    cursor("made for another caller", lambda r: made(f"{r.other}|asc", r.at, r.id)),
    cursor("made for another caller's trash", lambda r: made(f"{r.other}|asc|deleted", r.at, r.id)),
    cursor("made for shared lists", lambda r: made("shared|asc", r.at, r.id)),
    cursor("made for the probe of a release", lambda r: made("release-probe|asc", r.at, r.id)),
    cursor("made for nobody", lambda r: made("|asc", r.at, r.id)),
    cursor("made for no order", lambda r: made(f"{r.owner}|", r.at, r.id)),
)
CHANGED = (
    *each("with another character at {}", (0, 1, 7, 20, 22, 23, 30, 48, 60, -2, -1), lambda r,
    place: flipped(r.mine, place)),
    *each("cut to {}", (1, 2, 3, 4, 21, 22, 23, 60, -1), lambda r, length: r.mine[:length]),
    *each("with {} behind it", ("=", "==", "A", "AA", "AAAA", " ", "\n", "\r\n", "\0", "/", ".", "%", "%00", "&", "#"),
          lambda r, tail: r.mine + tail),
    cursor("with a space in front", lambda r: " " + r.mine),
    cursor("with a space within", lambda r: r.mine[:9] + " " + r.mine[9:]),
    cursor("in upper case", lambda r: r.mine.upper()),
    cursor("twice", lambda r: r.mine * 2),
    cursor("in the other base64", lambda r: r.mine[:-1] + "+"),
    cursor("encoded twice", lambda r: text(r.mine.encode())),
    cursor("percent-encoded twice", lambda r: quote(r.mine[:8], safe="") + "%2541" + r.mine[8:]),
    cursor("in hexadecimal", lambda r: plain(r.mine).hex()),
    Cursor("given twice", lambda r: f"cursor={r.mine}&cursor={r.mine}"),
    Cursor("given with another", lambda r: f"cursor={r.mine}&cursor={r.others}"),
    Cursor("as an array", lambda r: f"cursor[]={r.mine}"),
    Cursor("as an object", lambda r: f"cursor[$gt]={r.mine}"),
    Cursor("under another name", lambda r: f"Cursor={r.mine}"),
)  # fmt: skip
INVENTED = (
    *each("the text {}", ("", " ", "0", "null", "undefined", "true", "*", "..", "../../etc/passwd", "' OR '1'='1", "{}",
    '{"$gt":""}',
                          "A" * 400, "B" * 401, "C" * 4000, "-", "_", "____", "\u202e", "😀", "\ufffd", "ﬀ"), lambda r,
                          value: value),
    *each("the octets {}", (b"\xff", b"\xc0\xae", b"\xed\xa0\x80", b"\0"), lambda r, value: value),
    *each("base64 of {}", (b"|", b"||", b"|||", b"a|b|c", b"a|b", b"\xff\xfe", b"\0|\0|\0", b"{}", b"\xed\xa0\x80|a|b"),
          lambda r, value: text(value)),
    cursor("base64 of a key of the table", lambda r: text(b'{"id":{"S":"' + r.owner.encode() + b'#x"}}')),
    cursor("without a check", lambda r: text(f"{r.at}|{r.id}".encode())),
    cursor("with an empty check", lambda r: text(f"|{r.at}|{r.id}".encode())),
    cursor("with a check of zeros", lambda r: text(f"{'0' * 16}|{r.at}|{r.id}".encode())),
    cursor("with the whole hash", lambda r: text(
        f"{hashlib.sha256(f'{r.owner}|asc|{r.at}|{r.id}'.encode()).hexdigest()}|{r.at}|{r.id}".encode())),
    cursor("with its check in upper case", lambda r: text(plain(r.mine)[:16].upper() + plain(r.mine)[16:])),
    cursor("with a part more", lambda r: made(f"{r.owner}|asc", r.at, f"{r.id}|{r.id}")),
    cursor("with no time", lambda r: made(f"{r.owner}|asc", "", r.id)),
    cursor("with no id", lambda r: made(f"{r.owner}|asc", r.at, "")),
    cursor("with an id outside of ASCII", lambda r: made(f"{r.owner}|asc", r.at, "ä")),
    cursor("with a time outside of ASCII", lambda r: made(f"{r.owner}|asc", "٢٠٢٦", r.id)),
)  # fmt: skip
FORGED = (
    forged("at the position itself", lambda r: r.at, lambda r: r.id),
    forged("at the beginning", lambda r: "0000-01-01T00:00:00.000000Z", lambda r: r.id),
    forged("at the end", lambda r: "9999-12-31T23:59:59.999999Z", lambda r: r.id),
    forged("at another caller's", lambda r: plain(r.others).decode().split("|")[1],
    lambda r: plain(r.others).decode().split("|")[2]),
    forged("at no time", lambda r: "x", lambda r: r.id),
    forged("at a space", lambda r: " ", lambda r: r.id),
    forged("at a NUL", lambda r: "\0", lambda r: "\0"),
    forged("at an id that is none", lambda r: r.at, lambda r: "x"),
    forged("at another caller's key", lambda r: r.at, lambda r: f"{r.other}#{r.id}"),
    forged("at a key of the trash", lambda r: r.at, lambda r: f"#trash#{r.id}"),
    forged("at a long time", lambda r: "9" * 200, lambda r: r.id),
    forged("at a long id", lambda r: r.at, lambda r: "f" * 200),
    forged("at an expression", lambda r: ":owner", lambda r: "#owner"),
)  # fmt: skip
CURSORS = (*ELSEWHERE, *CHANGED, *INVENTED, *FORGED)
