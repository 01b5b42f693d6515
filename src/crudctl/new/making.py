"""Makes the new project: which files it has, which of them are rewritten and how, and that it appears whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from crudctl import naming, project
from crudctl.build import contract as build_contract
from crudctl.build import service
from crudctl.build.contract import ContractError
from crudctl.console import Failed
from crudctl.new import checkout, rewriting
from crudctl.new.rewriting import VERSION
from crudctl.new.text import Renaming
from crudctl.new.words import Words, check_base, of

CONTRACT = "contract/openapi.yaml"
# True of the original only: its pictures, and the addresses that its own stacks moved from.
LEFT_OUT = re.compile(r"docs/images/(?!performance)|infra/moved\.tf$")
# Texts about the service. Pages that a test compares with what they are generated from, and patches of others, stay as they are.
TEXTS = re.compile(r"(?:[^/]+|\.github/[^/]+|docs/.+)\.(?:md|txt)$|mkdocs\.ya?ml$|\.devcontainer/.+\.json$")
UNCHANGED = re.compile(
    r"docs/(?:upstream/|parity\.md$|contract\.md$|performance\.md$)|CHANGELOG\.md$|requirements[\w-]*\.txt$"
)
RESULTS = re.compile(r"bench/[^/]+/result\.md$|docs/performance\.md$")
MEASURED = "Measured on the project that this one was made from, and not again since."
IMAGE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)[^)]*\)|<img[^>]+src=\"([^\"]+)\"|<source[^>]+srcset=\"([^\"]+)\"")


@dataclass(frozen=True)
class Plan:
    """What is made: `words` and names of the new service, from the checkout at `root`, whose tracked files are `files`."""

    root: Path
    files: Sequence[str]
    renaming: Renaming
    region: str

    @property
    def kept(self) -> list[str]:
        """The files that the new project has too."""
        return [name for name in self.files if not LEFT_OUT.match(name)]


def plan(root: Path, words: Words, name: str, region: str) -> Plan:
    """Return what a new project has.

    Raises:
        Failed: `root` is not a checkout, its contract cannot be read, its resource is an ordinary word, or the new words clash
            with names in its contract.
    """
    files = checkout.tracked(root)
    try:
        document = build_contract.read(root)
        described = service.describe(document)
    except ContractError as error:
        raise Failed(f"The contract of this project is invalid: {error}", "Fix contract/openapi.yaml.") from error
    old = of(described)
    check_base(old)
    parameters = [each["name"] for _, _, each in _parameters(document)]
    renaming = Renaming(
        old,
        words,
        (naming.read(root, project.LOCAL).service, name),
        rewriting.operations(described, old, words),
        rewriting.components(document, old, words),
        folders=frozenset(name.split("/")[0] for name in files if "/" in name),
        files=frozenset(part for name in files for part in name.split("/")),
        fields=frozenset({*described.fields, *parameters} - {old.page}),
    )
    twice = rewriting.clashes(document, renaming)
    if twice:
        raise Failed(
            f"The contract already has a part named {', '.join(twice)}, which is not the resource.",
            "Choose another word, or two, for --resource.",
        )
    return Plan(root, files, renaming, region)


def make(plan: Plan, target: Path, progress: Callable[[str], None]) -> None:
    """Write the project to `target`, which appears only when it is whole.

    Args:
        target: a folder that does not exist or is empty, outside the checkout.
        progress: called with what is done so far.

    Raises:
        Failed: `target` cannot be used, the new contract cannot be read, or git refused to commit.
    """
    _check_target(plan.root, target)
    with _incomplete(target) as folder:
        for number, name in enumerate(plan.kept, 1):
            _copy(plan.root / name, folder / name)
            progress(f"{number} of {len(plan.kept)} files")
        progress("rewriting")
        write(plan, folder)
        _check_contract(folder, plan.renaming.new)
        progress("committing")
        checkout.commit_all(folder, f"Start {plan.renaming.new.plural}, from a CRUD API that a team can own")
        folder.rename(target)  # an empty folder is replaced


def write(plan: Plan, folder: Path) -> None:
    """Rewrite the copied files in `folder` that name the resource, the service or its version."""
    for name, change in _changes(plan).items():
        path = folder / name
        if path.is_file() and not path.is_symlink():
            text = path.read_text(encoding="utf-8")
            path.write_text(change(text), encoding="utf-8")
    chosen = {"name": plan.renaming.names[1], "region": plan.region}
    (folder / naming.SOURCE).write_text(json.dumps(chosen, indent=2) + "\n", encoding="utf-8")
    (folder / "CHANGELOG.md").write_text(changelog(plan), encoding="utf-8")


def _changes(plan: Plan) -> Mapping[str, Callable[[str], str]]:
    """Return how each file that is rewritten changes, by its path."""
    renaming = plan.renaming
    changes: dict[str, Callable[[str], str]] = {}
    for name in plan.kept:
        if name == CONTRACT:
            changes[name] = lambda text: rewriting.contract(text, renaming)
        elif TEXTS.match(name) and not UNCHANGED.match(name):
            changes[name] = lambda text, name=name: renaming.markdown(without_pictures(text, name))  # type: ignore[misc]
        elif RESULTS.match(name):
            changes[name] = measured_elsewhere
        elif name == "pyproject.toml":
            changes[name] = lambda text: re.sub(r'(?m)^version = ".*"$', f'version = "{VERSION}"', text, count=1)
        elif name in ("web/package.json", "web/package-lock.json"):
            changes[name] = lambda text: _package(text, renaming.names[1])
        elif name.startswith("infra/") and name.endswith(".tfvars"):
            changes[name] = without_settings
        elif name.startswith(".github/workflows/"):
            changes[name] = renaming.name_only
    return changes


def changelog(plan: Plan) -> str:
    """Return a changelog with the introduction of this project's and nothing but the first version."""
    path = plan.root / "CHANGELOG.md"
    introduction = path.read_text(encoding="utf-8").partition("\n## ")[0] if path.is_file() else "# Changelog"
    first = introduction.split("\n\n")[:2]  # the heading and what it is; more is about this project's own versions
    return (
        "\n\n".join(part.strip() for part in first)
        + f"\n\n## {VERSION} - {date.today().isoformat()}\n\n- First version.\n"
    )


