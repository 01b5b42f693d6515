"""The policies that Terraform renders, once for all tests of this folder."""

from __future__ import annotations

import pytest

from tests.oracles.policies.documents import Policy, rendered_policies


@pytest.fixture(scope="session")
def policies(tmp_path_factory: pytest.TempPathFactory) -> list[Policy]:
    """The policies of both roots, and of the bucket that `bootstrap` makes itself."""
    return rendered_policies(tmp_path_factory.mktemp("policies"))
