"""The folder of the caches, ``.cbp/`` in the project, which Git ignores; each cache is one JSON file of it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ".cbp"
LARGEST = 1 << 28  # bytes; that of a hundred environments has some millions


def read(root: Path, name: str) -> Any:
    """Return the content of a cache, of any shape; None where it cannot be read, is no file, or is far too large."""
    file = root / FOLDER / name
    try:
        return json.loads(file.read_bytes()) if file.is_file() and file.stat().st_size <= LARGEST else None
    except (OSError, ValueError, RecursionError):
        return None


def write(root: Path, name: str, content: object) -> None:
    """Replace the content of a cache atomically; a project that cannot be written to gets none."""
    folder = root / FOLDER
    draft = folder / f"{name}.new"
    with suppress(OSError):
        folder.mkdir(exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
        if draft.exists() and not draft.is_file():
            return
        draft.write_text(json.dumps(content), encoding="utf-8")
        draft.replace(folder / name)
