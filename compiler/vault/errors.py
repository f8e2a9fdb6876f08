"""What ends a run against a server before its work is done."""

from __future__ import annotations


class VaultError(Exception):
    """The plan, what was given with it, or the server does not allow to go on; the message says why, and no secret."""
