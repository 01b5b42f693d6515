"""The grammar and the types of metric math: what CloudWatch accepts as an expression. Evaluates nothing.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from emulator.cloudwatch import searches, statistics

NUMBER, SERIES, LIST = "a number", "a time series", "a list of time series"  # S, TS and TS[] of the page
LONGEST = 2048  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
ID = re.compile("[a-z][a-zA-Z0-9_]{0,254}")
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?) | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | '(?P<single>[^']*)' | "(?P<double>[^"]*)" | (?P<sign>&&|\|\||==|!=|<=|>=|[-+*/^<>()\[\],]))""",
    re.VERBOSE,
)
# Weakest first. AWS documents no precedence; this is the usual one, and expressions here use parentheses where it matters.
LEVELS = ({"OR"}, {"AND"}, {"==", "!=", "<=", ">=", "<", ">"}, {"+", "-"}, {"*", "/"}, {"^"})
WORDS = {"&&": "AND", "||": "OR"}
LOGICAL = LEVELS[0] | LEVELS[1] | LEVELS[2]

Form = tuple[tuple[str, ...], str]  # the types of the arguments, and of the result
EACH: tuple[Form, ...] = (((SERIES,), SERIES), ((LIST,), LIST))
TOTAL: tuple[Form, ...] = (((SERIES,), NUMBER), ((LIST,), SERIES))
FILLED = tuple(
    ((of, by), of) for of in (SERIES, LIST) for by in (NUMBER, SERIES, "REPEAT", "LINEAR")
)  # fmt: skip
CHOSEN: tuple[Form, ...] = (
    *(((SERIES, then, other), SERIES) for then in (SERIES, NUMBER) for other in (SERIES, NUMBER)),
    *(((SERIES, then), SERIES) for then in (SERIES, NUMBER)),
    ((NUMBER, SERIES, SERIES), SERIES),
    ((NUMBER, SERIES), SERIES),
)
SORTED: tuple[Form, ...] = tuple(
    ((LIST, by, order, *limit), LIST)
    for by in ("AVG", "MIN", "MAX", "SUM") for order in ("ASC", "DESC") for limit in ((), (NUMBER,))
)  # fmt: skip
FUNCTIONS: Mapping[str, tuple[Form, ...]] = {
    **dict.fromkeys(("ABS", "CEIL", "DIFF", "DIFF_TIME", "FLOOR", "LOG", "LOG10", "RATE", "RUNNING_SUM"), EACH),
    **dict.fromkeys(("AVG", "DATAPOINT_COUNT", "MAX", "MIN", "STDDEV", "SUM"), TOTAL),
    **dict.fromkeys(("MINUTE", "HOUR", "DAY", "DATE", "MONTH", "YEAR", "EPOCH"), (((SERIES,), SERIES),)),
    **dict.fromkeys(("FIRST", "LAST"), (((LIST,), SERIES),)),
    "ANOMALY_DETECTION_BAND": (((SERIES,), LIST), ((SERIES, NUMBER), LIST)),
    "FILL": FILLED,
    "IF": CHOSEN,
    "INSIGHT_RULE_METRIC": ((("text", "text"), SERIES),),
    "METRIC_COUNT": (((LIST,), NUMBER),),
    "METRICS": (((), LIST), (("text",), LIST)),
    "PERIOD": (((SERIES,), NUMBER),),
    "REMOVE_EMPTY": (((LIST,), LIST),),
    "SEARCH": ((("text", "text"), LIST), (("text", "text", NUMBER), LIST)),
    "SERVICE_QUOTA": (((SERIES,), SERIES),),
    "SLICE": (((LIST, NUMBER), LIST), ((LIST, NUMBER, NUMBER), LIST)),
    "SORT": SORTED,
    "TIME_SERIES": (((NUMBER,), SERIES),),
}
KEYWORDS = {"REPEAT", "LINEAR", "ASC", "DESC", "AVG", "MIN", "MAX", "SUM"}
# Their value depends on how many periods are read, and an alarm reads more than it evaluates.
UNFIT_FOR_ALARMS = {"AVG", "DATAPOINT_COUNT", "MAX", "MIN", "REMOVE_EMPTY", "RUNNING_SUM", "STDDEV", "SUM"}


