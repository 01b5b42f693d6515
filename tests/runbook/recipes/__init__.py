"""What happens before and between the commands of each section: by title, a function that lets a fault happen and ends it."""

from __future__ import annotations

from tests.runbook.recipes import alarms, contributing, data, gateway, people, releases
from tests.runbook.steps import Recipe

RUNBOOK: dict[str, Recipe] = alarms.RECIPES | releases.RECIPES | people.RECIPES | gateway.RECIPES | data.RECIPES
CONTRIBUTING: dict[str, Recipe] = contributing.RECIPES
