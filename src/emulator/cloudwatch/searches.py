"""The grammar of a metric search, the first argument of SEARCH. Finds nothing.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 1024  # characters
_BARE = re.compile("[A-Za-z0-9/]+")  # a slash is in every namespace of AWS, and stands unquoted in its examples
_SCHEMA = re.compile(r'\s*\{((?:"(?:[^"\\]|\\.)*"|[^{}"])*)\}\s*,?')
_NAME = re.compile(r'\s*(?:"((?:[^"\\]|\\.)+)"|([^\s",]+))\s*(,|$)')
_TOKEN = re.compile(
    r'\s*(?:(?P<sign>[()])|(?P<property>:?[A-Za-z0-9_.@-]+|"(?:[^"\\]|\\.)+")\s*=\s*(?=[^\s)])|"(?P<exact>(?:[^"\\]|\\.)*)"'
    r'|(?P<word>[^\s()"=]+))'
)
_UNESCAPED = re.compile(r"(?<!\\)(?:\\\\)*[()]")


class InvalidSearch(ValueError):
    """CloudWatch refuses the search."""


@dataclass(frozen=True)
class Term:
    """A word to look for; `exact` if it was in double quotes. Anywhere, or in one property, such as MetricName."""

    word: str
    exact: bool
    property: str = ""


@dataclass(frozen=True)
class Search:
    """The namespace and the dimensions of the schema, empty without one, and the terms: strings are operators and parentheses."""

    namespace: str
    dimensions: tuple[str, ...]
    terms: tuple[Term | str, ...]


def parse(text: str) -> Search:
    """Return a search. Raise InvalidSearch for what is not one."""
    if len(text) > LONGEST:
        raise InvalidSearch(f"A search has at most {LONGEST} characters, and this one has {len(text)}")
    match = _SCHEMA.match(text)
    if not match and "{" in text:
        raise InvalidSearch(f"Invalid schema in search {text}: use the form {{namespace,dimension}}")
    names = _names(match[1]) if match else ()
    terms = tuple(_terms(text[match.end() :] if match else text))
    if not names and not terms:
        raise InvalidSearch("A search has a schema, or a term, or both")
    _check(terms, text)
    return Search(names[0] if names else "", names[1:], terms)


def _names(schema: str) -> tuple[str, ...]:
    found: list[str] = []
    at = 0
    while at < len(schema) or not found:
        match = _NAME.match(schema, at)
        if not match or (match[3] and match.end() == len(schema)):
            raise InvalidSearch(f"Invalid schema {{{schema}}}: name a namespace, then dimensions")
        quoted, bare = match[1], match[2]
        if bare and not _BARE.fullmatch(bare):
            raise InvalidSearch(f'Invalid schema {{{schema}}}: write "{bare}", in double quotes')
        found.append(quoted or bare)
        at = match.end()
    return tuple(found)


def _terms(text: str) -> list[Term | str]:
    found: list[Term | str] = []
    at, of = 0, ""
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if not match:
            raise InvalidSearch(f"Unexpected {text[at:].strip()} in the terms of a search")
        at = match.end()
        if match["property"]:
            of = match["property"].strip('"')
            continue
        if match["sign"] or (match["word"] in ("AND", "OR", "NOT") and not of):
            found.append(match["sign"] or match["word"])
            continue
        exact = match["exact"] is not None
        if exact and _UNESCAPED.search(match["exact"]):
            raise InvalidSearch(f'Write \\( and \\) for parentheses in "{match["exact"]}"')
        word = re.sub(r"\\(.)", r"\1", match["exact"]) if exact else match["word"]
        found.append(Term(word, exact, of))
        of = ""
    return found


def _check(terms: tuple[Term | str, ...], text: str) -> None:
    """Raise InvalidSearch unless the operators have what they connect, and every parenthesis its partner."""
    depth, complete = 0, True  # complete: an operator may follow, or the end
    for number, term in enumerate(terms):
        if term == "(":
            depth, complete = depth + 1, False
        elif term == ")":
            depth -= 1
            if depth < 0 or not complete:
                raise InvalidSearch(f"Unexpected ) in search {text}")
        elif term in ("AND", "OR"):
            if not complete or number == 0:
                raise InvalidSearch(f"Unexpected {term} in search {text}")
            complete = False
        else:
            complete = term != "NOT"
    if depth or not complete:
        raise InvalidSearch(f"The search {text} is not complete")
