"""Files of the checkout that repeat a value of the specification, because the tools that read them cannot look it up.

An author who changes such a value is told which other line has to say the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.diagnostics import Code, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path as FilePath

    from compiler.resolve.resolved import Resolved
    from compiler.sources.nodes import Path


@dataclass(frozen=True, slots=True)
class Repetition:
    """A line of a file, by a pattern whose first group is the value, and the path of the value that it repeats."""

    file: str
    line: re.Pattern[str]
    path: Path


_APPLICATION = ("containers", "application")
REPETITIONS = (
    Repetition("Containerfile", re.compile(r"^ARG BASE=(\S+)$", re.MULTILINE), (*_APPLICATION, "base_image")),
    Repetition("Containerfile", re.compile(r"^EXPOSE (\S+)$", re.MULTILINE), (*_APPLICATION, "health_check", "port")),
    Repetition(
        ".github/workflows/release.yml",
        re.compile(r"^ +IMAGE: (\S+)$", re.MULTILINE),
        ("environment", "image", "repository"),
    ),
)


def contradicted(root: FilePath, resolved: Resolved) -> Iterator[Finding]:
    """Yield a finding for each file that is there and repeats another value than an environment has."""
    for repetition in REPETITIONS:
        file, value = root / repetition.file, resolved.written(repetition.path)
        text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
        found = repetition.line.search(text)
        if found and found[1] != value:
            message = f"{repetition.file} says {found[1]} in the place of {value}"
            help_ = f"write {value} in line {text.count(chr(10), 0, found.start()) + 1} of {repetition.file}, too"
            yield Finding(Code.SPEC021, message, help_, resolved.span(repetition.path))
