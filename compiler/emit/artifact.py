"""What an emitter returns: a file's place and content, and where it is data, the document itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]
"""A JSON-like document, such as a Kubernetes object."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file: its path below ``generated/`` (POSIX), its bytes, and the document that they are the text of."""

    path: str
    content: bytes
    document: Document | None = None
