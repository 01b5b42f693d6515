"""Metric math: the value of a CloudWatch expression. Pure; knows neither alarms nor the store of data points.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Series = dict[int, float]  # value by time, or by number of the period
Value = float | Series | list[Series]
Search = Callable[[str, str, int | None], list[Series]]  # terms, statistic, period in seconds if it is given

OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
    ast.And: lambda left, right: bool(left) and bool(right), ast.Or: lambda left, right: bool(left) or bool(right),
}  # fmt: skip
WORDS = {"AND": "and", "OR": "or", "&&": " and ", "||": " or "}
FUNCTIONS = ("IF", "FILL", "SUM", "TIME_SERIES", "METRICS", "SEARCH")


class Unsupported(ValueError):
    """An expression is invalid, or uses a part of metric math that is not supported here."""


def parse(expression: str) -> ast.expr:
    """Return the tree of an expression. Raises Unsupported."""
    quoted = re.split(r"('[^']*')", expression)
    quoted[::2] = [re.sub(r"\bAND\b|\bOR\b|&&|\|\|", lambda match: WORDS[match[0]], part) for part in quoted[::2]]
    try:
        tree = ast.parse("".join(quoted).strip(), mode="eval").body
    except SyntaxError as error:
        raise Unsupported(f"Invalid expression {expression}: {error.msg}") from error
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if not isinstance(call.func, ast.Name) or call.func.id not in FUNCTIONS:
            raise Unsupported(f"Unsupported function {ast.unparse(call.func)}: use one of {', '.join(FUNCTIONS)}")
    return tree


class Evaluation:
    """Evaluates expressions over the same series.

    Args:
        metrics: the series by id.
        expressions: by id; they may name metrics and each other.
        times: the times of the whole range, which FILL fills.
        search: returns the series that match a SEARCH; None if it is not allowed, as in alarms.
    """

    def __init__(
        self,
        metrics: Mapping[str, Series],
        expressions: Mapping[str, str],
        times: Sequence[int],
        search: Search | None = None,
    ) -> None:
        self._metrics = metrics
        self._expressions = {name: parse(text) for name, text in expressions.items()}
        self._times = times
        self._search = search

    def of(self, name: str) -> Value:
        """Return the value of a metric or an expression. Raises Unsupported."""
        if name in self._metrics:
            return self._metrics[name]
        if name not in self._expressions:
            raise Unsupported(f"Unknown id {name}")
        return self._value(self._expressions[name])

    def _value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name):
                return self.of(name)
            case ast.List(elts=parts):
                return list(self._listed(parts))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return combined(operator.sub, 0.0, self._value(operand))
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in OPERATORS:
                return combined(OPERATORS[type(sign)], self._value(left), self._value(right))
            case ast.Compare(left=left, ops=[sign], comparators=[right]) if type(sign) in OPERATORS:
                return combined(OPERATORS[type(sign)], self._value(left), self._value(right))
            case ast.BoolOp(op=sign, values=[first, *others]):
                value = self._value(first)
                for other in others:
                    value = combined(OPERATORS[type(sign)], value, self._value(other))
                return value
            case ast.Call(func=ast.Name(id=function), args=arguments):
                return self._call(function, arguments)
        raise Unsupported(f"Unsupported expression {ast.unparse(node)}")

    def _call(self, function: str, arguments: list[ast.expr]) -> Value:
        match function, arguments:
            case "METRICS", []:
                return list(self._metrics.values())
            case "SUM", [of]:
                return summed(self._value(of))
            case "TIME_SERIES", [of]:
                number = self._value(of)
                if not isinstance(number, float):
                    raise Unsupported("TIME_SERIES requires a number")
                return {} if math.isnan(number) else dict.fromkeys(self._times, number)
            case "FILL", [of, ast.Constant(value=int() | float() as number)]:
                series = self._value(of)
                if isinstance(series, dict):
                    return {time: series.get(time, float(number)) for time in self._times}
            case "IF", [condition, then, otherwise]:
                return chosen(self._value(condition), self._value(then), self._value(otherwise))
            case "SEARCH", [ast.Constant(value=str(terms)), ast.Constant(value=str(statistic)), *period] if (
                self._search
            ):
                seconds = ast.literal_eval(period[0]) if period else None
                return self._search(terms, statistic, seconds)
        raise Unsupported(f"Unsupported arguments of {function}")

    def _listed(self, parts: Iterable[ast.expr]) -> Iterable[Series]:
        for part in parts:
            value = self._value(part)
            if isinstance(value, float):
                raise Unsupported("A list of time series contains a number")
            yield from value if isinstance(value, list) else [value]


def combined(sign: Callable[[float, float], float], left: Value, right: Value) -> Value:
    """Return the result of an operation at each time that both have, except where it divides by zero."""
    if isinstance(left, list) or isinstance(right, list):
        raise Unsupported("Operators do not support lists of time series")
    if not isinstance(left, dict) and not isinstance(right, dict):
        return math.nan if sign is operator.truediv and right == 0 else float(sign(left, right))
    times = [
        time for time in (left if isinstance(left, dict) else _series(right)) if _has(left, time) and _has(right, time)
    ]
    pairs = {time: (_at(left, time), _at(right, time)) for time in times}
    if sign is operator.truediv:
        pairs = {time: pair for time, pair in pairs.items() if pair[1] != 0}
    return {time: float(sign(*pair)) for time, pair in pairs.items()}


def chosen(condition: Value, then: Value, otherwise: Value) -> Value:
    """Return `then` at each time at which the condition is not zero, and `otherwise` at the others."""
    if not isinstance(condition, dict):
        return then if condition else otherwise
    picked = {time: then if value else otherwise for time, value in condition.items()}
    return {time: _at(source, time) for time, source in picked.items() if _has(source, time)}


def summed(value: Value) -> Value:
    """Return the total of one series; for several, their sum at each time that any has."""
    if isinstance(value, list):
        times = sorted({time for series in value for time in series})
        return {time: sum(series[time] for series in value if time in series) for time in times}
    return float(sum(value.values())) if isinstance(value, dict) else value


def _series(value: Any) -> Series:
    assert isinstance(value, dict)
    return value


def _has(value: Value, time: int) -> bool:
    return not isinstance(value, dict) or time in value


def _at(value: Value, time: int) -> float:
    if isinstance(value, list):
        raise Unsupported("A list of time series is used where one is required")
    return value[time] if isinstance(value, dict) else value
