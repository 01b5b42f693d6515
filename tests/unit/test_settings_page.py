"""docs/settings.md lists every variable of infra/ as it is today."""

from __future__ import annotations

import importlib.util
import re
from types import ModuleType

from tests.stack import ROOT


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("write_settings", ROOT / "scripts" / "write_settings.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_has_the_variables_of_today() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert script().page(text) == text, "Run scripts/write_settings.py."


def test_the_page_leaves_out_no_variable_of_the_root() -> None:
    """The others are set by crudctl, in terraform.tfvars.json, or beside the functions."""
    found = {
        name
        for file in (ROOT / "infra").glob("*.tf")
        for name in re.findall(r'^variable "(\w+)"', file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    module = script()
    assert found == {name for name, _, _ in module.variables()} | module.ELSEWHERE
