"""Imports the modules of the package `functions` from one file. In the zip this is the package itself (see bytecode.py).

To find, open and read a file for each of them takes Python longer than to execute what is in them.
"""

from __future__ import annotations

import marshal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType
    from typing import Any

with open(__file__.rpartition("/")[0] + "/code.marshal", "rb") as file:
    MODULES: dict[str, CodeType] = marshal.loads(file.read())  # noqa: S302 - it is a part of this package


class Loader:
    """https://docs.python.org/3/library/importlib.html#importlib.abc.MetaPathFinder and `importlib.abc.Loader`"""

    def find_spec(self, name: str, *_: Any) -> ModuleSpec | None:
        if name not in MODULES:
            return None
        file = MODULES[name].co_filename
        return type(__spec__)(name, self, origin=file, is_package=file.endswith("/__init__.py"))  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        """Let Python create the module."""

    def exec_module(self, module: ModuleType) -> None:
        exec(MODULES[module.__name__], module.__dict__)  # noqa: S102 - it is a part of this package


sys.meta_path.insert(0, Loader())
