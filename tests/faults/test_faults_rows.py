"""Each row of docs/reliability.md, for a short time: what clients see of a fault keeps every promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.disk import NotPossibleError
from tests.faults.rows import ROWS
from tests.faults.trial import trial

if TYPE_CHECKING:
    from tests.faults.deployment import Deployments
    from tests.faults.rows import Row

pytestmark = pytest.mark.anyio
SHORT_SECONDS = 1.5


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
