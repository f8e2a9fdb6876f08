"""Ctrl-C, SIGTERM and a closed terminal end the service in order.

A handler that raises would do so between any two instructions, and lose a child that was just forked. This one takes a
note; whatever waits looks at it.
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


_NOTE = _Note()  # one for the process, as its signals are


def raise_if_stopped() -> None:
    """Raise :class:`KeyboardInterrupt` when a signal has arrived; to be called in every loop that waits."""
    if _NOTE.stop:
        raise KeyboardInterrupt


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Take the signals over, in the main thread, until the end."""
    _NOTE.stop = False
    # One that is ignored stays so, unless it is Ctrl-C's: that is how nohup asks to survive the terminal.
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
