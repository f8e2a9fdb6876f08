"""A process of its own, since the library cannot be used after a fork: ``python -m tests.policy.opa_server``.

The first line of standard input is the token that clients have to bring; the first line of standard output is the
port. The process ends with its standard input, so that it does not outlive the one that started it.
"""

from __future__ import annotations

import sys
from threading import Thread

from tests.policy.opa_server.rest import OpaServer


def _main() -> None:
    server = OpaServer(sys.stdin.readline().strip())
    Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)  # noqa: T201 - the answer to the one that started it
    sys.stdin.read()


if __name__ == "__main__":
    _main()
