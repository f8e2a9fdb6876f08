"""Mounts that one program alone sees, in a mount namespace of its own, which needs no privilege.

It is a script: ``hold SIZE FOLDER`` mounts a tmpfs over a folder and keeps it until its standard input ends;
``enter HOLDER FOLDER PROGRAM ARGUMENT...`` executes a program in the namespaces of that process, from the folder.
Others reach the disk through ``/proc/HOLDER/root``. ``over FOLDER PLACE PROGRAM ARGUMENT...`` executes a program that
sees a folder in the place of another one. Where user namespaces are forbidden ``hold`` and ``over`` fail.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
MS_NOSUID, MS_NODEV = 2, 4
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
INNER_ID = 1000  # any but 0: PostgreSQL refuses to run as root
MOUNTED = "mounted"


def hold(size: str, folder: str) -> None:
    """Mount the disk, say so, and wait."""
    _isolate(INNER_ID, INNER_ID)
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


def over(folder: str, place: str, program: str, *arguments: str) -> None:
    """Replace this process by a program for which the folder is at the place."""
    _isolate(os.geteuid(), os.getegid())
    _call("mount", os.fsencode(folder), os.fsencode(place), None, MS_BIND, None)
    os.execv(program, [program, *arguments])  # noqa: S606 - no shell is wanted


def _isolate(inner_user: int, inner_group: int) -> None:
    """Enter namespaces of users and of mounts, in which this user has another id and the same access to files."""
    user, group = os.geteuid(), os.getegid()
    _call("unshare", CLONE_NEWUSER | CLONE_NEWNS)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{inner_user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{inner_group} {group} 1")
    _call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)


def _call(function: str, *arguments: object) -> None:
    """Call a function of the C library; raise :class:`OSError` from ``errno`` unless it returns 0."""
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, function)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{function}: {os.strerror(error)}")


VERBS: Mapping[str, Callable[..., None]] = {"hold": hold, "enter": enter, "over": over}

if __name__ == "__main__":
    VERBS[sys.argv[1]](*sys.argv[2:])
