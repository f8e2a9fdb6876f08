"""References: documents that the specification refers to."""

from __future__ import annotations

from compiler.model.base import Model
from compiler.model.text import DocumentName


class References(Model):
    """The documents' file names, beside the sections in ``spec/``."""

    monitoring: DocumentName
    """How the service is observed."""
    security: DocumentName
    """How the service is secured."""
