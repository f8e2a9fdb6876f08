"""The error of schemas that cannot judge. Never a pass: the command that asked exits with 2 for it."""

from __future__ import annotations

from compiler.errors import CouldNotRunError


class SchemaError(CouldNotRunError):
    """A schema, or the definition to make one from, that cannot be used; the message names the file and says why."""
