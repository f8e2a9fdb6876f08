"""Keys of signatures in files, which External Secrets replaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.domain.webhooks import KeyFormatError, parse_keys
from runtime.ports.external import UnsignedError

if TYPE_CHECKING:
    from pathlib import Path


class SigningKeys:
    """A :class:`runtime.ports.external.KeyRing`: the keys in a file, which is read again when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at: tuple[int, ...] = ()
        self._keys: tuple[bytes, ...] = ()

    def current(self) -> tuple[bytes, ...]:
        """See :class:`runtime.ports.external.KeyRing`."""
        try:
            state = self._path.stat()
            read_at = (state.st_ino, state.st_mtime_ns, state.st_size)
            if read_at != self._read_at:
                self._keys = parse_keys(self._path.read_text(encoding="utf-8"))
                self._read_at = read_at
        except OSError as error:
            raise UnsignedError(f"the file of signing keys cannot be read: {error.strerror}") from error
        except UnicodeDecodeError:
            raise UnsignedError("the file of signing keys is not text") from None
        except KeyFormatError as error:
            raise UnsignedError(f"the file of signing keys cannot be used: {error}") from error
        return self._keys
