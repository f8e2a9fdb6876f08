"""Compile one small tree over another, and be killed at the Nth step that changes the disk: crash.py FOLDER N."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from pathlib import Path

from compiler.emit.artifact import Artifact
from compiler.write.apply import apply
from compiler.write.drift import drift

OLD = {"staging/a.yaml": "old a\n", "staging/deep/b.yaml": "old b\n", "gone/c.json": "old c\n"}
NEW = {"staging/a.yaml": "new a\n", "staging/deep/b.yaml": "old b\n", "staging/new/d.yaml": "new d\n"}
CHANGES = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod"}


def compile_(generated: Path, files: dict[str, str]) -> None:
    artifacts = (Artifact(path, text.encode()) for path, text in files.items())
    apply(generated, drift(generated, artifacts, lambda _: True))


def die_at(step: int) -> None:
    """Count the interpreter's own audit events of changes (PEP 578), and kill the process at one of them."""
    steps = itertools.count(1)

    def audit(event: str, _arguments: object) -> None:
        if event in CHANGES and next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(audit)


def print_changes_after_the_journal(generated: str) -> None:
    """Compile, and print the name of each change of the disk from the instant at which the new tree counts."""
    seen: list[str] = []

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        if event == "os.rename" and str(arguments[1]).endswith("journal.json"):
            seen.clear()
        writes = event != "open" or bool(int(str(arguments[2])) & (os.O_WRONLY | os.O_RDWR))
        if event in CHANGES and writes:
            seen.append(event)

    sys.addaudithook(audit)
    compile_(Path(generated), NEW)
    print(*seen, sep="\n")  # noqa: T201 - this is the answer of a program


if __name__ == "__main__":
    die_at(int(sys.argv[2]))
    compile_(Path(sys.argv[1]), NEW)
