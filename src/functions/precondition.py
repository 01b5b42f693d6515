"""What `If-Match` and `If-None-Match` allow, as versions. Knows neither events nor storage.

Source: https://www.rfc-editor.org/rfc/rfc9110#section-13.1
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    Tags = list[tuple[bool, str]]  # weak, opaque tag

MOST_TAGS = 100  # operands of IN: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
# One element of a list, which may be empty, and what follows it: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1.2
ELEMENT = r'[ \t]*(?:(W/)?"([!#-~\x80-\xff]*)"[ \t]*)?(,|\Z)'
VERSION = "[1-9][0-9]{0,17}"


class Precondition:
    """The versions of a resource for which a request is to be served.

    Attributes:
        match: those that `If-Match` allows; None for any, an empty list for none.
        none_match: those that `If-None-Match` excludes.
        faults: what is wrong with the headers; each `{"parameter": header, "detail": what}`.

    Args:
        if_match, if_none_match: the values of the headers; None for one that was not sent.
        reads: whether the request is a GET or HEAD, which `If-None-Match: *` answers with 304. For a write it excludes every
            version, as an empty `match` does.
    """

    __slots__ = ("_excludes_all", "faults", "match", "none_match")

    def __init__(self, if_match: str | None, if_none_match: str | None, *, reads: bool) -> None:
        self.faults: list[dict[str, str]] = []
        tags = self._tags("If-Match", if_match)
        # Weak tags never match: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1
        self.match = None if tags is None else _versions([(weak, tag) for weak, tag in tags if not weak])
        self.none_match = _versions(self._tags("If-None-Match", if_none_match) or [])
        never = if_none_match is not None and if_none_match.strip() == "*"
        self._excludes_all = never and reads
        if never and not reads:
            self.match = []

    def matches(self, version: int) -> bool:
        """Whether `If-Match` allows this version. If not, the response is a 412, also to a GET."""
        return self.match is None or version in self.match

    def allows(self, version: int) -> bool:
        """Whether both headers allow this version. If only `If-None-Match` does not, the response to a GET is a 304."""
        return self.matches(version) and version not in self.none_match and not self._excludes_all

    def _tags(self, header: str, value: str | None) -> Tags | None:
        """Return the header's tags; None when it is absent, `*` or faulty."""
        if value is None or value.strip() == "*":
            return None
        tags = _parsed(value)
        if not tags:
            detail = 'must be entity tags such as "3", or *'
        elif len(tags) > MOST_TAGS:
            detail = f"must have at most {MOST_TAGS} entity tags"
        else:
            return tags
        self.faults.append({"parameter": header, "detail": detail})
        return None


def _parsed(text: str) -> Tags | None:
    """Return the entity tags of a list; None if it is malformed. A tag may contain a comma, an element may be empty."""
    tags, at, pattern = [], 0, re.compile(ELEMENT)
    while element := pattern.match(text, at):
        weak, tag, separator = element.groups()
        if tag is not None:
            tags.append((bool(weak), tag))
        if not separator:
            return tags
        at = element.end()
    return None


def _versions(tags: Tags) -> list[int]:
    return [int(tag) for _, tag in tags if re.fullmatch(VERSION, tag)]