class Invalid(ValueError):
    """CloudWatch refuses the expression, or a part of the request with it."""


@dataclass(frozen=True)
class Number:
    """A number."""

    value: float


@dataclass(frozen=True)
class Name:
    """The id of a metric or of another expression."""

    id: str


@dataclass(frozen=True)
class Text:
    """A string in quotes, or a keyword such as REPEAT."""

    value: str
    keyword: bool = False


@dataclass(frozen=True)
class List:
    """Several time series in brackets."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Minus:
    """A negated value."""

    of: Node


@dataclass(frozen=True)
class Operation:
    """An operator between two values."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Call:
    """A function of its arguments."""

    function: str
    arguments: tuple[Node, ...]


Node = Number | Name | Text | List | Minus | Operation | Call


def parse(expression: str) -> Node:
    """Return the tree of an expression. Raise Invalid when it is not metric math; types are not checked."""
    if not 0 < len(expression) <= LONGEST:
        raise Invalid(f"An expression has 1 to {LONGEST} characters, and this one has {len(expression)}")
    parser = _Parser(expression)
    tree = parser.level(0)
    if parser.ahead:
        raise parser.unexpected()
    return tree


def type_of(node: Node, named: Callable[[str], str]) -> str:
    """Return NUMBER, SERIES or LIST. Raise Invalid for an operator or a function with values that it does not take.

    Args:
        named: returns the type of what has an id.
    """
    match node:
        case Number():
            return NUMBER
        case Name(id=name):
            return named(name)
        case Text(value=value):
            raise Invalid(f"'{value}' is no value")
        case List(parts=parts):
            if NUMBER in {type_of(part, named) for part in parts}:
                raise Invalid("A list of time series contains a number")
            return LIST
        case Minus(of=of):
            return type_of(of, named)
        case Operation(sign=sign, left=left, right=right):
            return _combined(sign, type_of(left, named), type_of(right, named))
        case Call(function=function, arguments=arguments):
            return _returned(function, arguments, named)


def names(node: Node) -> Iterator[str]:
    """Yield the ids that an expression names."""
    match node:
        case Name(id=name):
            yield name
        case List(parts=parts) | Call(arguments=parts):
            for part in parts:
                yield from names(part)
        case Minus(of=of):
            yield from names(of)
        case Operation(left=left, right=right):
            yield from names(left)
            yield from names(right)


def calls(node: Node) -> Iterator[Call]:
    """Yield the calls of functions in an expression."""
    match node:
        case List(parts=parts):
            for part in parts:
                yield from calls(part)
        case Call(arguments=parts):
            yield node
            for part in parts:
                yield from calls(part)
        case Minus(of=of):
            yield from calls(of)
        case Operation(left=left, right=right):
            yield from calls(left)
            yield from calls(right)


def check(metrics: list[str], expressions: Mapping[str, str]) -> dict[str, str]:
    """Check the expressions of one request and return the type of each, by id.

    Args:
        metrics: the ids of metrics.
        expressions: by id; they may name metrics and each other.

    Raise Invalid for what CloudWatch refuses: an id that is not one or not unique, grammar, types, an unknown id or a circle, and
    a number as result.
    """
    every = [*metrics, *expressions]
    if wrong := [each for each in every if not ID.fullmatch(each)]:
        raise Invalid(f"Id '{wrong[0]}': use letters, digits and _, a lower-case letter first")
    if len(set(every)) < len(every):
        raise Invalid(f"The ids {', '.join(sorted({each for each in every if every.count(each) > 1}))} are not unique")
    trees = {name: parse(text) for name, text in expressions.items()}
    types = dict.fromkeys(metrics, SERIES)

    def named(name: str, trail: tuple[str, ...] = ()) -> str:
        if name not in types:
            if name in trail or name not in trees:
                raise Invalid(f"{'The expressions form a circle at' if name in trail else 'Unknown id'} {name}")
            types[name] = type_of(trees[name], lambda inner: named(inner, (*trail, name)))
        return types[name]

    for name in trees:
        if named(name) == NUMBER:
            raise Invalid(f"{name} must be a time series, and is a number")
    return {name: types[name] for name in trees}


