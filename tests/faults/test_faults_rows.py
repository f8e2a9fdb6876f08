"""Each row of docs/reliability.md, for a short time: what clients see of a fault keeps every promise."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.faults.container import Container
from tests.faults.disk import NotPossibleError, small_disk
from tests.faults.rows import ROWS, Row
from tests.faults.trial import trial

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.faults.deployment import Deployment, Deployments
    from tests.faults.history import Rewind

pytestmark = pytest.mark.anyio
SHORT_SECONDS = 1.5


@asynccontextmanager
async def impossible(_deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """A fault that this machine cannot cause."""
    raise NotPossibleError("no right to mount")
    yield


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_a_service_keeps_its_promises_while(row: Row, deployments: Deployments) -> None:
    """A deployment that the fault has left in another state than expected is not used for the next row."""
    try:
        report = await trial(row, await deployments.current(sentinels=row.sentinels), SHORT_SECONDS)
        assert not report.broken, "\n".join(report.broken)
    except NotPossibleError as reason:
        pytest.skip(f"not checked: {reason}")
    except BaseException:
        await deployments.discard()
        raise


async def test_a_fault_that_cannot_be_caused_is_named_as_such(deployments: Deployments) -> None:
    with pytest.raises(NotPossibleError, match="no right to mount"):
        await trial(Row("the disk is full", "", impossible), await deployments.current(sentinels=False), 1)


def test_a_disk_that_cannot_be_mounted_says_why(tmp_path: Path) -> None:
    with pytest.raises(NotPossibleError, match="mount: "), small_disk(tmp_path / "folder", size="none"):
        pass


def test_a_container_that_no_program_can_be_inside_of_says_why(tmp_path: Path) -> None:
    container = Container(tmp_path / "container", place=tmp_path / "missing")
    assert container.inside("program", "argument") == ("program", "argument")
    with pytest.raises(NotPossibleError, match="mount: "):
        container.fill(50)
