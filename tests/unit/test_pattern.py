"""crudctl.build.pattern: one verdict on a pattern, ECMA-262 as Node runs it, and an equivalent for the functions."""

from __future__ import annotations

import json
import random
import re
import subprocess

import pytest

from crudctl.build import pattern

ATOMS = [
    *(
        "a",
        "b",
        "1",
        " ",
        ".",
        r"\d",
        r"\w",
        r"\s",
        r"\D",
        r"\W",
        r"\S",
        r"\b",
        r"\B",
        "^",
        "$",
        "(a)",
        "(?:b",
        "(",
        ")",
    ),
    *(
        "(?<x>",
        r"\k<x>",
        r"\1",
        r"\2",
        "[",
        "]",
        "[^",
        "a-z",
        "-",
        r"\-",
        r"\/",
        "/",
        "{2}",
        "{1,3}",
        "{,2}",
        "*",
        "+",
        "?",
    ),
    *(
        "*?",
        "|",
        "(?=",
        "(?!",
        "(?<=",
        "(?<!",
        r"\cA",
        r"\0",
        r"\x41",
        r"\u0041",
        r"\u{1F600}",
        r"\ud83d\ude00",
        r"\p{L}",
    ),
    *(
        r"\q",
        r"\A",
        r"\Z",
        "(?i)",
        "(?P<x>a)",
        "(?#c)",
        "(?>a)",
        r"\n",
        "\n",
        "é",
        "\u2028",
        "😀",
        r"\.",
        "[]",
        "[^]",
        "}",
    ),
    *(r"[\d-a]", r"[\b]", r"\]", "{", "&&", "[a&&b]", "~", "#", "[a--b]", r"[\w\-]", "a{2,1}", "(?i:a)", "$)", r"\$"),
]
CHARACTERS = "abc1٣ \n\r\u2028\ufeff\x85é😀_-/A\x01\0\b[]&\u180e\x1c{}$"
NODE = """
const cases = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(cases.map(([pattern, texts]) => {
  let expression;
  try { expression = new RegExp(pattern, 'u'); } catch { return null; }
  return texts.map((text) => expression.test(text));
})));
"""


def in_node(cases: list[tuple[str, list[str]]]) -> list[list[bool] | None]:
    """Return for each pattern whether Node finds it in each text; None if it is not valid there."""
    command = ["node", "-e", NODE]
    result = subprocess.run(command, input=json.dumps(cases), capture_output=True, text=True, check=True, timeout=60)
    verdicts: list[list[bool] | None] = json.loads(result.stdout)
    return verdicts


def translated(text: str) -> str | None:
    try:
        return pattern.translate(text)
    except pattern.PatternError:
        return None


def random_case(seed: int) -> tuple[str, list[str]]:
    generator = random.Random(seed)
    text = "".join(generator.choice(ATOMS) for _ in range(generator.randint(1, 6)))
    texts = ["".join(generator.choice(CHARACTERS) for _ in range(generator.randint(0, 5))) for _ in range(12)]
    return text, ["", "\n", "a\n", *texts]


def test_random_patterns_mean_the_same_to_the_functions_as_to_node() -> None:
    cases = [random_case(seed) for seed in range(12_000)]
    accepted = 0
    for (text, texts), verdict in zip(cases, in_node(cases), strict=True):
        expression = translated(text)
        if expression is None:
            continue
        accepted += 1
        assert verdict is not None, f"Node refuses {text!r}"
        assert [bool(re.search(expression, one)) for one in texts] == verdict, (text, expression)
    assert accepted > 1000


def test_almost_every_pattern_that_node_runs_is_translated() -> None:
    cases = [random_case(seed) for seed in range(20_000, 26_000)]
    valid = [case for case, verdict in zip(cases, in_node(cases), strict=True) if verdict is not None]
    refused = [text for text, _ in valid if translated(text) is None]
    without_reason = [text for text in refused if not re.search(r"\\p|\\[12k]|\(\?<[=!]", text)]
    assert without_reason == []


@pytest.mark.parametrize(
    ("text", "matching", "other"),
    [
        ("^a$", ["a"], ["a\n", "A"]),
        ("(^a$|^b$)", ["a", "b"], ["a\n", "ab"]),
        (r"^\d+$", ["12"], ["٣", "1\n"]),
        (r"^\w$", ["a", "_"], ["é"]),
        (r"^\s$", [" ", "\ufeff", "\u2028", "\xa0"], ["\x85", "\x1c", "\u180e"]),
        (r"^\S$", ["é", "😀"], [" ", "\u3000"]),
        ("^.$", ["é", "😀", "\x85"], ["\n", "\u2028", ""]),
        (r"^[^]$", ["\n", "😀"], [""]),
        ("a[]", [], ["a", ""]),
        (r"^(?<x>a|b)\k<x>$", ["aa", "bb"], ["ab"]),
        (r"^(?:(a)|b)\1$", ["aa", "b"], ["ab", "ba"]),
        (r"^(?=(a|b)\1)[ab]+$", ["aab", "bb"], ["ab"]),
        (r"^[\w.-]+$", ["a.b-c"], ["a b"]),
        (r"^\/\$\-?$".replace(r"\-", "-"), ["/$", "/$-"], ["/"]),
        (r"^\cJ$", ["\n"], ["J"]),
        (r"^\u{1F600}\ud83d\ude00$", ["😀😀"], ["😀"]),
        (r"^[\u{1F600}-\u{1F602}]$", ["😁"], ["😃"]),
        (r"\ba\b", ["a", "é a"], ["ab"]),
        (r"^\B$", [""], ["a"]),
        (r"^(?=.*\d)(?!.* ).{3}$", ["ab1"], ["abc", "a 1"]),
        (r"(?<=€)\d", ["€5"], ["$5"]),
        ("^[[&~|]+$", ["[&", "|~"], ["a"]),
        ("^a{2}b{1,}c{0,2}?$", ["aab", "aabbcc"], ["ab", "aabccc"]),
    ],
)
def test_a_pattern_matches_what_ecma_262_says(text: str, matching: list[str], other: list[str]) -> None:
    expression = pattern.translate(text)
    assert in_node([(text, [*matching, *other])]) == [[True] * len(matching) + [False] * len(other)]
    assert [bool(re.search(expression, one)) for one in [*matching, *other]] == [True] * len(matching) + [False] * len(
        other
    )


@pytest.mark.parametrize(
    "text",
    [
        *(
            "(?i)a",
            "(?P<x>a)",
            r"\Aa",
            r"a\Z",
            r"a\z",
            "(?#x)",
            "(?>a)",
            "a++",
            "a*+",
            "a{2}+",
            r"\e",
            r"\ ",
            "{",
            "}",
            "]",
        ),
        *(
            "a{1",
            "*a",
            "(?=a)*",
            "^*",
            r"\b+",
            "[b-a]",
            r"[\d-z]",
            r"\u{110000}",
            r"\ud800",
            r"\x4",
            r"\c1",
            r"\01",
            r"\8",
        ),
        *("(?<x>a)(?<x>b)", "(?<1>a)", r"\k<y>", "(", ")", "[", "(?", "(?<", "\\", "a{65536}", "(" * 60 + ")" * 60),
    ],
)
def test_what_is_not_ecma_262_is_refused_with_the_character(text: str) -> None:
    with pytest.raises(pattern.PatternError, match=r"\(at character \d+\)|groups within groups"):
        pattern.translate(text)
