"""The error that ends a comparison with a cluster before its work is done."""

from __future__ import annotations

from compiler.errors import CouldNotRunError


class LiveError(CouldNotRunError):
    """The compiled or the live objects cannot be read; the message holds no Secret's value."""
