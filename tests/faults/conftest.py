"""One deployment after another for the faults that a worker of the suite tries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.deployment import Deployments

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(scope="module")
async def deployments(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deployments]:
    deployments = Deployments(tmp_path_factory.mktemp("faults"))
    yield deployments
    await deployments.discard()
