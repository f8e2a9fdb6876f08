"""Probes of a free port and of optional programs."""

from __future__ import annotations

import os
import shutil
import sys
from functools import partial
from pathlib import Path

from compiler.doctor.probe import NotThereError, Probe
from runtime.embedded.loopback import LOOPBACK, is_free

PROGRAMS = {
    "git": "install it to commit what is compiled",
    "kubectl": "not needed: it shows what runs in a cluster",
    "opa": "not needed: regorus judges the policies",
    "promtool": "not needed: a test evaluates the alerts by it",
    "chromium": "not needed: nothing here opens a page",
}


def probes(root: Path) -> tuple[Probe, ...]:
    """Return the probes, all of them optional."""
    port = Probe("port", partial(_port, root), "stop what listens there, or choose another: make up PORT=9000", False)
    return (port, *(Probe(name, partial(_program, name), advice, False) for name, advice in PROGRAMS.items()))


def _port(root: Path) -> str:
    """Check the port that ``cbp up`` uses, which is in the settings."""
    from runtime.loading import load_settings

    if not (files := sorted(root.glob("generated/development/*/runtime/settings.json"))):
        raise NotThereError("nothing is compiled yet, so that it is not known")
    port = load_settings(files[0]).process.port
    if not is_free(port):
        raise NotThereError(f"{LOOPBACK}:{port} is taken")
    return f"{LOOPBACK}:{port} is free"


def _program(name: str) -> str:
    """Find a program on the PATH, or beside the interpreter, the folder of the programs of installed wheels."""
    folders = (os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent))
    if not (found := shutil.which(name, path=os.pathsep.join(folders))):
        raise NotThereError("not installed")
    return found
