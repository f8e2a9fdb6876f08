"""The policies, which no test of this folder changes, read and proven once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.policy.proven import proven_once

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module", autouse=True)
def proven() -> Iterator[None]:
    """Compile by one gate."""
    with proven_once():
        yield