def without_pictures(text: str, page: str) -> str:
    """Return Markdown without the blocks that show a picture which a new project does not have.

    Args:
        page: path of the page, to which addresses of pictures are relative.
    """

    def shown(block: str) -> bool:
        addresses = [next(filter(None, found)) for found in IMAGE.findall(block)]
        here = (os.path.normpath(os.path.join(os.path.dirname(page), address)) for address in addresses)
        return not any(LEFT_OUT.match(address) for address in here)

    parts = [*re.split(r"(\n{2,})", text), ""]  # each block and what separates it from the next
    return "".join(block + gap for block, gap in zip(parts[::2], parts[1::2], strict=True) if shown(block))


def measured_elsewhere(text: str) -> str:
    """Return the result of a bench, which says first where it was measured; running the bench again replaces the file."""
    return text if text.startswith(MEASURED) else f"{MEASURED}\n\n{text}"


def without_settings(text: str) -> str:
    """Return a tfvars file without what belongs to one project: its name, its region, its repository."""
    text = re.sub(r'(?m)^(?:name|region)\s*=\s*".*"[ \t]*(?:#.*)?\n', "", text)
    return re.sub(r'(?m)^repository(\s*)=\s*"[^"]*"', r"repository\1= null", text)


def _package(text: str, name: str) -> str:
    """Return web/package.json or its lock file with the new name and version of the web app itself."""
    package = json.loads(text)
    for part in (package, package.get("packages", {}).get("", {})):
        if "version" in part:
            part |= {"name": f"{name}-web", "version": VERSION}
    return json.dumps(package, indent=2, ensure_ascii=False) + "\n"


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target, follow_symlinks=False)
    if not source.is_symlink():
        target.chmod(0o755 if os.access(source, os.X_OK) else 0o644)


def _check_target(root: Path, target: Path) -> None:
    """Raise Failed if a project cannot be made in `target`."""
    resolved = target.resolve()
    if resolved == root.resolve() or root.resolve() in resolved.parents:
        raise Failed(f"{target} is inside this project.", "Choose a folder beside it, such as ../orders.")
    if target.is_dir() and any(target.iterdir()):
        raise Failed(
            f"{target} exists and is not empty.", "Choose a folder that does not exist yet; nothing is overwritten."
        )
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise Failed(f"{target} exists and is not a folder.", "Choose a folder that does not exist yet.")
    if not target.parent.is_dir():
        raise Failed(f"The folder {target.parent} does not exist.", f"Make it first: mkdir -p {target.parent}")


def _check_contract(folder: Path, words: Words) -> None:
    """Raise Failed if the contract that was written cannot be read: YAML takes words such as `true` for no text."""
    try:
        service.load(folder)
    except ContractError as error:
        raise Failed(
            f"With the resource '{words.singular}' ('{words.plural}') the contract cannot be read: {error}",
            "Choose another word, or two, for --resource.",
        ) from error


@contextlib.contextmanager
def _incomplete(target: Path) -> Iterator[Path]:
    """Provide a folder beside `target` to work in; whatever is left in it is deleted, also after an interruption."""
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _parameters(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield path, method and parameter for each parameter of the contract."""
    for path, method, operation in build_contract.each_operation(document):
        for parameter in operation["parameters"]:
            yield path, method, parameter
