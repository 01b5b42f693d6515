"""No request of a caller makes the service fail, or respond with what the contract does not describe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.hostile.attack import Gateway, try_inputs, try_raw
from tests.hostile.inputs import inputs, thinned
from tests.hostile.raw import RAW, methods, paths

EVERY = 7  # the long form sends all of them


def test_no_value_makes_the_service_fail_or_is_accepted_against_the_contract(gateway: Gateway) -> None:
    sample: Mapping[str, Any] = gateway.described.sample
    cases = list(thinned(inputs(gateway.documented, sample), EVERY))
    assert len(cases) >= 600 - len(RAW)
    wrong = list(try_inputs(gateway, cases))
    assert not wrong, "\n".join(wrong)


def test_no_octets_make_the_gateway_fail_or_hide_a_request(gateway: Gateway) -> None:
    wrong = [*try_raw(gateway, RAW, signed_in=True), *try_raw(gateway, [*methods(), *paths()], signed_in=False)]
    assert not wrong, "\n".join(wrong)
