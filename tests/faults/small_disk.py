"""A disk of a few megabytes for one server: a tmpfs in a mount namespace of its own, which needs no privilege.

It is a script: ``hold SIZE FOLDER`` mounts the disk over a folder and keeps it until its standard input ends;
``enter HOLDER FOLDER PROGRAM ARGUMENT...`` executes a program in the namespaces of that process, from the folder.
Others reach the disk through ``/proc/HOLDER/root``. Where user namespaces are forbidden ``hold`` fails.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
MS_NOSUID, MS_NODEV = 2, 4
MS_REC, MS_PRIVATE = 0x4000, 0x40000
INNER_ID = 1000  # any but 0: PostgreSQL refuses to run as root
MOUNTED = "mounted"


def hold(size: str, folder: str) -> None:
    """Mount the disk, say so, and wait."""
    user, group = os.geteuid(), os.getegid()
    _call("unshare", CLONE_NEWUSER | CLONE_NEWNS)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{INNER_ID} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{INNER_ID} {group} 1")
    _call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    _call("mount", b"tmpfs", os.fsencode(folder), b"tmpfs", MS_NOSUID | MS_NODEV, f"size={size},mode=700".encode())
    sys.stdout.write(f"{MOUNTED}\n")
    sys.stdout.flush()
    sys.stdin.read()


def enter(holder: str, folder: str, program: str, *arguments: str) -> None:
    """Replace this process by a program in the holder's namespaces."""
    for name in ("user", "mnt"):
        namespace = os.open(f"/proc/{holder}/ns/{name}", os.O_RDONLY)
        _call("setns", namespace, 0)
        os.close(namespace)
    os.chdir(folder)
    os.execv(program, [program, *arguments])  # noqa: S606 - no shell is wanted


def _call(function: str, *arguments: object) -> None:
    """Call a function of the C library; raise :class:`OSError` from ``errno`` unless it returns 0."""
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, function)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{function}: {os.strerror(error)}")


if __name__ == "__main__":
    (hold if sys.argv[1] == "hold" else enter)(*sys.argv[2:])
