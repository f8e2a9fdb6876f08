"""What runs, compared at the start of a worker with what is compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterable

_log = structlog.get_logger(__name__)


class DifferenceError(Exception):
    """Something runs otherwise than the settings say; the text has a line for each difference."""


def require_compiled(pairs: Iterable[tuple[str, object, object]]) -> None:
    """Compare settings, each by its name, as they are compiled and as the part of the worker tells them that uses them.

    Raises:
        DifferenceError: some of them differ; they have been logged.
    """
    lines = [f"{name} is {compiled!r}, and what runs is {runs!r}" for name, compiled, runs in pairs if compiled != runs]
    if lines:
        _log.error("what runs is not what is compiled", differences=lines)
        raise DifferenceError("\n".join(lines))
