"""A safe reader of folders and files: it follows no link, waits for no pipe, and limits the size.

A function returns a :class:`Finding` in place of its result when a path cannot be read as expected.
"""

from __future__ import annotations

import codecs
import stat
from typing import TYPE_CHECKING

from compiler.diagnostics import Code, Finding, Source

if TYPE_CHECKING:
    from pathlib import Path

MAXIMUM_BYTES = 1 << 20
_LINK = "this is a link, and links are not followed"


def read(root: Path, path: str) -> Source | Finding:
    """Return the text of one UTF-8 file; ``path`` is relative to the root (POSIX)."""
    try:
        mode = (root / path).lstat().st_mode
        if not stat.S_ISREG(mode):
            message = _LINK if stat.S_ISLNK(mode) else "this is not a regular file"
            return Finding(Code.FILE003, message, "put a regular file in its place", path=path)
        with (root / path).open("rb") as stream:
            content = stream.read(MAXIMUM_BYTES + 1)
    except FileNotFoundError:
        return Finding(Code.FILE001, "the file is missing", "create it, or restore it from version control", path=path)
    except OSError as error:
        return Finding(Code.FILE003, f"the file cannot be read: {error.strerror}", "make it readable", path=path)
    if len(content) > MAXIMUM_BYTES:
        help_ = "nothing that is written by hand is that large: check what was put here"
        return Finding(Code.YAML009, f"the file has more than {MAXIMUM_BYTES} bytes", help_, path=path)
    return _decoded(path, content)


def names(root: Path, folder: str) -> frozenset[str] | Finding:
    """Return the names in a folder, without files of editors and version control.

    A missing folder is empty. A name that is not UTF-8 contains surrogates (PEP 383): see :func:`printable`.
    """
    try:
        mode = (root / folder).lstat().st_mode
        if not stat.S_ISDIR(mode):
            message = _LINK if stat.S_ISLNK(mode) else "this is not a folder"
            return Finding(Code.FILE003, message, "put a folder in its place, with its files inside", path=folder)
        return frozenset(entry.name for entry in (root / folder).iterdir() if not entry.name.startswith("."))
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        return Finding(Code.FILE003, f"the folder cannot be read: {error.strerror}", "make it readable", path=folder)


def is_file(root: Path, path: str) -> bool:
    """Return whether a path is a regular file, not a link."""
    try:
        return stat.S_ISREG((root / path).lstat().st_mode)
    except OSError:
        return False


def is_text(name: str) -> bool:
    """Return whether a name is UTF-8 on disk."""
    return printable(name) == name


def printable(name: str) -> str:
    """Return a name with escapes for the bytes that are not UTF-8."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _decoded(path: str, content: bytes) -> Source | Finding:
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        return Source(path, content.decode())
    except UnicodeDecodeError as error:
        at = Source(path, content.decode(errors="replace")).place(len(content[: error.start].decode()))
        return Finding(Code.YAML002, f"byte 0x{content[error.start]:02x} is not UTF-8", "save the file as UTF-8", at)
