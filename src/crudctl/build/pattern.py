"""Reads a `pattern` as ECMA-262 defines it, with the flag `u`, and translates it to an equivalent Python expression.

JSON Schema and OpenAPI 3.0 take patterns from ECMA-262, and browsers run them so. The functions have Python's `re`, which
differs in small ways: `$` matches before a final newline, `\\d` matches Arabic digits, `(?<x>)` is an error. What has no
equivalent is refused. Grammar: https://262.ecma-international.org/14.0/#sec-patterns
"""

from __future__ import annotations

import re

SYNTAX = "^$\\.*+?()[]{}|/"  # what `\\` may stand before to mean the character itself
WORD = "A-Za-z0-9_"
# https://262.ecma-international.org/14.0/#sec-white-space and #sec-line-terminators
LINE_ENDS = r"\n\r\u2028\u2029"
SPACE = r"\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
CLASSES = {"d": "0-9", "w": WORD, "s": SPACE}
NOT_IN_CLASSES = {
    "D": r"\x00-/:-\U0010ffff",
    "W": r"\x00-/:-@\[-\^`{-\U0010ffff",
    "S": r"\x00-\x08\x0e-\x1f!-\x9f\xa1-\u167f\u1681-\u1fff"
    r"\u200b-\u2027\u202a-\u202e\u2030-\u205e\u2060-\u2fff\u3001-\ufefe\uff00-\U0010ffff",
}
CONTROLS = {"f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
BOUNDARY = {
    "b": f"(?:(?<![{WORD}])(?=[{WORD}])|(?<=[{WORD}])(?![{WORD}]))",
    "B": f"(?:(?<![{WORD}])(?![{WORD}])|(?<=[{WORD}])(?=[{WORD}]))",
}
MOST = 65_535  # repetitions; more are of no use in texts of at most 128 KiB, and engines differ on them
DEEPEST = 50  # groups within groups


class PatternError(Exception):
    """The pattern is not ECMA-262, or has no equivalent in Python. The message says what and why."""


def translate(pattern: str) -> str:
    """Return the Python expression for `re.search` that matches the texts which ECMA-262 says `pattern` matches.

    Raises:
        PatternError: It is not a pattern of ECMA-262 with the flag `u`, or it has a construct that Python does not have.
    """
    expression = _Parser(pattern).whole()
    try:
        re.compile(expression)
    except (re.error, OverflowError, RecursionError) as error:  # such as a lookbehind of varying length
        raise PatternError(f"has no equivalent for the functions, which run Python: {error}") from error
    return expression


class _Parser:
    """One pass over one pattern. Each method reads one production of the grammar and returns its translation."""

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        self._depth = 0
        self._named: dict[str, int] = {}
        self._closed: dict[int, tuple[str, ...]] = {}  # group -> the lookarounds that it stands in
        self._opened = 0
        self._repeated: set[int] = set()
        self._references: list[tuple[int, int]] = []  # group, and where it is referred to
        self._within: list[str] = []
        self._unbounded = 0  # repetitions without an end that were read so far

    def whole(self) -> str:
        translated = self._alternatives()
        if self._at < len(self._text):
            raise self._error("has a `)` without its `(`")
        return translated

    def _alternatives(self) -> str:
        self._depth += 1
        if self._depth > DEEPEST:
            raise PatternError(f"has more than {DEEPEST} groups within groups")
        parts = [""]
        while self._at < len(self._text) and self._text[self._at] != ")":
            if self._take("|"):
                parts.append("")
            else:
                parts[-1] += self._term()
        self._depth -= 1
        return "|".join(parts)

    def _term(self) -> str:
        start, groups, endless = self._at, self._opened, self._unbounded
        if self._take("^"):
            return self._unrepeated("^")
        if self._take("$"):
            return self._unrepeated(r"\Z")
        for letter, translated in BOUNDARY.items():
            if self._take("\\" + letter):
                return self._unrepeated(translated)
        for look in ("(?=", "(?!", "(?<=", "(?<!"):
            if self._take(look):
                return self._unrepeated(look + self._inside(look) + ")")
        atom = self._atom()
        count = self._quantifier()
        if not count:
            return atom
        if count[0] in "*+" or ",}" in count:
            # Such as (a+)+: an engine tries every way to divide a text that does not match.
            if self._unbounded > endless and not _separated(atom):
                raise self._error(
                    "repeats without an end what repeats without an end, which can take for ever: limit one of them"
                )
            self._unbounded += 1
        inside = range(groups + 1, self._opened + 1)
        self._repeated |= set(inside)
        for group, at in self._references:
            if at > start and group in inside:
                raise self._error(f"refers to group {group} within a repetition of both, where engines differ")
        if self._text[start] not in "([\\" and len(atom) == 1:
            return atom + count
        return (atom if atom[0] in "([" or len(atom) == 2 else f"(?:{atom})") + count

    def _unrepeated(self, assertion: str) -> str:
        if self._text[self._at : self._at + 1] in ("*", "+", "?") or self._bounds():
            raise self._error("repeats an assertion")
        return assertion

    def _inside(self, opening: str) -> str:
        if opening != "(":
            self._within.append(f"{opening}{self._at}")
        inner = self._alternatives()
        if opening != "(":
            self._within.pop()
        if not self._take(")"):
            raise self._error("has a `(` without its `)`")
        return inner

    def _atom(self) -> str:
        character = self._text[self._at]
        if character == "(":
            return self._group()
        if character == "[":
            return self._class()
        if character == "\\":
            return self._escape()
        if character in "*+?{":
            raise self._error(f"has a `{character}` with nothing to repeat")
        if character in "]}":
            raise self._error(f"has a `{character}` that is not escaped")
        self._at += 1
        return f"[^{LINE_ENDS}]" if character == "." else re.escape(character)

    def _group(self) -> str:
        self._at += 1
        if self._take("?:"):
            return f"(?:{self._inside('(')})"
        name = None
        if self._take("?"):
            name = self._group_name("<")
            if name in self._named:
                raise self._error(f"has two groups named {name}")
        self._opened += 1
        number = self._opened
        if name is not None:
            self._named[name] = number
        inner = self._inside("(")
        self._closed[number] = tuple(self._within)
        return f"({inner})"

    def _group_name(self, opening: str) -> str:
        match = re.compile(opening + r"([A-Za-z_$][A-Za-z0-9_$]*)>").match(self._text, self._at)
        if not match:
            raise self._error("has a group that is none of (…), (?:…), (?<name>…), (?=…), (?!…), (?<=…), (?<!…)")
        self._at = match.end()
        return match[1]

    def _escape(self) -> str:
        self._at += 1
        letter = self._text[self._at : self._at + 1]
        if letter and letter in "123456789":
            return self._reference()
        if self._take("k"):
            name = self._group_name("<")
            if name not in self._named:
                raise self._error(f"refers to the group {name}, which does not stand before it")
            return self._referred(self._named[name])
        if letter in CLASSES:
            self._at += 1
            return f"[{CLASSES[letter]}]"
        if letter in NOT_IN_CLASSES:
            self._at += 1
            return f"[^{CLASSES[letter.lower()]}]"
        return _literal(self._character())

    def _reference(self) -> str:
        match = re.compile("[0-9]+").match(self._text, self._at)
        assert match  # the caller has seen its first digit
        self._at = match.end()
        return self._referred(int(match[0]))

    def _referred(self, number: int) -> str:
        """Return a back reference. A group that took no part matches the empty text in ECMA-262, and nothing in Python."""
        if number not in self._closed:
            raise self._error(f"refers to group {number}, which does not end before it")
        within = self._closed[number]
        outside = within != tuple(self._within[: len(within)])
        if number in self._repeated or outside or any(look.startswith("(?<") for look in self._within):
            raise self._error(f"refers to group {number} across a repetition or a lookaround, where engines differ")
        self._references.append((number, self._at))
        return f"(?({number})\\{number}|)"

    def _character(self) -> str:
        """Read what follows a backslash and stands for one character, in a class or outside."""
        letter = self._text[self._at : self._at + 1]
        self._at += 1
        if letter in CONTROLS:
            return CONTROLS[letter]
        if letter and letter in SYNTAX:
            return letter
        if letter == "0" and not self._text[self._at : self._at + 1].isdigit():
            return "\0"
        for form in (r"x([0-9A-Fa-f]{2})", r"u([0-9A-Fa-f]{4})", r"u\{([0-9A-Fa-f]+)\}", r"c([A-Za-z])"):
            match = re.compile(form).match(self._text, self._at - 1)
            if match:
                self._at = match.end()
                return self._numbered(match[1]) if form[0] != "c" else chr(ord(match[1]) % 32)
        if letter in ("p", "P"):
            raise self._error(f"has \\{letter}{{…}}, which the functions cannot check: list the ranges of characters")
        raise self._error(f"has \\{letter or ' at its end'}, which is not an escape of ECMA-262")

    def _numbered(self, digits: str) -> str:
        number = int(digits, 16)
        if 0xD800 <= number < 0xDC00:
            low = re.compile(r"\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})").match(self._text, self._at)
            if low and self._text[self._at - 1] != "}":
                self._at = low.end()
                number = 0x10000 + ((number - 0xD800) << 10) + int(low[1], 16) - 0xDC00
        if number > 0x10FFFF or 0xD800 <= number < 0xE000:
            raise self._error("has an escape that is no character")
        return chr(number)

    def _class(self) -> str:
        self._at += 1
        opening = "[^" if self._take("^") else "["
        parts: list[str] = []
        while not self._take("]"):
            low = self._member()
            if self._text[self._at : self._at + 1] == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
                self._at += 1
                high = self._member()
                if len(low) > 1 or len(high) > 1 or low > high:
                    raise self._error("has a range in [] whose ends are out of order or no characters")
                parts.append(f"{_literal(low)}-{_literal(high)}")
            else:
                parts.append(low if len(low) > 1 else _literal(low))
        if not parts:  # [] matches nothing, [^] every character
            return r"[^\x00-\U0010ffff]" if opening == "[" else r"[\x00-\U0010ffff]"
        return opening + "".join(parts) + "]"

    def _member(self) -> str:
        """Read one member of a class: a character, or the translated set of \\d and the like, which is longer."""
        if self._at >= len(self._text):
            raise self._error("has a `[` without its `]`")
        character = self._text[self._at]
        self._at += 1
        if character != "\\":
            return character
        letter = self._text[self._at : self._at + 1]
        known = CLASSES | NOT_IN_CLASSES
        if letter in known:
            self._at += 1
            return known[letter]
        if letter in ("b", "-"):
            self._at += 1
            return "\b" if letter == "b" else "-"
        return self._character()

    def _quantifier(self) -> str:
        count = next((one for one in ("*", "+", "?") if self._take(one)), "")
        if not count and (bounds := self._bounds()):
            low, high = int(bounds[1]), int(bounds[3] or bounds[1])
            if low > high or max(low, high) > MOST:
                raise self._error(f"has the repetition {bounds[0]}, which must rise, to {MOST} at most")
            self._at = bounds.end()
            count = bounds[0]
        return count + ("?" if count and self._take("?") else "")

    def _bounds(self) -> re.Match[str] | None:
        return re.compile(r"\{([0-9]+)(,([0-9]*))?\}").match(self._text, self._at)

    def _take(self, text: str) -> bool:
        if not self._text.startswith(text, self._at):
            return False
        self._at += len(text)
        return True

    def _error(self, what: str) -> PatternError:
        return PatternError(f"{what} (at character {min(self._at, len(self._text)) + 1})")


def _separated(group: str) -> bool:
    """Whether each turn of a translated group begins with a character that nothing else in it matches, as in `(?:-[a-z]+)*`.

    Then a text can be divided into turns in one way only.
    """
    found = re.fullmatch(r"\((?:\?:)?(\\\W|[^\w\\\[\](){}|.^$*+?])((?:\[(?:\\.|[^\]\\])*\]|\\.|[^\[\\()|])*)\)", group)
    if not found or found[2].startswith(("*", "+", "?", "{")):
        return False
    parts = re.findall(r"\[(?:\\.|[^\]\\])*\]|\\\W", found[2])
    separator = found[1][-1]
    return separator not in re.sub(r"\[(?:\\.|[^\]\\])*\]|\\.", "", found[2]) and not any(
        re.fullmatch(part, separator) for part in parts
    )


def _literal(character: str) -> str:
    """Return one character as it is written in a Python expression, in a class or outside."""
    if character.isascii() and (character.isalnum() or character == "_"):
        return character
    if character.isascii() and character.isprintable():
        return "\\" + character if character != " " else "\\ "
    number = ord(character)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"
