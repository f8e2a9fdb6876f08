"""What a child process executes, as whom, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from signal import SIGKILL, SIGTERM, Signals
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class RunAs(StrEnum):
    """The user a child runs as: ours, ours seen as an ordinary one from a user namespace, or ``nobody``."""

    SAME = "same"
    NAMESPACE = "namespace"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Program:
    """What to execute, and how it ends.

    ``stop`` is the signal of an orderly end, and ``stop_seconds`` how long that may take; ``death`` is the signal that
    the kernel sends when we die, however we die.
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
