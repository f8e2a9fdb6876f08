"""The error of unusable schemas. It is never a pass: the command exits with 2."""

from __future__ import annotations

from compiler.errors import CouldNotRunError


class SchemaError(CouldNotRunError):
    """A schema, or a definition of one, that cannot be used; the message names the file and the reason."""
