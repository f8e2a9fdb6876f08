"""``python -m runtime --settings FILE``: serve the API under the compiled settings."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from runtime.server import serve


def main() -> int:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m runtime", description=__doc__)
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE", help="the compiled settings.json")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, help="the port to listen on (default: that of the settings)")
    arguments = parser.parse_args()
    return serve(arguments.settings, arguments.host, arguments.port)


if __name__ == "__main__":
    sys.exit(main())
