"""The project's pages: their links and anchors, their copies for the documentation site, and the files that tools read first."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import build_docs
from tests.stack import ROOT

PAGES = sorted([*ROOT.glob("*.md"), ROOT / "llms.txt", *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").rglob("*.md")])
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
ABSENT = re.compile(r"web/dist|src/functions/operations\.py|infra/(ci/)?envs/stage\.")  # generated, or an example
NAMED = re.compile(r"`((?:contract|src|infra|web|tests|docs|bench|scripts)/[\w./-]*\w)(?:::\w+)?`")
HISTORY = {"CHANGELOG.md", "docs/decisions/0014-layers.md"}  # name files as they were
PUBLISHED = {"README.md": "index.md", "docs/cost.md": "cost.md", "docs/decisions/README.md": "decisions/README.md"}


def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return re.sub(r"^(```|~~~).*?^\1$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them: lower case, without punctuation, numbered when repeated."""
    found: dict[str, int] = {}
    result = set()
    for heading in re.findall(r"^#{1,6} (.*)$", prose(page), re.MULTILINE):
        text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
        result.add(f"{slug}-{found[slug]}" if slug in found else slug)
        found[slug] = found.get(slug, 0) + 1
    return result


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file_and_an_anchor_that_exist(page: Path) -> None:
    dead = []
    for link in re.findall(r"\]\(([^()\s]+)\)", re.sub(r"`[^`\n]*`", "", prose(page))):
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        if re.match("[a-z]+:", link):
            continue
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_of_the_project_that_a_page_names_exists(page: Path) -> None:
    named = set() if page.relative_to(ROOT).as_posix() in HISTORY else set(NAMED.findall(prose(page)))
    assert [file for file in sorted(named) if not ABSENT.match(file) and not (ROOT / file).exists()] == []


def test_table_of_folders_has_every_folder_of_the_sources() -> None:
    package, listed = "", set()
    for row in re.findall(r"^\| (`[^`]+`)? ?\| ([^|]*) \|", prose(ROOT / "docs" / "architecture.md"), re.MULTILINE):
        package = row[0].strip("`") or package
        listed |= {f"{package}/{folder}" for folder in re.findall(r"`(\w+)/`", row[1])}
    sources = [ROOT / "src" / name for name in ("functions", "emulator", "crudctl")] + [ROOT / "web" / "src"]
    folders = {path.parent.relative_to(ROOT).as_posix() for source in sources for path in source.glob("*/*.[pt]*")}
    assert listed == {folder for folder in folders if "__pycache__" not in folder}


def test_link_to_another_page_stays_a_link_to_that_page_on_the_site() -> None:
    text = "[costs](docs/cost.md#idle) and [why](docs/decisions/README.md), [here](#start), [out](https://example.com/a.md)"
    assert build_docs.relinked(text, "README.md", PUBLISHED) == (
        "[costs](cost.md#idle) and [why](decisions/README.md), [here](#start), [out](https://example.com/a.md)"
    )
    assert build_docs.relinked("[up](../cost.md)", "docs/decisions/README.md", PUBLISHED) == "[up](../cost.md)"


def test_link_to_a_source_file_leads_to_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCS_REPOSITORY", "https://git.example/team/orders/blob/main/")
    link = build_docs.relinked("see [`store.py`](../src/functions/store.py)", "docs/cost.md", PUBLISHED)
    assert link == "see [`store.py`](https://git.example/team/orders/blob/main/src/functions/store.py)"


def test_link_to_a_source_file_is_plain_text_when_the_repository_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCS_REPOSITORY", raising=False)
    assert build_docs.relinked("see [`a`](../Makefile).", "docs/cost.md", PUBLISHED) == "see `a`."


def test_code_on_a_page_is_left_as_it_is() -> None:
    text = "`[a](nope.md)`\n\n```md\n[b](nope.md)\n```\n"
    assert build_docs.relinked(text, "README.md", PUBLISHED) == text


def test_dead_link_ends_the_build_and_is_named() -> None:
    with pytest.raises(SystemExit, match=r"docs/cost.md: the link to \.\./src/nope\.py is dead"):
        build_docs.relinked("[a](../src/nope.py)", "docs/cost.md", PUBLISHED)


def test_every_page_is_on_the_site_and_in_its_menu_once() -> None:
    published = build_docs.pages()
    menu = build_docs.navigation(published)
    pages = [page for page in published.values() if page.endswith(".md")]
    assert len(pages) > 20
    assert [page for page in pages if menu.count(json.dumps(page)) != 1] == []
    assert len(set(published.values())) == len(published)


def test_relinked_pages_have_no_dead_link() -> None:
    published = build_docs.pages()
    for path in (path for path in published if path.endswith(".md")):
        build_docs.relinked((ROOT / path).read_text(encoding="utf-8"), path, published)


def test_llms_txt_has_the_form_that_llmstxt_org_describes() -> None:
    title, summary, rest = (ROOT / "llms.txt").read_text(encoding="utf-8").split("\n\n", 2)
    assert re.fullmatch("# [^\n]+", title)
    assert all(line.startswith("> ") for line in summary.splitlines())
    details, *sections = re.split(r"^## .+\n\n", rest, flags=re.MULTILINE)
    assert "\n#" not in details
    assert len(sections) > 2
    for section in sections:
        assert [line for line in section.splitlines() if line and not re.match(r"- \[[^]]+\]\([^)]+\): \S", line)] == []


def test_make_targets_that_agents_md_names_exist() -> None:
    text = (ROOT / "AGENTS.md").read_text(encoding="utf-8")
    targets = {word for words in re.findall(r"`make ([\w ./-]+)`", text) for word in words.split()}
    assert len(targets) > 8
    assert [target for target in sorted(targets) if f"\n{target}: " not in MAKEFILE] == []


def test_dev_container_has_the_versions_of_ci_and_sets_up_by_make() -> None:
    container: dict[str, Any] = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    setup = yaml.safe_load((ROOT / ".github" / "actions" / "setup" / "action.yml").read_text(encoding="utf-8"))
    versions = {step["uses"].split("@")[0]: step["with"] for step in setup["runs"]["steps"]}
    features = {name.split("/")[-1].split(":")[0]: options for name, options in container["features"].items()}
    assert f"python:{versions['actions/setup-python']['python-version']}-" in container["image"]
    assert features["node"]["version"] == versions["actions/setup-node"]["node-version"]
    assert features["terraform"]["version"] == versions["hashicorp/setup-terraform"]["terraform_version"]
    for target in container["postCreateCommand"].removeprefix("make ").split():
        assert f"\n{target}: " in MAKEFILE
