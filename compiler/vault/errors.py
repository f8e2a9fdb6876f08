"""The error that ends a run against a Vault server before its work is done."""

from __future__ import annotations

from compiler.errors import CouldNotRunError


class VaultError(CouldNotRunError):
    """The plan, what was given with it, or the server does not allow to go on; the message says why, and no secret."""
