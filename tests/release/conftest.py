"""A local stack of these tests' own: they break what others rely on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import free_port
from tests.release.rig import Rig
from tests.stack import Stack


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A whole local stack, up and running."""
    stack = Stack(tmp_path_factory.mktemp("release") / "items")
    stack.crudctl("up", "--port", str(free_port()), "--web-port", str(free_port()))
    yield Rig(stack)
    stack.crudctl("clean", "--yes")
