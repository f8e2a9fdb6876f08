"""References: documents that the specification refers to."""

from __future__ import annotations

from compiler.model.base import Model
from compiler.model.text import DocumentName


class References(Model):
    """The file names of the documents that lie beside the sections in ``spec/``."""

    monitoring: DocumentName
    """The document on the monitoring of the service."""
    security: DocumentName
    """The document on the security of the service."""
