"""The sections about releases: one is begun as `release start` begins it, and goes wrong as the page says."""

from __future__ import annotations

from tests.runbook.steps import Recipe

RECIPES: dict[str, Recipe] = {}
