"""An examination of the machine for the project's needs, with advice for each problem.

Each probe examines one need and returns its finding as text, or raises; an exception is a result too. A probe imports
packages only when it runs, so that in a half-built environment a missing package is a result and not a crash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.doctor import machine, project, servers
from compiler.doctor.probe import Check, Probe, Status, examined

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Check", "Status", "examine", "exit_code", "probes"]


def examine(root: Path) -> tuple[Check, ...]:
    """Run every probe for the project in ``root``; this takes seconds and leaves nothing behind."""
    return tuple(examined(probe) for probe in probes(root))


def exit_code(checks: tuple[Check, ...]) -> int:
    """Return 0 if every need is met, else 1."""
    return int(any(check.status is Status.MISSING for check in checks))


def probes(root: Path) -> tuple[Probe, ...]:
    """Return every probe, required ones first."""
    everything = (*project.probes(root), *servers.PROBES, *machine.probes(root))
    return tuple(sorted(everything, key=lambda probe: not probe.needed))
