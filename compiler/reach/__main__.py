"""``python -m compiler.reach [PROJECT [ENVIRONMENT]]``: print ``docs/reach.md`` for a project.

The project's path is relative to the current folder. The ``policies/`` of the current folder judge it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from compiler.reach.analysis import reach
from compiler.reach.page import page


def main() -> None:
    """Read the command line, analyse the project and print the page."""
    parser = argparse.ArgumentParser(prog="python -m compiler.reach", description="Print where each statement acts.")
    parser.add_argument("project", nargs="?", default=".", help="the folder of spec/ and environments/ (this one)")
    parser.add_argument("environment", nargs="?", default="production", help="the environment (production)")
    asked = parser.parse_args()
    found = reach(Path(asked.project), Path("policies"), asked.environment)
    sys.stdout.write(page(found, asked.project, asked.environment))


if __name__ == "__main__":
    main()
