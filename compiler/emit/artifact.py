"""Artifacts, the results of emitters: a file's path and content and, where it is data, the document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]
"""A JSON-like document, such as a Kubernetes object."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A generated file: its path below ``generated/`` (POSIX), its bytes, and the document that was serialised."""

    path: str
    content: bytes
    document: Document | None = None
