"""Octets that are no well-framed HTTP request, or for a path or method that the API does not have (RFC 9110, RFC 9112).

Where a case hides a second request in what may be a body, that request deletes a resource which must still be there in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from tests.hostile.wire import Header, octets, request


@dataclass(frozen=True)
class Place:
    """Where requests go.

    Attributes:
        base: path of the API.
        collection: path of the collection within it, with a slash.
        token: value of the header `Authorization`; empty to send none.
        canary: path of a resource of the caller that must survive, within the API.
    """

    host: str
    base: str
    collection: str
    token: str
    canary: str

    @property
    def headers(self) -> list[Header]:
        """Host and token."""
        return [("Host", self.host), *([("Authorization", self.token)] if self.token else [])]

    def head(self, line: str | bytes, *more: str | bytes, close: bool = True) -> bytes:
        """Return a request line and headers, whatever they are, with the empty line behind them."""
        lines = [octets(line), *(b": ".join(map(octets, one)) for one in self.headers), *map(octets, more)]
        return b"\r\n".join([*lines, *([b"Connection: close"] if close else []), b"", b""])

    def hidden(self) -> bytes:
        """Return a request that deletes the canary."""
        return request(
            "DELETE",
            f"{self.base}{self.canary}?purge=true",
            [*self.headers, ("If-Match", "*"), ("Connection", "close")],
        )

    @property
    def target(self) -> str:
        """The request target of the collection."""
        return self.base + self.collection


@dataclass(frozen=True)
class Raw:
    """One case.

    Attributes:
        send: returns the octets.
        cut: whether more is announced than comes.
        method: of the request, if the response to it has no body.
    """

    name: str
    send: Callable[[Place], bytes]
    cut: bool = False
    method: str = "GET"


def each(name: str, values: Iterable[str], send: Callable[[Place, str], bytes], *, cut: bool = False) -> Iterator[Raw]:
    """Yield a case for each value; `{}` in the name stands for the value."""

    def given(value: str) -> Callable[[Place], bytes]:
        return lambda place: send(place, value)

    for value in values:
        yield Raw(name.format(repr(value)[:26]), given(value), cut)


def methods() -> Iterator[Raw]:
    """Yield methods that HTTP or the API does not have."""
    names = (
        "TRACE", "TRACK", "CONNECT", "PROPFIND", "MOVE", "LOCK", "PURGE", "DEBUG", "QUERY", "LINK", "SOURCE", "PRI", "get",
        "Get", "GeT", "post", "delete",
        "G", "GETS", "X" * 300, "G\tET", "G:ET", "G(ET", "\x00GET", "GÉT", "%47ET", "GET\\", "M-SEARCH", "$ANY", "ANY", "*",
    )  # fmt: skip
    yield from each("the method {}", names, lambda p, method: p.head(f"{method} {p.target} HTTP/1.1"))


def paths() -> Iterator[Raw]:
    """Yield spellings of paths that a router may take for others."""

    def asking(spelling: Callable[[Place], str]) -> Callable[[Place], bytes]:
        return lambda place: place.head(f"GET {spelling(place)} HTTP/1.1")

    spellings: dict[str, Callable[[Place], str]] = {
        "without anything": lambda p: p.base, "a slash": lambda p: f"{p.base}/",
        "two slashes": lambda p: f"{p.base}/{p.collection}", "three slashes": lambda p: f"{p.base}//{p.collection}",
        "a slash behind": lambda p: f"{p.target}/", "two slashes behind": lambda p: f"{p.target}//",
        "a dot": lambda p: f"{p.base}/.{p.collection}", "a dot behind": lambda p: f"{p.target}/.",
        "two dots": lambda p: f"{p.target}/..{p.collection}", "two dots behind": lambda p: f"{p.target}/..",
        "above the API": lambda p: f"{p.base}/../../../{p.collection}",
        "encoded dots": lambda p: f"{p.target}/%2e%2e{p.collection}",
        "an encoded slash": lambda p: f"{p.base}/%2f{p.collection[1:]}",
        "an encoded letter": lambda p: f"{p.base}/%{ord(p.collection[1]):02x}{p.collection[2:]}",
        "an encoded letter, twice": lambda p: f"{p.base}/%25{ord(p.collection[1]):02x}{p.collection[2:]}",
        "upper case": lambda p: p.base + p.collection.upper(), "a backslash": lambda p: f"{p.base}\\{p.collection[1:]}",
        "an encoded backslash": lambda p: f"{p.base}%5c{p.collection[1:]}", "a parameter": lambda p: f"{p.target};x=1",
        "a parameter in front": lambda p: f"{p.base}/;x{p.collection}", "an extension": lambda p: f"{p.target}.json",
        "a NUL": lambda p: f"{p.target}%00", "a NUL and more": lambda p: f"{p.target}%00.html",
        "a newline": lambda p: f"{p.target}%0a",
        "a carriage return and a header": lambda p: f"{p.target}%0d%0aX-Injected:%201",
        "a space": lambda p: f"{p.target}%20", "a tab": lambda p: f"{p.target}%09",
        "a question mark": lambda p: f"{p.target}%3flimit=1", "a fragment": lambda p: f"{p.target}#x",
        "bytes outside of ASCII": lambda p: f"{p.target}/\udcff\udcfe",
        "overlong dots": lambda p: f"{p.target}/%c0%ae%c0%ae/", "another path": lambda p: f"{p.base}/admin",
        "a well-known path": lambda p: f"{p.base}/.well-known/x", "a file": lambda p: f"{p.base}/.env",
        "a template": lambda p: f"{p.base}/{{proxy+}}",
        "the template of a resource": lambda p: f"{p.target}/{{id}}/",
        "9,000 characters": lambda p: f"{p.target}/{'a' * 9000}", "2,000 segments": lambda p: f"{p.target}{'/a' * 2000}",
        "another stage": lambda p: f"{p.base}2{p.collection}",
        "a whole URL": lambda p: f"http://{p.host}{p.target}",
        "a whole URL of another host": lambda p: f"http://evil.example{p.target}",
        "two slashes and a host": lambda p: f"//evil.example{p.target}", "a star": lambda p: "*",
        "no slash": lambda p: p.target.lstrip("/"), "an authority": lambda p: p.host,
        "a query in a query": lambda p: f"{p.target}?limit=1?limit=1",
        "a semicolon in the query": lambda p: f"{p.target}?limit=1;limit=2",
    }  # fmt: skip
    for name, spelling in spellings.items():
        yield Raw(f"the path with {name}", asking(spelling))


def lines() -> Iterator[Raw]:
    """Yield request lines and header fields that break the grammar."""
    starts = (
        "GET {} HTTP/9.9", "GET {} HTTP/2.0", "GET {} HTTP/1.2", "GET {} HTTP/0.9", "GET {} HTTP/1", "GET {} HTTPS/1.1",
        "GET {} http/1.1", "GET {}", "GET", "GET  {} HTTP/1.1", "GET\t{}\tHTTP/1.1",
        "GET {} x HTTP/1.1", "GET {} HTTP/1.1 x", " GET {} HTTP/1.1", "GET {}\x00 HTTP/1.1", "GET {}\x0b HTTP/1.1", "{}",
        "\x16\x03\x01\x02\x00\x01", "PRI * HTTP/2.0\r\n\r\nSM",
    )  # fmt: skip
    yield from each("the line {}", starts, lambda p, line: p.head(line.replace("{}", p.target)), cut=True)
    fields = (
        "X", "X x: 1", "X : 1", ": 1", " X: 1", "X: 1\r\n folded", "X: a\x00b", "X\x00: 1", "X: a\x01b", "X(: 1", "Xä: 1",
        "X: a\rY: 1", "X: a\nY: 1", "\r\nX: 1", "X" * 20_000 + ": 1", "X: " + "x" * 70_000,
        "\r\n".join(f"X-{number}: 1" for number in range(2000)), "Host: evil.example", "Host: a, b",
        "Connection: Authorization", "Connection: Host", "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAA\r\nSec-WebSocket-Version: 13",
        "Expect: 100-continue", "Expect: x", "Expect: 100-continue, x",
    )  # fmt: skip
    yield from each("the field {}", fields, lambda p, field: p.head(f"GET {p.target} HTTP/1.1", field))
    hosts = (
        "", "evil.example", "127.0.0.1", "[::1]", "127.0.0.1:99999", "a b", "a@b", "dynamodb.eu-west-2.amazonaws.com",
        "s3.amazonaws.com", "x" * 5000, "\u00e4", "%00", "../..",
    )  # fmt: skip
    yield from each("the host {}", hosts, lambda p, host: replace(p, host=host).head(f"GET {p.target} HTTP/1.1"))
    yield Raw("no host", lambda p: p.head(f"GET {p.target} HTTP/1.1").replace(b"Host:", b"X-Host:"))
    yield Raw("line feeds alone", lambda p: p.head(f"GET {p.target} HTTP/1.1").replace(b"\r\n", b"\n"))
    yield Raw("carriage returns alone", lambda p: p.head(f"GET {p.target} HTTP/1.1").replace(b"\r\n", b"\r"), cut=True)
    yield Raw("empty lines in front", lambda p: b"\r\n" * 50 + p.head(f"GET {p.target} HTTP/1.1"))
    yield Raw("nothing but NULs", lambda p: b"\0" * 5000, cut=True)
    yield Raw("nothing but letters", lambda p: b"A" * 200_000, cut=True)
    yield Raw("half a header", lambda p: p.head(f"GET {p.target} HTTP/1.1")[:-2], cut=True)


def framing() -> Iterator[Raw]:
    """Yield bodies whose end is told in two ways, or in none (RFC 9112, section 6.3)."""

    def hiding(name: str, *fields: str, body: Callable[[Place], bytes] | bytes = b"") -> Raw:
        def send(p: Place) -> bytes:
            front = body if isinstance(body, bytes) else body(p)
            return (
                p.head(f"POST {p.target} HTTP/1.1", "Content-Type: application/json", *fields, close=False)
                + front
                + p.hidden()
            )

        return Raw(name, send, cut=True)

    end = b"0\r\n\r\n"
    for name, fields in {
        "both ways, ended by its chunks": ("Content-Length: 4000", "Transfer-Encoding: chunked"),
        "both ways, the other order": ("Transfer-Encoding: chunked", "Content-Length: 4000"),
        "both ways, and no length": ("Transfer-Encoding: chunked", "Content-Length: 0"),
        "an unknown coding": ("Transfer-Encoding: xchunked",),
        "a coding with a vertical tab": ("Transfer-Encoding: \x0bchunked",),
        "a coding twice": ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
        "a coding and identity": ("Transfer-Encoding: chunked, identity",), "identity": ("Transfer-Encoding: identity",),
        "a coding in quotes": ('Transfer-Encoding: "chunked"',),
        "a coding behind a space": ("Transfer-Encoding : chunked",), "gzip": ("Transfer-Encoding: gzip, chunked",),
        "a coding with a parameter": ("Transfer-Encoding: chunked;q=1",), "an empty coding": ("Transfer-Encoding: ",),
        "a coding and a comma": ("Transfer-Encoding: chunked,",),
        "a name with an underscore": ("Transfer_Encoding: chunked", "Content-Length: 4000"),
    }.items():  # fmt: skip
        yield hiding(name, *fields, body=end)
    for text in (
        "-1",
        "+5",
        "0x5",
        "5, 6",
        "5 5",
        "5;",
        "1e1",
        "５",
        "",
        "9" * 30,
        "18446744073709551617",
        "4294967301",
        "5\x00",
        "5,",
    ):
        yield hiding(f"the length {text[:20]!r}", f"Content-Length: {text}", body=b"hello")
    yield hiding("two lengths", "Content-Length: 5", "Content-Length: 4000", body=b"hello")
    yield hiding("two lengths, the other order", "Content-Length: 4000", "Content-Length: 5", body=b"hello")
    for chunk in (b"x\r\n", b"-1\r\n", b"0x5\r\nhello\r\n", b"+5\r\nhello\r\n", b"5 \r\nhello\r\n", b"F" * 17 + b"\r\n",
    b"F" * 40 + b"\r\n", b"5\nhello\n", b"5\r\nhelloX", b"5;" + b"x" * 9000 + b"\r\nhello\r\n", b"\r\n",
    b"5_0\r\nhello\r\n",
                  b"5\r\nhel", b"5;a=\"\r\n\"\r\nhello\r\n", b"\xef\xbc\x95\r\nhello\r\n",
                  b"1\r\na\r\n" * 3000):  # fmt: skip
        yield hiding(f"the chunk {chunk[:14]!r}", "Transfer-Encoding: chunked", body=chunk)
    yield Raw("a token in the trailer",
    lambda p: Place(p.host, p.base, p.collection, "", p.canary).head(f"POST {p.target} HTTP/1.1",
    "Content-Type: application/json", "Transfer-Encoding: chunked",
              "Trailer: Authorization",
              close=False) + b"2\r\n{}\r\n0\r\nAuthorization: " + octets(p.token) + b"\r\n\r\n")  # fmt: skip
    yield Raw(
        "a body that does not come",
        lambda p: p.head(f"POST {p.target} HTTP/1.1", "Content-Type: application/json", "Content-Length: 100") + b"{}",
        cut=True,
    )
    yield Raw(
        "a body of a GET",
        lambda p: p.head(f"GET {p.target} HTTP/1.1", f"Content-Length: {len(p.hidden())}", close=False) + p.hidden(),
    )
    yield Raw(
        "a body of a HEAD",
        lambda p: p.head(f"HEAD {p.target} HTTP/1.1", f"Content-Length: {len(p.hidden())}", close=False) + p.hidden(),
        method="HEAD",
    )
    yield Raw(
        "chunks in HTTP/1.0",
        lambda p: (
            p.head(f"POST {p.target} HTTP/1.0", "Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n" + p.hidden()
        ),
    )


RAW = (*methods(), *paths(), *lines(), *framing())
