"""A launcher that drops root if asked, requests to die with the parent, and executes a server in its own place.

It is a script, run as ``python -I -S launch.py PARENT DEATH_SIGNAL RUN_AS PROGRAM ARGUMENT...`` (PARENT is a process
id, RUN_AS one of :data:`CHANGES`), because every step belongs between fork and exec, where Python code of a process
with threads is not safe.

The death signal is requested last: the kernel clears it when credentials change, and keeps it over ``execve``
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
    """Replace this process by ``program``; it returns only by an exception."""
    CHANGES[run_as]()
    _call("prctl", PR_SET_PDEATHSIG, int(death_signal))
    if os.getppid() != int(parent):  # the parent died before prctl took effect
        sys.exit("the parent is gone")
    os.execv(program, [program, *arguments])  # noqa: S606 - no shell is wanted


def _same() -> None:
    """Keep the current user."""


def _namespace() -> None:
    """Enter a user namespace in which this user is an ordinary one, with the same access to files."""
    user, group = os.geteuid(), os.getegid()
    _call("unshare", CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{INNER_ID} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{INNER_ID} {group} 1")


def _nobody() -> None:
    """Become ``nobody``, where user namespaces are forbidden (by a container's default seccomp profile)."""
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


CHANGES = {"same": _same, "namespace": _namespace, "nobody": _nobody}


def _call(function: str, *arguments: int) -> None:
    """Call a function of the C library; raise :class:`OSError` from ``errno`` unless it returns 0."""
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, function)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{function}: {os.strerror(error)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
