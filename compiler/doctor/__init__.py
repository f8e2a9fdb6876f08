"""Examine a machine for what the project needs, and say what to do about each lack.

Each probe looks at one thing and answers what it found, or raises; what it raises is a result like any other. A probe
imports what it looks at when it looks: in an environment that is half built, a package that is absent is an answer too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.doctor import machine, project, servers
from compiler.doctor.probe import Check, Probe, Status, examined

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Check", "Status", "examine", "exit_code", "probes"]


def examine(root: Path) -> tuple[Check, ...]:
    """Look at everything that the project in ``root`` needs or can use; it takes seconds and leaves nothing behind."""
    return tuple(examined(probe) for probe in probes(root))


def exit_code(checks: tuple[Check, ...]) -> int:
    """Return 0 if everything needed is there, and 1 if something is missing."""
    return int(any(check.status is Status.MISSING for check in checks))


def probes(root: Path) -> tuple[Probe, ...]:
    """Return every probe, those of what is needed first."""
    everything = (*project.probes(root), *servers.PROBES, *machine.probes(root))
    return tuple(sorted(everything, key=lambda probe: not probe.needed))
