"""The register of differences between MiniStack and AWS, and the only access to the internals of MiniStack and Hypercorn.

Neither promises anything about its internals. So every change of one (`patch`) and every use of one (`uses`) is declared
together with the difference that needs it, and checked when the emulator starts. After an upgrade that renames a function
or changes its parameters the emulator refuses to start and names the difference, instead of running without it.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from types import ModuleType
from typing import Any, Protocol


@dataclass(frozen=True)
class Difference:
    """One behaviour in which MiniStack differs from AWS, and what is done about it.

    Attributes:
        aws: what AWS does.
        source: the page that documents it.
        ministack: what the pinned release does instead.
        here: what the local stack does; empty if nothing is added.
        upstream: what would have to change in MiniStack for the addition to become unnecessary.

    docs/parity.md is rendered from all differences. For each, tests/emulator/ has a test of the addition, and one that
    runs MiniStack alone and fails when the addition can be deleted.
    """

    name: str
    service: str
    aws: str
    source: str
    ministack: str
    upstream: str
    here: str = ""


class Incompatible(RuntimeError):
    """The installed MiniStack or Hypercorn is not the one that the patches were written for."""


class Addition(Protocol):
    """A module (or an object) that patches MiniStack."""

    def install(self) -> None:
        """Apply its patches, each by `patch`."""


@dataclass(frozen=True)
class Patch:
    """One applied change."""

    target: str
    replacement: Any
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class _Use:
    difference: Difference
    module: ModuleType
    declaration: str


_differences: dict[str, Difference] = {}
_uses: list[_Use] = []
_patches: dict[str, Patch] = {}


def register(difference: Difference) -> Difference:
    """Add a difference to the register and return it. A name may be used once."""
    if difference.name in _differences:
        raise ValueError(f"difference {difference.name} is registered twice")
    _differences[difference.name] = difference
    return difference


def registered() -> list[Difference]:
    """Return all differences, by service and then name."""
    return sorted(_differences.values(), key=lambda difference: (difference.service, difference.name))


def applied() -> list[Patch]:
    """Return all patches that have been applied, by target."""
    return sorted(_patches.values(), key=lambda each: each.target)


def uses(difference: Difference, module: ModuleType, *declarations: str) -> None:
    """Declare what the addition for `difference` uses of a module; `install` checks it.

    A declaration is a name (`_user_pools`) or a function with all its parameters, as in its `def` without types
    (`_page_shell(title, heading, body_html)`, `async _invoke(name, event)`). A dotted name means an attribute of a class
    or an object, also one that `__init__` sets (`Worker._proc`).
    """
    _uses.extend(_Use(difference, module, declaration) for declaration in declarations)


def patch(module: ModuleType, name: str, replacement: Any, *differences: Difference, new: bool = False) -> None:
    """Replace `name` in `module`.

    Args:
        name: an attribute (`_invoke`), a method (`Worker.invoke`) or an entry of a mapping (`SERVICE_HANDLERS[iam]`).
        replacement: a function with exactly the parameters of the function that it replaces: this is how its signature
            is checked. If there is another parameter in front, named `original`, it receives the replaced function.
            A value that is not a function replaces one of the same type.
        differences: what the patch is for.
        new: the name does not exist in MiniStack, and is added.

    Raises:
        Incompatible: the target does not exist, has other parameters, or (with `new`) exists already.
    """
    target = f"{module.__name__}.{name}"
    earlier = _patches.get(target)
    if earlier is not None:
        if earlier.replacement == replacement:
            return
        raise ValueError(f"{target} is patched twice: for {_names(earlier.differences)} and {_names(differences)}")
    place = _Place.of(module, name)
    fault = _unexpected(place, replacement) if not new else place.exists and "exists already"
    if fault:
        raise Incompatible(f"{_names(differences)}: {target} {fault}")
    place.set(replacement if new or not _takes_original(replacement) else _bound(replacement, place.get()))
    _patches[target] = Patch(target, replacement, differences)


def install(additions: Iterable[Addition]) -> None:
    """Check everything that `uses` declares, then install the additions.

    Raises:
        Incompatible: lists all that does not fit.
    """
    faults = [fault for use in _uses if (fault := _unmet(use))]
    for addition in additions:
        try:
            addition.install()
        except Incompatible as refused:
            faults.append(str(refused))
        except AttributeError:
            if not faults:  # otherwise a name is missing that is listed already
                raise
    if faults:
        versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("ministack", "hypercorn"))
        raise Incompatible(
            f"The patches in src/emulator do not fit the installed {versions}:\n"
            + "".join(f"  {fault}\n" for fault in faults)
            + "Install the versions that the project pins, or adapt each patch to the new version."
        )


@dataclass(frozen=True)
class _Place:
    """Where a name lives: an attribute of `holder`, or an entry of it."""

    holder: Any
    key: str
    is_entry: bool

    @classmethod
    def of(cls, module: ModuleType, name: str) -> _Place:
        path, bracket, entry = name.partition("[")
        names = path.split(".")
        last = entry.removesuffix("]") if bracket else names.pop()
        holder: Any = module
        for each in names:
            holder = getattr(holder, each, None)
        return cls(holder, last, bool(bracket))

    @property
    def exists(self) -> bool:
        if self.is_entry:
            return self.holder is not None and self.key in self.holder
        return hasattr(self.holder, self.key) or self._is_set_on_creation

    @property
    def _is_set_on_creation(self) -> bool:
        if not inspect.isclass(self.holder):
            return False
        code = getattr(self.holder.__init__, "__code__", None)
        return self.key in getattr(self.holder, "__dataclass_fields__", getattr(code, "co_names", ()))

    def get(self) -> Any:
        return self.holder[self.key] if self.is_entry else getattr(self.holder, self.key, None)

    def set(self, value: Any) -> None:
        if self.is_entry:
            self.holder[self.key] = value
        else:
            setattr(self.holder, self.key, value)


def _unmet(use: _Use) -> str:
    """What is wrong with a use; empty if nothing is."""
    declared = use.declaration.removeprefix("async ")
    name, parenthesis, _ = declared.partition("(")
    place = _Place.of(use.module, name)
    fault = ""
    if not place.exists:
        fault = "no longer exists"
    elif parenthesis or inspect.isfunction(place.get()):
        expected = use.declaration.replace(name, "", 1)
        fault = _difference_of_signatures(expected, _signature(place.get()))
    return fault and f"{use.difference.name}: {use.module.__name__}.{name} {fault}"


def _unexpected(place: _Place, replacement: Any) -> str:
    """Why a replacement does not fit; empty if it does."""
    if not place.exists:
        return "no longer exists"
    original = place.get()
    if not callable(replacement):
        same = type(replacement) is type(original)
        return "" if same else f"is now a {type(original).__name__}, not a {type(replacement).__name__}"
    return _difference_of_signatures(_signature(replacement, without_original=True), _signature(original))


def _difference_of_signatures(expected: str, actual: str) -> str:
    return "" if actual == expected else f"has changed: expected {expected}, found {actual or 'something not callable'}"


def _signature(function: Any, without_original: bool = False) -> str:
    """The parameters of a function without types, such as `async (path, headers=None)`; empty for what cannot be called."""
    if not callable(function):
        return ""
    signature = inspect.signature(function)
    parameters = [each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()]
    if without_original and _takes_original(function):
        del parameters[0]
    bare = signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty)
    text = re.sub(r" at 0x[0-9a-f]+", "", str(bare))  # of a default that is an object
    return ("async " if inspect.iscoroutinefunction(function) else "") + text


def _takes_original(replacement: Any) -> bool:
    return inspect.isroutine(replacement) and next(iter(inspect.signature(replacement).parameters), "") == "original"


def _bound(replacement: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    """The replacement with its `original`, as a function: unlike a `partial`, it works as a method too."""
    if inspect.iscoroutinefunction(replacement):

        @functools.wraps(original)
        async def awaited(*arguments: Any, **options: Any) -> Any:
            return await replacement(original, *arguments, **options)

        return awaited

    @functools.wraps(original)
    def called(*arguments: Any, **options: Any) -> Any:
        return replacement(original, *arguments, **options)

    return called


def _names(differences: Iterable[Difference]) -> str:
    return ", ".join(difference.name for difference in differences)
