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


def test_the_sign_in_pages_have_the_colours_of_the_web_app() -> None:
    """The classic page accepts rules for these classes only.

    https://docs.aws.amazon.com/cognito/latest/developerguide/hosted-ui-classic-branding.html
    """
    colours = set(re.findall(r"#([0-9a-f]{6})", (ROOT / "web" / "src" / "tokens.css").read_text(encoding="utf-8")))
    classic = (ROOT / "infra" / "sign_in" / "classic.css").read_text(encoding="utf-8")
    managed = (ROOT / "infra" / "sign_in" / "managed.json").read_text(encoding="utf-8")
    assert set(re.findall(r"#([0-9a-f]+);", classic)) <= colours
    assert {colour[:6] for colour in re.findall(r'olor": "([0-9a-f]{6}ff)"', managed)} <= colours
    assert re.findall(r'olor": "(?![0-9a-f]{6}ff")', managed) == []
    assert set(re.findall(r"^\.([\w-]+)-customizable(?::hover|:focus)? \{[^{}]*\}$", classic, re.MULTILINE)) <= {
        "background", "banner", "errorMessage", "idpButton", "idpDescription", "inputField", "label", "legalText", "logo",
        "passwordCheck-notValid", "passwordCheck-valid", "redirect", "socialButton", "submitButton", "textDescription",
    }  # fmt: skip
    assert len(classic.splitlines()) == classic.count("-customizable") > 0
