"""Signal handling: Ctrl-C, SIGTERM and a closed terminal stop the service in order.

A handler that raises could do so between any two instructions, and lose a child that was just forked. This one sets a
flag, which every waiting loop reads.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class _Note:
    stop: bool = False


_NOTE = _Note()  # one for the process, since signals are per process


def raise_if_stopped() -> None:
    """Raise :class:`KeyboardInterrupt` when a signal has arrived; every loop that waits calls this."""
    if _NOTE.stop:
        raise KeyboardInterrupt


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Handle the signals in the main thread until the end of the block."""
    _NOTE.stop = False
    # An ignored signal stays ignored, except Ctrl-C's: nohup ignores SIGHUP so that the process survives the terminal.
    taken = [number for number in STOP_SIGNALS if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN]
    previous = {number: signal.signal(number, _take_note) for number in taken}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        _NOTE.stop = False


def _take_note(_number: int, _frame: FrameType | None) -> None:
    _NOTE.stop = True
