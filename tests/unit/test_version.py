"""The one version that the API, the command and the web app share, and the changelog that describes it."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date

import yaml

from tests.stack import ROOT

CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
RELEASES = re.findall(r"^## (\d+\.\d+\.\d+) - (\d{4}-\d{2}-\d{2})$", CHANGELOG, re.MULTILINE)


def test_api_command_and_web_app_carry_the_version_of_the_newest_release() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    contract = yaml.safe_load((ROOT / "contract" / "openapi.yaml").read_text(encoding="utf-8"))["info"]
    package = json.loads((ROOT / "web" / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text(encoding="utf-8"))
    found = {
        "pyproject.toml": project["version"],
        "contract/openapi.yaml": contract["version"],
        "web/package.json": package["version"],
        "web/package-lock.json": lock["version"],
        "web/package-lock.json, root package": lock["packages"][""]["version"],
    }
    assert found == dict.fromkeys(found, RELEASES[0][0])


def test_changelog_headings_are_dated_releases_newest_first() -> None:
    headings = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
    assert [heading for heading in headings if heading != "Unreleased"] == [" - ".join(each) for each in RELEASES]
    assert "Unreleased" not in headings[1:]
    versions = [tuple(map(int, version.split("."))) for version, _ in RELEASES]
    assert versions == sorted(set(versions), reverse=True)
    dates = [date.fromisoformat(day) for _, day in RELEASES]
    assert dates == sorted(dates, reverse=True)
