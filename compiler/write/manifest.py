"""The manifest, ``generated/manifest.json``: every file that the compiler wrote, with its SHA-256.

It tells an edit by hand from stale output, and a file that is no longer produced from one that never was.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = "manifest.json"


def digest(content: bytes) -> str:
    """Return the digest of a file's content: ``sha256:`` and hexadecimal digits."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def serialise(files: Mapping[str, str]) -> bytes:
    """Return the manifest of files and their digests as bytes."""
    return (json.dumps({"version": 1, "files": dict(sorted(files.items()))}, indent=2) + "\n").encode()


def read(generated: Path) -> Mapping[str, str]:
    """Return the files and digests of the last compilation; empty where there is no usable manifest."""
    try:
        files = json.loads((generated / NAME).read_bytes())["files"]
    except (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    if not isinstance(files, dict) or not all(isinstance(value, str) for value in files.values()):
        return {}
    return files
