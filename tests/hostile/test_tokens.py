"""Nobody gets in with a token that the pool did not issue for this API, or with one that it would not issue."""

from __future__ import annotations

from tests.hostile.attack import Gateway, try_tokens
from tests.hostile.conftest import DEPLOYED
from tests.hostile.tokens import TOKENS, Forge


def test_no_token_but_a_valid_one_gets_in(gateway: Gateway, forge: Forge) -> None:
    cases = [case for case in TOKENS if not (DEPLOYED and case.needs_key)]
    assert len(cases) >= 60
    wrong = list(try_tokens(gateway, forge, cases))
    assert not wrong, "\n".join(wrong)


def test_every_token_has_a_name_of_its_own() -> None:
    assert len({case.name for case in TOKENS}) == len(TOKENS)
