"""The error that ends a run against a Vault server before its work is done."""

from __future__ import annotations

from compiler.errors import CouldNotRunError


class VaultError(CouldNotRunError):
    """A run that cannot go on because of the plan, the given values or the server; the message holds no secret."""
