"""Files of secrets, with the time of the last rotation in a file beside each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX = ".rotated-at"


class SecretFile:
    """A :class:`runtime.ports.machine.DatedSecret` in a file.

    The time, of RFC 3339, is in a file of the same name and ``SUFFIX``: External Secrets, or an agent of Vault, writes
    both from one answer of Vault.
    """

    def __init__(self, path: Path) -> None:
        self._dated = path.with_name(f"{path.name}{SUFFIX}")

    def rotated_at(self) -> datetime | None:
        """See :class:`runtime.ports.machine.DatedSecret`; a time without an offset is in UTC."""
        try:
            found = datetime.fromisoformat(self._dated.read_text(encoding="ascii").strip())
        except (OSError, ValueError):
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)
