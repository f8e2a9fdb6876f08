"""``python -m runtime --settings FILE``: serve the API under the compiled settings, or check that it can start."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from runtime.server import serve


def main() -> int:
    """Read the command line, serve or check, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m runtime", description=__doc__)
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE", help="the compiled settings.json")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, help="the port to listen on (default: that of the settings)")
    parser.add_argument("--management-port", type=int, help="the port of metrics (default: that of the settings)")
    parser.add_argument("--check", action="store_true", help="report whether the service can start, and change nothing")
    arguments = parser.parse_args()
    if arguments.check:
        from runtime.check import check  # with the clients of its servers, which the parent of workers needs not

        return check(arguments.settings, print, arguments.host, arguments.port, arguments.management_port)
    return serve(arguments.settings, arguments.host, arguments.port, arguments.management_port)


if __name__ == "__main__":
    sys.exit(main())
