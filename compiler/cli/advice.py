"""Explanations of operating system errors in one line, with advice."""

from __future__ import annotations

import errno
import os
import pwd
from pathlib import Path

_ADVICE = {
    errno.ENOSPC: "make room on the disk and run it again",
    errno.EDQUOT: "make room in your quota and run it again",
    errno.EFBIG: "raise the limit on the size of a file (ulimit -f) and run it again",
    errno.EROFS: "run it in a checkout that can be written to",
    errno.EISDIR: "move it away and run it again",
    errno.ENOTDIR: "move it away and run it again",
    errno.EIO: "check the disk and run it again",
}


def explained(error: OSError) -> str:
    """Return the error in one line: the file, the error, the advice, and the notes about unfinished work."""
    advice = _permission(error) if error.errno in {errno.EACCES, errno.EPERM} else _ADVICE.get(error.errno or 0)
    parts = (f"{error.filename}: {error.strerror or error}", advice, *getattr(error, "__notes__", ()))
    return "; ".join(part for part in parts if part)


def _permission(error: OSError) -> str | None:
    """Return advice that names the owner of the file, who can grant access; None if there is no advice."""
    file = Path(error.filename)
    try:
        uid = file.stat().st_uid
    except OSError:
        return "give the checkout to the user who compiles"
    if uid == os.geteuid():
        return f"it is yours: chmod u+rwX '{file}'" if error.errno == errno.EACCES else None
    owner = _name(uid)
    return f"it belongs to {owner}: give it to the user who compiles, or compile as {owner}"


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
