"""The schemas for editors as this compiler made them before: they depend on no project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.compile_cache import fingerprint, folder
from compiler.emit import editor
from compiler.emit.artifact import Artifact

if TYPE_CHECKING:
    from pathlib import Path

_NAME = "editor.json"


def editor_artifacts(root: Path) -> tuple[Artifact, ...]:
    """Return every schema as a file, from the record of a project or made now.

    A person with write access to the record can make ``cbp compile`` write any schemas, as they could write these;
    ``cbp verify`` and ``--check`` make them.
    """
    program = fingerprint.program()
    if found := _recorded(folder.read(root, _NAME), program):
        return found
    made = editor.editor_artifacts()
    if program and program == fingerprint.program(anew=True):
        folder.write(root, _NAME, {"program": program, "files": {file.path: file.content.decode() for file in made}})
    return made


def _recorded(record: Any, program: str | None) -> tuple[Artifact, ...]:
    """Return the recorded files, if this very compiler made them; none of a record of another shape."""
    try:
        files = record["files"] if program and record["program"] == program else {}
        found = tuple(Artifact(path, content.encode()) for path, content in files.items())
    except (AttributeError, LookupError, TypeError, ValueError):
        return ()
    return found if tuple(file.path for file in found) == editor.PATHS else ()
