"""Builds the documentation site `build/docs/site` from the project's Markdown. `make docs` runs it in `.venv/docs`.

The pages are written to be read in the repository. Their copies in `build/docs/pages` differ in their links only: a link to
another page stays a link to that page, a link to any other file of the project leads to the repository, whose address is in
DOCS_REPOSITORY (without it, such a link becomes plain text). A link to a file that does not exist ends the build, and so does
what the generator finds in strict mode: a page or an anchor that does not exist.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "docs"
PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
FOLDERS = {"docs": "", "bench": "bench"}
FIRST = [
    "index.md",
    "adopt.md",
    "settings.md",
    "commands.md",
    "contract.md",
    "clients.md",
    "transfer.md",
    "architecture.md",
    "claims.md",
    "runbook.md",
    "security.md",
]
LAST = ["contributing.md", "changelog.md"]
LINK = re.compile(r"(!?)\[((?:[^\[\]]|!?\[[^\[\]]*\]\([^()]*\))*)\]\(([^()\s]+)\)")
# A fenced block, a code span or a link: only the last is changed.
PART = re.compile(
    rf"(?P<code>^(?P<fence>```|~~~).*?^(?P=fence)|`[^`\n]+`)|(?P<link>{LINK.pattern})", re.DOTALL | re.MULTILINE
)


def main() -> None:
    """Write the copies and the settings, and run the generator. Exit with 1 where a link or an anchor is dead."""
    shutil.rmtree(BUILD, ignore_errors=True)
    published = pages()
    for path, page in published.items():
        target = BUILD / "pages" / page
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith(".md"):
            target.write_text(relinked((ROOT / path).read_text(encoding="utf-8"), path, published), encoding="utf-8")
        else:
            shutil.copyfile(ROOT / path, target)
    (BUILD / "zensical.toml").write_text(settings(published), encoding="utf-8")
    generate()


def generate() -> None:
    """Run the generator in strict mode. What it finds is printed without colours; it ends with a traceback, which is not."""
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    built = subprocess.run(command, cwd=BUILD, stderr=subprocess.PIPE, encoding="utf-8", check=False)
    found, traceback, reason = built.stderr.partition("Traceback (most recent call last):")
    print(re.sub(r"\x1b\[[0-9;]*m", "", found).strip(), file=sys.stderr)
    if built.returncode:
        strict = "Aborted because --strict" in reason
        raise SystemExit("The site was not built: fix the links above." if strict else traceback + reason)


def pages() -> dict[str, str]:
    """Return what is published: by path in the repository, the path on the site."""
    found = dict(PAGES)
    for folder, where in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".md", ".png", ".svg", ".patch"}:
                name = path.relative_to(ROOT).as_posix()
                found[name] = (
                    posixpath.join(where, name.removeprefix(f"{folder}/")) if name.startswith(f"{folder}/") else name
                )
    return found


def relinked(text: str, path: str, published: dict[str, str]) -> str:
    """Return the page at `path` of the repository with the links that it has on the site. Exit with 1 where one is dead."""

    def replaced(match: re.Match[str]) -> str:
        link = LINK.fullmatch(match["link"] or "")
        return match[0] if link is None else _link(link, path, published)

    return PART.sub(replaced, text)


def _link(match: re.Match[str], path: str, published: dict[str, str]) -> str:
    image, text, target = match.groups()
    text = LINK.sub(lambda inner: _link(inner, path, published), text)
    file, hash_, anchor = target.partition("#")
    if not file or re.match("[a-z]+:", file):
        return f"{image}[{text}]({target})"
    name = posixpath.normpath(posixpath.join(posixpath.dirname(path), file))
    if name in published:
        here = posixpath.dirname(published[path])
        return f"{image}[{text}]({posixpath.relpath(published[name], here or '.')}{hash_}{anchor})"
    if not (ROOT / name).exists():
        raise SystemExit(f"{path}: the link to {target} is dead: there is no {name} in the project.")
    repository = os.environ.get("DOCS_REPOSITORY", "").rstrip("/")
    return f"{image}[{text}]({repository}/{name}{hash_}{anchor})" if repository else text


def settings(published: dict[str, str]) -> str:
    """Return the generator's settings. The site has the name that the README begins with, and no fonts from elsewhere."""
    title = re.match("# ([^:\n]+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    if title is None:
        raise SystemExit("README.md has to begin with a heading: the site is named after it.")
    address = os.environ.get("DOCS_URL", "")
    return "\n".join([
        "[project]",
        f"site_name = {json.dumps(title[1])}",
        *([f"site_url = {json.dumps(address.rstrip('/') + '/')}"] if address else []),
        'docs_dir = "pages"',
        'site_dir = "site"',
        f"nav = {navigation(published)}",
        (ROOT / "docs" / "site.toml").read_text(encoding="utf-8"),
    ])  # fmt: skip


def navigation(published: dict[str, str]) -> str:
    """Return the menu as TOML: every page once, the decisions and the measurements in groups of their own."""
    groups: dict[str, list[str]] = {"": [], "Decisions": [], "Measurements": []}
    for path, page in sorted(published.items(), key=lambda pair: _place(pair[1])):
        if page.endswith(".md"):
            group = {"decisions": "Decisions", "bench": "Measurements"}.get(page.split("/")[0], "")
            groups[group].append(f"{{ {json.dumps(heading(path))} = {json.dumps(page)} }}")
    top = groups.pop("")
    return (
        "["
        + ", ".join([*top, *(f"{{ {json.dumps(name)} = [{', '.join(entries)}] }}" for name, entries in groups.items())])
        + "]"
    )


def _place(page: str) -> tuple[int, int, bool, str]:
    """Return the key by which pages are sorted: the first, the others, the last; a folder's README before its other pages."""
    first = FIRST.index(page) if page in FIRST else len(FIRST)
    folder, _, name = page.rpartition("/")
    return (
        first,
        LAST.index(page) + 1 if page in LAST else 0,
        bool(folder),
        f"{folder}/{0 if name == 'README.md' else 1}{name}",
    )


def heading(path: str) -> str:
    """Return the first heading of a page, without what follows a colon."""
    match = re.search("^# ([^:\n]+)", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    return match[1].replace("`", "") if match else "Last result"


if __name__ == "__main__":
    main()
