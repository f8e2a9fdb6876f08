"""The page ``docs/simulation.md``: which defects the schedules find, and after how many of them."""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.simulation.faults import DEFECTS, ROOT
from tests.simulation.seeds import SEEDS

PAGE = ROOT / "docs" / "simulation.md"
MOST_SCHEDULES = 250

_HEAD = """# The simulation

`tests/simulation` runs the service's own code (memory, entries, circuits, grouping of changes, the adapters of
PostgreSQL, the feed, the throttle) on a simulated clock, network, PostgreSQL and Redis. A seed decides everything:
latencies, what clients send, and faults. Each answer is held to the promises of [the runtime](runtime.md).

| command | runs |
|---|---|
| `make test` | the schedules that failed once, then new ones for a minute |
| `CBP_SIMULATION_SCHEDULES=5000 .venv/bin/python -m pytest tests/simulation` | 5,000 new ones of each kind |
| `.venv/bin/python -m tests.simulation --seed SEED` | one, and prints what happens |
| `.venv/bin/python -m tests.simulation.table` | some with each defect below, and writes this page |

Callbacks run in asyncio's order, as in production; time is what differs. The event loop is our own, in 40 lines, and
not that of the package detangle: by default that explorer also reorders callbacks that asyncio runs in order, so that
it reports schedules which cannot happen; its network carries streams, which asyncpg does not use; and it would be one
more package to trust. What it offers besides, smaller failing schedules, takes 30 lines here. The database is a model
of the migrations: `tests/runtime/test_runtime_simulated.py` compares it with PostgreSQL.

## What is not simulated

- A disk that is put back to an earlier state before Redis and every worker knew one of the lost changes: no one can
  tell.
- SQL, PgBouncer and the kernel: the tests on real servers are for these.
- Threads and the parsing of requests: a schedule calls the handler of reads and the service of changes.
- Transactions of several keys, and lists.
"""


def measured() -> dict[int, int | None]:
    """Return after how many schedules each defect (by its place, from 1) is found; None: not found."""
    with ThreadPoolExecutor(2) as pool:
        numbers = range(1, len(DEFECTS) + 1)
        return dict(zip(numbers, pool.map(_measure, numbers), strict=True))


def page(found: dict[int, int | None]) -> str:
    """Return the page."""
    rows = [(defect, found[number]) for number, defect in enumerate(DEFECTS, 1)]
    seen = [f"| {defect.text} | `{defect.file}` | {after} |" for defect, after in rows if after is not None]
    unseen = [f"| {defect.text} | `{defect.file}` | {defect.hidden} |" for defect, after in rows if after is None]
    reasons = [f"| `{seed}` | {kind} | {reason} |" for kind, seeds in SEEDS.items() for seed, reason in seeds.items()]
    return "\n".join(
        (
            _HEAD,
            f"## Defects that are found: {len(seen)} of {len(rows)}",
            "",
            "Each is a patch of one line (`tests/simulation/faults.py`).",
            "",
            "| the service | file | schedules |",
            "|---|---|---|",
            *seen,
            "",
            f"## Defects that {MOST_SCHEDULES} schedules do not find",
            "",
            "| the service | file | why |",
            "|---|---|---|",
            *unseen,
            "",
            "## Schedules that failed once",
            "",
            "| seed | kind | because |",
            "|---|---|---|",
            *reasons,
            "",
        )
    )


def _measure(number: int) -> int | None:
    defect = DEFECTS[number - 1]
    arguments = ("--kind", defect.kind, "--defect", str(number), "--schedules", str(MOST_SCHEDULES), "--brief")
    run = subprocess.run(
        [sys.executable, "-m", "tests.simulation", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    match = re.fullmatch(r"(found|nothing) after (\d+) schedules\n", run.stdout)
    if match is None:
        raise RuntimeError(run.stdout + run.stderr)
    sys.stderr.write(f"{defect.text}: {run.stdout}")
    return int(match[2]) if match[1] == "found" else None


if __name__ == "__main__":
    PAGE.write_text(page(measured()), encoding="utf-8")
