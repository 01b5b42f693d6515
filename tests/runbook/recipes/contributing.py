"""The sections of CONTRIBUTING with commands."""

from __future__ import annotations

from tests.runbook.steps import Recipe, Steps


def deployed(steps: Steps) -> None:
    """The tests that are derived from the contract, on the API at an address."""
    steps.next("export API_URL")
    steps.next("export API_TOKENS")
    printed = steps.next(".venv/bin/pytest")
    assert " passed" in printed
    assert "failed" not in printed


RECIPES: dict[str, Recipe] = {"Test what is deployed": deployed}
