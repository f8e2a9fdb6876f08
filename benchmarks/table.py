"""Measurements as a table in Markdown: the least, the median and the most of each, beside what is aimed at."""

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
    """A bound of a median: it is to stay ``under`` it, or at least to reach it."""

    bound: float
    under: bool = True

    def met(self, median: float) -> bool:
        """Say whether a median is within the bound."""
        return median < self.bound if self.under else median >= self.bound

    def __str__(self) -> str:
        return f"{'under' if self.under else 'at least'} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was measured, once a round; the name says its unit. Without a value it was not checked."""

    name: str
    values: Sequence[float]
    aim: Aim | None = None


def table(rows: Iterable[Row]) -> str:
    """Return the rows as a table."""
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
    """Return the machine's name, its processor, how many of its CPUs may be used, and what runs on it."""
    cpus = len(os.sched_getaffinity(0))
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{platform.node()}: {_processor()}, {cpus} CPUs, {platform.system()} {platform.release()}, {python}"


def _written(value: float) -> str:
    """A number with the three digits that a measurement is good for, and without an exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
