"""Programs to run as child processes, with their user and their stop signals."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from signal import SIGKILL, SIGTERM, Signals
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class RunAs(StrEnum):
    """The user of a child: ours, ours as an ordinary user of a user namespace, or ``nobody``."""

    SAME = "same"
    NAMESPACE = "namespace"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Program:
    """A program to execute, and its stop signals.

    ``stop`` is the signal of an orderly stop, which may take ``stop_seconds``; ``death`` is the signal that the kernel
    sends when we die, for any reason.
    """

    name: str
    arguments: tuple[str, ...]
    directory: Path
    log: Path
    environment: Mapping[str, str] = field(repr=False)
    run_as: RunAs = RunAs.SAME
    stop: Signals = SIGTERM
    stop_seconds: float = 5
    death: Signals = SIGKILL
