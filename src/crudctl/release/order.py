"""The order of releases: which versions may come into service beside which others, and after them. Moves nothing.

A function's environment has `TRASH_DAYS`, from Terraform's variable `trash_days`. It divides versions into three kinds:

    absent    does not know the trash: shows and changes what is in it, and fails on a deleted id that is remembered
    empty     hides what is in the trash, and deletes for good (`trash_days = null`)
    a number  uses the trash: puts there what is deleted or, with 0, remembers its id

Two versions share the table during a release, and a rollback returns to what the later one left. So a version that does not know
the trash serves neither beside one that uses it nor after it. The kind between them leads from the first to the last;
docs/decisions/0018-trash.md says why.

It also has `GATEWAY_SCOPES`, from the variable `gateway_scopes`: what API Gateway checks since the apply that published it.

    absent    does not check scopes; the gateway lets in only a token with the operation's own
    "own"     checks scopes; so does the gateway
    "any"     checks scopes, and leaves it to the functions to choose between those of the API

The gateway gets this setting before the functions: what the newest version says concerns the one in service too. So a version
that does not check scopes is not in service while the gateway lets in any; docs/decisions/0022-scopes.md says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from crudctl.release.record import ROLLED_BACK, Release

TRASH_DAYS = "TRASH_DAYS"
GATEWAY_SCOPES, ANY = "GATEWAY_SCOPES", "any"
PLANNED = "planned"  # stands for the version that an apply would publish

TIGHTEN = 'Set `gateway_scopes = "own"` in infra/envs'

Versions = Mapping[str, str]  # by operation
Environments = Mapping[str, Mapping[str, Mapping[str, str]]]  # variables by operation and version


class Refusal(NamedTuple):
    """Why versions may not come into service, and what to do."""

    message: str
    hint: str


def refusal(environments: Environments, old: Versions, new: Versions, last: Release | None) -> Refusal | None:
    """Return why `new` may not come into service after `old`; None if it may.

    Args:
        environments: of every published version.
        old: versions in service.
        new: versions that are to be.
        last: the release before, None for the first.
    """

    def use(versions: Versions) -> Iterator[str]:
        return _users(environments, versions)

    def do_not_know(versions: Versions) -> Iterator[str]:
        return (_named(name, v) for name, v in versions.items() if not _knows_trash(environments, name, v))

    ignorant = next(do_not_know(new), "")
    user = next(use(new), "") or user_before(environments, old, last)
    if user and ignorant:
        return Refusal(
            f"{_sentence(ignorant)} does not know the trash, which {user} uses: it would show and change what is in it.",
            "Go back to a release that knows it, or release a new version with `trash_days = null`.",
        )
    user, ignorant = next(use(new), ""), next(do_not_know(old), "")
    if user and ignorant:
        return Refusal(
            f"{_sentence(ignorant)}, in service, does not know the trash, which {user} uses: while both serve, it would show and "
            "change what is in it.",
            "Set `trash_days = null` in infra/envs, deploy and release that first, and then the number of days.",
        )
    return _scopes_refusal(environments, old, new)


def _scopes_refusal(environments: Environments, old: Versions, new: Versions) -> Refusal | None:
    """Return why no version may serve that does not check scopes; None if the gateway does, or if all of them do."""
    if not any(_variables(environments, name, _newest(environments, name)).get(GATEWAY_SCOPES) == ANY for name in new):
        return None
    risk = "the gateway lets in a token with any of the API's scopes: one that may only read could write."
    for versions, where, hint in (
        (
            new,
            "",
            f"{TIGHTEN} and deploy that with --only build --only apply, or go back to a release that checks them.",
        ),
        (old, ", in service,", f"{TIGHTEN}, deploy and release that first, and then remove it."),
    ):
        for name, version in versions.items():
            if GATEWAY_SCOPES not in _variables(environments, name, version):
                return Refusal(f"{_sentence(_named(name, version))}{where} does not check scopes, and {risk}", hint)
    return None


def _newest(environments: Environments, operation: str) -> str:
    """Return the version of the last apply."""
    published = environments.get(operation, {})
    return PLANNED if PLANNED in published else str(max(map(int, published), default=0))


def user_before(environments: Environments, old: Versions, last: Release | None) -> str:
    """Return what has used the trash: a version in service or of the last release, or an earlier release. Empty for none."""
    served = (old, *(_served(last) if last else ()))
    user = next((one for versions in served for one in _users(environments, versions)), "")
    return user or ("an earlier release" if last and last.trash else "")


def _users(environments: Environments, versions: Versions) -> Iterator[str]:
    return (_named(name, version) for name, version in versions.items() if _uses_trash(environments, name, version))


def _named(operation: str, version: str) -> str:
    return f"version {version} of {operation}" if version.isdigit() else f"the {version} version of {operation}"


def _served(release: Release) -> tuple[Versions, ...]:
    """Return the versions that users have reached because of a release."""
    rejected = release.state == ROLLED_BACK and not release.stages
    return (release.old,) if rejected else (release.old, release.new)


def _knows_trash(environments: Environments, operation: str, version: str) -> bool:
    return TRASH_DAYS in _variables(environments, operation, version)


def _uses_trash(environments: Environments, operation: str, version: str) -> bool:
    return bool(_variables(environments, operation, version).get(TRASH_DAYS))


def _variables(environments: Environments, operation: str, version: str) -> Mapping[str, str]:
    return environments.get(operation, {}).get(version, {})


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]
