"""``python -m tests.faults PAGE``, which is ``make faults``: try every fault, and write the page of what was seen.

With further arguments only the faults whose names contain one of them are tried, and the page is not written.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.clients import READERS, WRITERS
from tests.faults.deployment import REPLICAS, WORKERS, Deployments
from tests.faults.disk import NotPossibleError
from tests.faults.page import line, not_checked, page
from tests.faults.rows import ROWS
from tests.faults.trial import BOUNDS, trial

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS = 9.0


async def main(target: Path, names: list[str]) -> int:
    """Return 1 when a promise was broken."""
    lines, broken = [], 0
    rows = [row for row in ROWS if not names or any(name in row.name for name in names)]
    with tempfile.TemporaryDirectory(prefix="cbp-faults-") as folder:
        deployments = Deployments(Path(folder))
        try:
            for row in rows:
                try:
                    report = await trial(row, await deployments.current(sentinels=row.sentinels), SECONDS)
                except NotPossibleError as reason:
                    lines.append(not_checked(row, str(reason)))
                else:
                    lines.append(line(report))
                    broken += bool(report.broken)
                    sys.stderr.write("".join(f"{each}\n" for each in report.broken))
                    if report.broken:
                        await deployments.discard()
                sys.stderr.write(lines[-1])
        finally:
            await deployments.discard()
    if not names:
        target.write_text(written(lines), encoding="utf-8")
    return 1 if broken else 0


def written(lines: Sequence[str]) -> str:
    """Return the page with the lines of its table."""
    return page(
        lines,
        seconds=SECONDS,
        replicas=REPLICAS,
        workers=WORKERS,
        clients=(WRITERS, READERS),
        bounds=(BOUNDS.live, BOUNDS.marked),
    )


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a stopped run leaves no file either
    sys.exit(asyncio.run(main(Path(sys.argv[1]), sys.argv[2:])))
