"""A table of measurements in Markdown: minimum, median and maximum of each, with its aim."""

from __future__ import annotations

import os
import platform
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Aim:
    """A bound for a median: an upper one (``under``), or a lower one that it must reach."""

    bound: float
    under: bool = True

    def met(self, median: float) -> bool:
        """Return whether a median is within the bound."""
        return median < self.bound if self.under else median >= self.bound

    def __str__(self) -> str:
        return f"{'under' if self.under else 'at least'} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Row:
    """One quantity with its value of each round; the name states its unit. Without values it was not checked."""

    name: str
    values: Sequence[float]
    aim: Aim | None = None


def table(rows: Iterable[Row]) -> str:
    """Return the rows as a table in Markdown."""
    lines = ["| | minimum | median | maximum | aim | met |", "|---|--:|--:|--:|---|---|"]
    for row in rows:
        if not row.values:
            lines.append(f"| {row.name} |  |  |  | {row.aim or ''} | not checked |")
            continue
        median = statistics.median(row.values)
        numbers = " | ".join(map(_written, (min(row.values), median, max(row.values))))
        verdict = f"{row.aim} | {'yes' if row.aim.met(median) else 'no'}" if row.aim else " | "
        lines.append(f"| {row.name} | {numbers} | {verdict} |")
    return "\n".join([*lines, ""])


def machine() -> str:
    """Return the machine's name, processor, number of usable CPUs, operating system and Python version."""
    cpus = len(os.sched_getaffinity(0))
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{platform.node()}: {_processor()}, {cpus} CPUs, {platform.system()} {platform.release()}, {python}"


def _written(value: float) -> str:
    """Return a number with three significant digits and without an exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
