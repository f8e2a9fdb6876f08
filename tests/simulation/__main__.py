"""Run schedules: one seed with everything that happens, or new ones until one fails, with a defect or without."""

from __future__ import annotations

import argparse
import sys

from tests.simulation.faults import DEFECTS, install


def main() -> int:
    """Run what the arguments ask for; the exit code is 1 when a schedule fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--kind", default="store", help="the kind of schedules (default: store)")
    parser.add_argument("--seed", help="the seed of one schedule, which is printed")
    parser.add_argument("--schedules", type=int, default=1000, help="the number of new schedules (default: 1000)")
    parser.add_argument("--defect", type=int, help="the place of a defect in tests/simulation/faults.py, from 1")
    parser.add_argument("--brief", action="store_true", help="print no more than after how many schedules one failed")
    arguments = parser.parse_args()
    if arguments.defect is not None:
        install(DEFECTS[arguments.defect - 1])
    from tests.simulation import explore  # imports the service, with the defect

    if arguments.seed is not None:
        report = explore.KINDS[arguments.kind](arguments.seed)
        print(*report.log, sep="\n")  # noqa: T201
        return 0 if report.violation is None else 1
    names = explore.seeds() if arguments.defect is None else (f"defect-{number}" for number in range(1, 1_000_000))
    ran, failing = explore.explore(arguments.kind, 0, arguments.schedules, names)
    if arguments.brief:
        print(f"{'nothing' if failing is None else 'found'} after {ran} schedules")  # noqa: T201
    else:
        print(f"{ran} schedules" if failing is None else explore.explain(arguments.kind, failing))  # noqa: T201
    return 0 if failing is None else 1


if __name__ == "__main__":
    sys.exit(main())
