"""Become a server: give up root where that is asked, die with the parent, and execute the server in this place.

A script of its own, run as ``python -I -S launch.py PARENT DEATH_SIGNAL RUN_AS PROGRAM ARGUMENT...`` (PARENT is a
process id, RUN_AS one of :data:`CHANGES`), because every step belongs between fork and exec, where Python code of a
process with threads is not safe.

The death signal is asked for last: the kernel forgets it when credentials change, and keeps it over ``execve``
(prctl(2), PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
INNER_ID = 1000  # any but 0: PostgreSQL refuses to run as root
NOBODY = 65534


def main(parent: str, death_signal: str, run_as: str, program: str, *arguments: str) -> None:
    """Replace this process by ``program``; only an error returns, as an exception."""
    CHANGES[run_as]()
    _call("prctl", PR_SET_PDEATHSIG, int(death_signal))
    if os.getppid() != int(parent):  # it died before the request was in force
        sys.exit("the parent is gone")
    os.execv(program, [program, *arguments])  # noqa: S606 - no shell is wanted


def _same() -> None:
    """Stay who we are."""


def _namespace() -> None:
    """Enter a user namespace where this user is an ordinary one: files stay as reachable as they were."""
    user, group = os.geteuid(), os.getegid()
    _call("unshare", CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{INNER_ID} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{INNER_ID} {group} 1")


def _nobody() -> None:
    """Become ``nobody``, for machines where a user namespace is forbidden (a container's default seccomp profile)."""
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


CHANGES = {"same": _same, "namespace": _namespace, "nobody": _nobody}


def _call(function: str, *arguments: int) -> None:
    """Call a function of the C library that answers 0, or raise what ``errno`` says."""
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, function)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{function}: {os.strerror(error)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
