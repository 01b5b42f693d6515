"""A local stack of these tests' own: they break what others rely on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.release.rig import Places, Rig
from tests.snapshot import cloned


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A whole local stack, up and running."""
    with cloned(tmp_path_factory.mktemp("release") / "items") as stack:
        stack.crudctl("up")
        yield Rig(stack)


@pytest.fixture
def before(rig: Rig) -> Places:
    """Where the aliases of the rig are when a test begins, with no release under way."""
    return rig.base()
