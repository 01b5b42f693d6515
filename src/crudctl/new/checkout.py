"""Git: the files that this checkout tracks, and the first commit of a new project. Knows nothing of what the files say."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from crudctl.console import Failed

BRANCH = "main"
AUTHOR = {"user.name": "crudctl", "user.email": "crudctl@localhost"}  # where git does not know who commits
PLAIN = {
    "commit.gpgsign": "false",
    "core.hooksPath": os.devnull,
    "core.autocrlf": "false",
    "core.excludesFile": os.devnull,
}


def tracked(root: Path) -> list[str]:
    """Return the paths of the files that git tracks in the project at `root`, sorted.

    Raises Failed when git is missing, or `root` is not in a git checkout.
    """
    result = _git(root, "ls-files", "-z", "--cached")
    names = sorted(set(filter(None, result.stdout.split("\0"))))
    if result.returncode or "contract/openapi.yaml" not in names:
        reason = result.stderr.strip() or "git does not track its contract/openapi.yaml."
        raise Failed(
            f"{root} is not a checkout of the project: {reason}",
            "Clone the project with git, and run `crudctl new` in the clone.",
        )
    return [name for name in names if (root / name).is_symlink() or (root / name).is_file()]


def commit_all(folder: Path, message: str) -> None:
    """Make `folder` a git repository with one commit of everything in it. Raises Failed with what git printed.

    Works without a configured identity; the user's hooks, templates and signing are not used.
    """
    _done(_git(folder, "init", "--quiet", "--template="))
    _done(
        _git(folder, "symbolic-ref", "HEAD", f"refs/heads/{BRANCH}")
    )  # older versions have no `init --initial-branch`
    _done(_git(folder, *_options(PLAIN), "add", "--all", "--force"))
    known = _git(folder, "config", "user.email").stdout.strip() and _git(folder, "config", "user.name").stdout.strip()
    settings = PLAIN if known else PLAIN | AUTHOR
    _done(_git(folder, *_options(settings), "commit", "--quiet", "--no-verify", "--message", message))


def _options(settings: dict[str, str]) -> list[str]:
    return [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git in `folder`, whatever repository the caller's environment names (as it does within a hook)."""
    environ = {
        k: v for k, v in os.environ.items() if k not in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
    }
    try:
        return subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=environ,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )
    except FileNotFoundError as error:
        raise Failed("git is not installed.", "Install git: `crudctl new` copies what git tracks.") from error


def _done(result: subprocess.CompletedProcess[str]) -> None:
    if result.returncode:
        raise Failed(f"`{' '.join(result.args)}` failed: {result.stderr.strip() or result.stdout.strip()}")
