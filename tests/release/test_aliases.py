"""Five aliases move as one: if one of them cannot be moved, none has moved."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from crudctl.release.aliases import ATTEMPTS, PAUSE, PROD, Aliases, NotMoved, Position
from tests.release.simulation import OPERATIONS, Aws, Call, refused, refusing


@pytest.fixture
def aws() -> Aws:
    return Aws()


def unplugged(**_: Any) -> None:
    """Lose the connection."""
    raise ConnectionClosedError(endpoint_url="https://lambda.eu-west-2.amazonaws.com")


def aliases(aws: Aws) -> Aliases:
    return Aliases(aws.client("lambda"), aws.functions, "tests", sleep=aws.sleep)


def unfenced() -> None:
    """Let every write pass."""


def split(aws: Aws) -> dict[str, Position]:
    """Publish versions, and return the positions at which `prod` sends 10 % of the traffic to them."""
    return {name: Position("1", version, 0.1) for name, version in aws.publish().items()}


def written_and_lost(aws: Aws, **arguments: Any) -> None:
    """Carry out a write, and lose the response."""
    aws.lambda_.update_alias(**arguments)
    raise refused("ServiceException")


def one_function(n: int, call: Call) -> Call:
    """Return what calls `call` at the n-th request, and at all later requests about the same function."""
    left, chosen = n, ""

    def meet(**arguments: Any) -> None:
        nonlocal left, chosen
        left -= 1
        chosen = arguments["FunctionName"] if left == 0 else chosen
        if arguments["FunctionName"] == chosen:
            call(**arguments)

    return meet


@pytest.mark.parametrize(("n", "call"), [(1, refusing), (3, refusing), (5, refusing), (3, unplugged)])
def test_a_write_that_fails_leaves_no_alias_moved(aws: Aws, n: int, call: Call) -> None:
    before = aws.places()
    aws.meets("lambda", "update_alias", one_function(n, call))
    with pytest.raises(NotMoved):
        aliases(aws).move(PROD, split(aws), lambda *_: True, unfenced)
    assert aws.places() == before


def rounding(call: Call) -> Call:
    """Let Lambda keep weights to whole percents, and then call `call`, as Lambda may: AWS does not document their precision."""

    def meet(**arguments: Any) -> None:
        weights = arguments["RoutingConfig"]["AdditionalVersionWeights"]
        weights |= {version: round(weight, 2) for version, weight in weights.items()}
        call(**arguments)

    return meet


@pytest.mark.parametrize("weight", [1 / 3, 2 / 3, 0.125, 0.0001, 0.995])
def test_aliases_whose_weights_lambda_rounds_are_all_moved_or_all_put_back(aws: Aws, weight: float) -> None:
    before = aws.places()
    wanted = {name: Position("1", version, weight) for name, version in aws.publish().items()}
    aws.meets("lambda", "update_alias", rounding(one_function(3, refusing)))
    with pytest.raises(NotMoved):
        aliases(aws).move(PROD, wanted, lambda *_: True, unfenced)
    assert aws.places() == before
    aws.meets("lambda", "update_alias", rounding(lambda **arguments: written_and_lost(aws, **arguments)))
    aliases(aws).move(PROD, wanted, lambda *_: True, unfenced)
    assert aws.places()[PROD] == wanted


def test_an_alias_at_an_unknown_position_stops_the_move_before_it_begins(aws: Aws) -> None:
    wanted = split(aws)
    aws.put(PROD, "get_item", Position("2"))
    moved = aws.places()
    aws.meets("lambda", "update_alias", refusing)
    with pytest.raises(NotMoved, match=r"alias prod of get_item is at 2: something else moves it"):
        aliases(aws).move(PROD, wanted, lambda _, position: position == Position("1"), unfenced)
    assert aws.places() == moved


def test_an_alias_that_cannot_be_put_back_is_tried_again_with_growing_pauses(aws: Aws) -> None:
    began = aws.clock()
    aws.meets("lambda", "update_alias", one_function(2, refusing))
    wanted = dict.fromkeys(OPERATIONS, Position("1"))
    left = aliases(aws).put_back(PROD, wanted, lambda *_: True, unfenced)
    assert left == ([OPERATIONS[1]], {})
    assert aws.clock() - began == PAUSE * sum(range(ATTEMPTS))


def test_a_write_whose_response_is_lost_has_moved_the_alias(aws: Aws) -> None:
    wanted = split(aws)

    aws.meets("lambda", "update_alias", lambda **arguments: written_and_lost(aws, **arguments))
    aliases(aws).move(PROD, wanted, lambda *_: True, unfenced)
    assert aws.places()[PROD] == wanted
