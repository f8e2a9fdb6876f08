"""Why custom resources could not be judged. Never a pass: the command that asked exits with its own status for it."""

from __future__ import annotations


class SchemaError(Exception):
    """A schema, or the definition to make one from, that cannot be used; the message names the file and says why."""
