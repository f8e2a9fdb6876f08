"""A supervisor of two workers that serve nothing: ``FOLDER LIMIT_SECONDS``.

The word in the file ``FOLDER/next`` tells a worker that starts to serve (``serve``), to wait until the word is
``serve`` (``wait``), to fail to start (``fail``), or to end (``end``). It logs the word, and the number of threads that
its parent had when it was forked.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from runtime import supervisor
from runtime.logs import configure_logging
from runtime.supervisor import FAILED_START, Supervisor, receiving

if TYPE_CHECKING:
    from runtime.worker import Parent

TICK_SECONDS = 0.1
_log = structlog.get_logger(__name__)
_threads: list[int] = []


def main(folder: str, limit_seconds: str) -> int:
    """Supervise until a signal arrives; return the exit status."""
    supervisor.TICK_SECONDS = TICK_SECONDS
    supervisor.WORKER_START_SECONDS = float(limit_seconds)
    os.register_at_fork(before=lambda: _threads.append(threading.active_count()))  # the last of all to be called
    configure_logging()
    with socket.socket() as unused, receiving() as signals:
        return Supervisor(partial(_work, Path(folder, "next")), 2, [unused], signals).run()


def _work(file: Path, parent: Parent) -> None:
    word = file.read_text(encoding="ascii")
    _log.info(word, threads=_threads[-1])
    if word in {"fail", "end"}:
        sys.exit(FAILED_START if word == "fail" else 1)
    serves = False
    while not parent.gone:
        serves = serves or file.read_text(encoding="ascii") == "serve"
        parent.tell(ready=serves)
        time.sleep(TICK_SECONDS)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
