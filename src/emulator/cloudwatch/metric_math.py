"""Metric math: the value of a CloudWatch expression. Pure; knows neither alarms nor the store of data points.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from emulator.cloudwatch import expressions
from emulator.cloudwatch.expressions import Call, List, Minus, Name, Node, Number, Operation, Text

Series = dict[int, float]  # value by time, or by number of the period
Value = float | Series | list[Series]
Search = Callable[[str, str, int | None], list[Series]]  # terms, statistic, period in seconds if it is given

OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "^": operator.pow,
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne,
    "AND": lambda left, right: bool(left) and bool(right), "OR": lambda left, right: bool(left) or bool(right),
}  # fmt: skip
FUNCTIONS = ("IF", "EPOCH", "FILL", "SUM", "TIME_SERIES", "METRICS", "SEARCH")


class Unsupported(expressions.Invalid):
    """An expression uses a part of metric math that is not supported here."""


class Evaluation:
    """Evaluates expressions over the same series.

    Args:
        metrics: the series by id.
        texts: the expressions by id; they may name metrics and each other.
        times: the times of the whole range, which FILL fills.
        search: returns the series that match a SEARCH; None if it is not allowed, as in alarms.
        epochs: epoch seconds by number of the period, if series are by that and not by time.

    Raise expressions.Invalid for what CloudWatch refuses, and Unsupported for functions that are not evaluated here.
    """

    def __init__(
        self,
        metrics: Mapping[str, Series],
        texts: Mapping[str, str],
        times: Sequence[int],
        search: Search | None = None,
        epochs: Mapping[int, int] | None = None,
    ) -> None:
        self.types = expressions.check(list(metrics), texts)
        self._metrics = metrics
        self._expressions = {name: expressions.parse(text) for name, text in texts.items()}
        for call in (call for tree in self._expressions.values() for call in expressions.calls(tree)):
            if call.function not in FUNCTIONS:
                raise Unsupported(f"Unsupported function {call.function}: use one of {', '.join(FUNCTIONS)}")
        self._times = times
        self._search = search
        self._epochs = epochs or {}

    def of(self, name: str) -> Value:
        """Return the value of a metric or an expression."""
        if name in self._metrics:
            return self._metrics[name]
        return self._value(self._expressions[name])

    def _value(self, node: Node) -> Value:
        match node:
            case Number(value=number):
                return number
            case Name(id=name):
                return self.of(name)
            case List(parts=parts):
                return list(self._listed(parts))
            case Minus(of=of):
                return combined(operator.sub, 0.0, self._value(of))
            case Operation(sign=sign, left=left, right=right):
                return combined(OPERATORS[sign], self._value(left), self._value(right))
            case Call(function=function, arguments=arguments):
                return self._call(function, arguments)
        raise Unsupported(f"Unsupported expression {node}")

    def _call(self, function: str, arguments: tuple[Node, ...]) -> Value:
        match function, arguments:
            case "METRICS", ():
                return list(self._metrics.values())
            case "METRICS", (Text(value=part),):
                return [series for name, series in self._metrics.items() if part in name]
            case "SUM", (of,):
                return summed(self._value(of))
            case "TIME_SERIES", (of,):
                number = self._value(of)
                assert isinstance(number, float)
                return {} if math.isnan(number) else dict.fromkeys(self._times, number)
            case "FILL", (of, Number(value=number)):
                series = self._value(of)
                if isinstance(series, dict):
                    return {time: series.get(time, number) for time in self._times}
            case "EPOCH", (of,):
                series = self._value(of)
                if isinstance(series, dict):
                    return {time: float(self._epochs.get(time, time)) for time in series}
            case "IF", (condition, then, *otherwise):
                other = self._value(otherwise[0]) if otherwise else {}
                return chosen(self._value(condition), self._value(then), other)
            case "SEARCH", (Text(value=terms), Text(value=statistic), *period) if self._search:
                seconds = int(period[0].value) if period and isinstance(period[0], Number) else None
                return self._search(terms, statistic, seconds)
        raise Unsupported(f"Unsupported arguments of {function}")

    def _listed(self, parts: Iterable[Node]) -> Iterable[Series]:
        for part in parts:
            value = self._value(part)
            assert not isinstance(value, float)
            yield from value if isinstance(value, list) else [value]


def combined(sign: Callable[[float, float], float], left: Value, right: Value) -> Value:
    """Return the result of an operation at each time that either has; a missing value is 0, and a division by 0 has no result."""
    if isinstance(left, list) or isinstance(right, list):
        raise Unsupported("Operators on lists of time series are not supported")
    if not isinstance(left, dict) and not isinstance(right, dict):
        return math.nan if sign is operator.truediv and right == 0 else float(sign(left, right))
    times = sorted({time for side in (left, right) if isinstance(side, dict) for time in side})
    pairs = {time: (_at(left, time), _at(right, time)) for time in times}
    if sign is operator.truediv:
        pairs = {time: pair for time, pair in pairs.items() if pair[1] != 0}
    return {time: float(sign(*pair)) for time, pair in pairs.items()}


def chosen(condition: Value, then: Value, otherwise: Value) -> Value:
    """Return `then`, or 0 if it has no value, at each time at which the condition is not zero; `otherwise` at the others."""
    if not isinstance(condition, dict):
        return then if condition else otherwise
    held = {time: _at(then, time) for time, value in condition.items() if value}
    failed = [time for time, value in condition.items() if not value]
    return held | {
        time: _at(otherwise, time) for time in failed if not isinstance(otherwise, dict) or time in otherwise
    }


def summed(value: Value) -> Value:
    """Return the total of one series; for several, their sum at each time that any has."""
    if isinstance(value, list):
        times = sorted({time for series in value for time in series})
        return {time: sum(series[time] for series in value if time in series) for time in times}
    return float(sum(value.values())) if isinstance(value, dict) else value


def _at(value: Any, time: int) -> float:
    if isinstance(value, list):
        raise Unsupported("A list of time series is used where one is required")
    return float(value.get(time, 0.0) if isinstance(value, dict) else value)
