"""The Containerfile and its ignore file, read as an engine reads them.

Upstream: https://docs.docker.com/reference/dockerfile/, https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its name in capitals, and what follows it in one line."""

    name: str
    value: str

    def pairs(self) -> dict[str, str]:
        """Return the pairs of an instruction as ``ENV`` or ``LABEL``."""
        return {key: value for key, _, value in (word.partition("=") for word in shlex.split(self.value))}


@dataclass(frozen=True, slots=True)
class Containerfile:
    """What stands before the first stage, and the instructions of each stage."""

    head: tuple[Instruction, ...]
    stages: tuple[tuple[Instruction, ...], ...]

    @property
    def last(self) -> tuple[Instruction, ...]:
        """The stage that becomes the image."""
        return self.stages[-1]


def containerfile() -> Containerfile:
    """Return the project's own."""
    text = (PROJECT / "Containerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    instructions = [Instruction(*line.split(" ", 1)) for line in joined.splitlines()]
    starts = [index for index, instruction in enumerate(instructions) if instruction.name == "FROM"]
    ends = [*starts[1:], len(instructions)]
    stages = (tuple(instructions[start:end]) for start, end in zip(starts, ends, strict=True))
    return Containerfile(tuple(instructions[: starts[0]]), tuple(stages))


def only(stage: tuple[Instruction, ...], name: str) -> str:
    """Return the value of the one instruction of that name."""
    (instruction,) = (instruction for instruction in stage if instruction.name == name)
    return instruction.value


def in_context(path: PurePosixPath) -> bool:
    """Say whether the build may read a file of the checkout: the last pattern that matches it, or a folder, decides."""
    inside = True
    for line in (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.strip().removeprefix("!")
        if pattern and not pattern.startswith("#") and _matches(pattern, path):
            inside = line.startswith("!")
    return inside


def _matches(pattern: str, path: PurePosixPath) -> bool:
    parts = (r"(?:.*/)?" if part == "**/" else r"[^/]*" if part == "*" else re.escape(part) for part in _parts(pattern))
    expression = re.compile("".join(parts))
    return any(expression.fullmatch(str(candidate)) for candidate in (path, *path.parents[:-1]))


def _parts(pattern: str) -> list[str]:
    return re.split(r"(\*\*/|\*)", pattern)