def _combined(sign: str, left: str, right: str) -> str:
    """Return the type of an operation on two values."""
    if LIST not in (left, right):
        return NUMBER if left == right == NUMBER else SERIES
    if sign in LOGICAL or left == right:
        raise Invalid(f"{sign} does not take {left} and {right}")
    return LIST


def _returned(function: str, arguments: tuple[Node, ...], named: Callable[[str], str]) -> str:
    """Return the type of a function's result."""
    given = tuple(_argument(each, named) for each in arguments)
    for expected, result in FUNCTIONS[function]:
        if given == expected:
            if function == "SEARCH":
                _check_search(arguments)
            if function == "PERIOD" and not isinstance(arguments[0], Name):
                raise Invalid("PERIOD takes a metric, not the result of an expression")
            return result
    raise Invalid(f"{function} does not take ({', '.join(given)})")


def _argument(node: Node, named: Callable[[str], str]) -> str:
    if isinstance(node, Text):
        return node.value if node.keyword else "text"
    return type_of(node, named)


def _check_search(arguments: tuple[Node, ...]) -> None:
    terms, statistic = arguments[:2]
    assert isinstance(terms, Text)
    assert isinstance(statistic, Text)
    try:
        searches.parse(terms.value)
    except searches.InvalidSearch as error:
        raise Invalid(str(error)) from error
    if not statistics.valid(statistic.value):
        raise Invalid(f"Unknown statistic {statistic.value}")


class _Parser:
    """Reads one expression, a token ahead. `ahead` is empty at the end."""

    def __init__(self, expression: str) -> None:
        self._expression, self._at = expression, 0
        self._next()

    def unexpected(self) -> Invalid:
        """Return the error about the present token."""
        return Invalid(f"Unexpected {self.ahead or 'end'} in expression {self._expression}")

    def _next(self) -> None:
        rest = self._expression[self._at :]
        if not rest.strip():
            self._kind = self.ahead = ""
            return
        match = _TOKEN.match(rest)
        if not match:
            raise Invalid(f"Unexpected {rest.strip()[0]} in expression {self._expression}")
        self._at += match.end()
        self._kind = str(match.lastgroup)
        self._value = match[self._kind]
        self.ahead = match[0].strip()
        if self._kind in ("sign", "word"):
            self.ahead = WORDS.get(self.ahead, self.ahead)

    def level(self, number: int) -> Node:
        """Return the tree of operators that bind at least as strongly as those of a level."""
        if number == len(LEVELS):
            return self._value_of()
        left = self.level(number + 1)
        while self._kind in ("sign", "word") and self.ahead in LEVELS[number]:
            sign = self.ahead
            self._next()
            left = Operation(sign, left, self.level(number + 1))
        return left

    def _value_of(self) -> Node:
        kind, sign = self._kind, self.ahead
        value = self._value if kind else ""
        if kind == "sign" and sign == "-":
            self._next()
            return Minus(self._value_of())
        if kind == "sign" and sign in ("(", "["):
            return self._group(sign)
        if kind not in ("number", "single", "double", "word"):
            raise self.unexpected()
        self._next()
        if kind == "number":
            return Number(float(value))
        if kind != "word":
            return Text(value)
        if self.ahead == "(" and self._kind == "sign":
            return self._call(value)
        if value in KEYWORDS:
            return Text(value, keyword=True)
        if not ID.fullmatch(value):
            raise Invalid(f"Unknown word {value}: ids begin with a lower-case letter")
        return Name(value)

    def _group(self, opened: str) -> Node:
        self._next()
        if opened == "[":
            return List(self._until("]"))
        inner = self.level(0)
        self._expect(")")
        return inner

    def _call(self, function: str) -> Node:
        if function not in FUNCTIONS:
            raise Invalid(f"Unknown function {function}")
        self._next()
        if self.ahead == ")":
            self._next()
            return Call(function, ())
        return Call(function, self._until(")"))

    def _until(self, closing: str) -> tuple[Node, ...]:
        parts = [self.level(0)]
        while self.ahead == ",":
            self._next()
            parts.append(self.level(0))
        self._expect(closing)
        return tuple(parts)

    def _expect(self, sign: str) -> None:
        if self.ahead != sign:
            raise self.unexpected()
        self._next()
