"""Logging as JSON Lines on standard output, for the service's own events and for those of libraries.

A thread writes the lines, so that a reader that has stopped stops nobody: lines beyond a bound are dropped and counted.
"""

from __future__ import annotations

import atexit
import logging
import os
import select
import sys
import threading
import time
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import orjson
import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from structlog.typing import EventDict, Processor

QUEUE_BYTES = 4 * 1024 * 1024
"""The most bytes of lines that wait for the reader."""

BATCH_SECONDS = 0.01
"""The time for which lines are gathered: a wake-up of the thread for each would cost as much as the line."""

FLUSH_SECONDS = 1.0
"""The longest that the process waits at its end for the reader to take the last lines."""


class LineWriter:
    """A writer of lines to a file descriptor by a thread of its own; ``write`` never waits."""

    def __init__(self, descriptor: int, queue_bytes: int = QUEUE_BYTES) -> None:
        self._descriptor = descriptor
        self._queue_bytes = queue_bytes
        self.restart()

    def restart(self) -> None:
        """Start with no line; a forked process has no thread yet, and the lines that wait are its parent's."""
        self.on_drop: Callable[[], None] = lambda: None
        self._lines: deque[bytes] = deque()
        self._waiting = 0
        self._dropped = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ending = self._running = False
        self.resume()

    def write(self, line: bytes) -> int:
        """Queue a line, or drop it if the queue is full; return its length."""
        with self._lock:
            fits = self._waiting + len(line) <= self._queue_bytes
            if fits:
                self._lines.append(line)
                self._waiting += len(line)
            else:
                self._dropped += 1
        if not fits:
            self.on_drop()
        elif not self._wake.is_set():
            self._wake.set()
        return len(line)

    def flush(self) -> None:
        """Do nothing: the thread writes lines soon."""

    def close(self) -> None:
        """Write the lines that wait, for at most ``FLUSH_SECONDS``."""
        self._ending = True
        self._wake.set()
        self._thread.join(FLUSH_SECONDS)

    def resume(self) -> None:
        """Go on writing after :meth:`close`."""
        with self._lock:
            self._ending = False
            if not self._running:  # else the thread still waits for the reader
                self._running = True
                self._thread = threading.Thread(target=self._run, name="log", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while self._goes_on():
            self._wake.wait()
            if not self._ending:
                time.sleep(BATCH_SECONDS)
            self._wake.clear()
            while piece := self._next():
                try:
                    _write(self._descriptor, piece)
                except OSError:  # the reader is gone, and what it would have read
                    self.on_drop()

    def _goes_on(self) -> bool:
        with self._lock:
            self._running = not self._ending or bool(self._lines)
            return self._running

    def _next(self) -> bytes:
        """Take whole lines that a pipe takes at once, so that those of several processes are not mixed."""
        with self._lock:
            taken: list[bytes] = []
            size = 0
            if self._dropped and self._waiting < self._queue_bytes // 2:
                taken.append(_event("log lines were dropped", dropped=self._dropped))
                size, self._dropped = len(taken[0]), 0
            while self._lines and (not taken or size + len(self._lines[0]) <= select.PIPE_BUF):
                size += len(self._lines[0])
                taken.append(self._lines.popleft())
                self._waiting -= len(taken[-1])
            return b"".join(taken)


_output: LineWriter | None = None


def _add_process(_logger: object, _method: str, event: EventDict) -> EventDict:
    event["process"] = os.getpid()
    return event


_SHARED: tuple[Processor, ...] = (
    _add_process,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)


def configure_logging() -> LineWriter:
    """Set up structlog and the standard library's logging for this process; return the writer of their lines."""
    global _output
    if _output is None:
        _output = LineWriter(sys.stdout.fileno())
        atexit.register(_output.close)
        # No other thread runs while a process is forked, unless the reader has stopped: then it holds no lock.
        os.register_at_fork(before=_output.close, after_in_parent=_output.resume, after_in_child=_output.restart)
    structlog.configure(
        processors=[*_SHARED, structlog.processors.JSONRenderer(serializer=orjson.dumps)],
        logger_factory=structlog.BytesLoggerFactory(cast("BinaryIO", _output)),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    handler = _Handler(_output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_text),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    return _output


class AccessLog:
    """An access log with one line for each request, in the form of every other event.

    It bypasses structlog's chain of processors, which would cost a tenth of a read's time.
    """

    def __init__(self) -> None:
        self._write = sys.stdout.buffer.write if _output is None else _output.write
        self._common = {"event": "request", "level": "info", "process": os.getpid()}

    def write(self, fields: dict[str, Any]) -> None:
        """Write one line with ``fields``, to which the common fields of every event are added."""
        fields.update(self._common)
        fields["timestamp"] = datetime.now(UTC)
        self._write(orjson.dumps(fields, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE))


class _Handler(logging.Handler):
    """A handler that queues each record as a line."""

    def __init__(self, output: LineWriter) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        self._output.write(f"{self.format(record)}\n".encode())


def _write(descriptor: int, piece: bytes) -> None:
    while piece:
        piece = piece[os.write(descriptor, piece) :]


def _event(text: str, **fields: object) -> bytes:
    event = {"event": text, "level": "warning", "process": os.getpid(), "timestamp": datetime.now(UTC), **fields}
    return orjson.dumps(event, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)


def _text(event: dict[str, object], **_options: object) -> str:
    return orjson.dumps(event, default=str).decode()
