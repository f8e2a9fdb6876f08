"""Probes of the compiler's needs: Python, packages, the engine, the schemas, and a writable folder."""

from __future__ import annotations

import os
import platform
import re
import sys
from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING

from compiler.doctor.probe import NotThereError, Probe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from packaging.requirements import Requirement

DISTRIBUTION = "cbp-config"
LOCK = "requirements/embedded.txt"
_LOCKED = re.compile(r"^([A-Za-z0-9][^ ]*==[^\\\n]+)", re.MULTILINE)


def probes(root: Path) -> tuple[Probe, ...]:
    """Return the probes of a project in ``root``."""
    return (
        Probe("Python", _python, "build the environment with another one: make clean install PYTHON=python3.13"),
        Probe("packages", partial(_packages, root / LOCK), "make install"),
        Probe("policy engine", _engine, "make install"),
        Probe("Kubernetes schemas", _schemas, "make install"),
        Probe("generated/", partial(_writable, root / "generated"), "give the folders to the user who compiles"),
    )


def _python() -> str:
    from packaging.specifiers import SpecifierSet

    running, wanted = platform.python_version(), metadata.metadata(DISTRIBUTION)["Requires-Python"]
    if not SpecifierSet(wanted).contains(running, prereleases=True):
        raise NotThereError(f"{running} is running, and {wanted} is needed")
    return f"{running} in {sys.prefix}"


def _packages(lock: Path) -> str:
    """Compare the installed packages with the lock's requirements for this machine."""
    if not lock.is_file():
        raise NotThereError(f"there is no {LOCK}: go to the project's folder, or give --root")
    locked = tuple(_locked(lock.read_text(encoding="utf-8")))
    if wrong := tuple(_differences(locked)):
        raise NotThereError(f"{len(wrong)} of {len(locked)} are not those of {LOCK}: {', '.join(wrong)}")
    return f"all {len(locked)} are those of {LOCK}"


def _locked(text: str) -> Iterator[Requirement]:
    """Yield the requirements of a lock that apply to this machine."""
    from packaging.requirements import Requirement

    for line in _LOCKED.findall(text):
        requirement = Requirement(line.strip())
        if requirement.marker is None or requirement.marker.evaluate():
            yield requirement


def _differences(locked: tuple[Requirement, ...]) -> Iterator[str]:
    for requirement in locked:
        try:
            installed = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            yield f"{requirement.name} is absent"
        else:
            if not requirement.specifier.contains(installed, prereleases=True):
                yield f"{requirement.name} is {installed}, not {requirement.specifier}"


def _engine() -> str:
    from compiler.policy.regorus import Regorus

    engine = Regorus()
    return f"{engine.name} {engine.version}"


def _schemas() -> str:
    from compiler.schemas import core

    if not (versions := core.versions()):
        raise NotThereError("there are schemas of no version")
    return f"{versions[0]} to {versions[-1]}"


def _writable(generated: Path) -> str:
    """Check that the folders are writable; files need not be, since a new file beside each one replaces it."""
    if not generated.exists():
        if not os.access(generated.parent, os.W_OK | os.X_OK):
            raise NotThereError(f"{generated.parent} is not writable, and there is no generated/ in it yet")
        return "nothing is compiled yet; it can be"
    folders = (generated, *(path for path in generated.rglob("*") if path.is_dir()))
    if locked := [folder for folder in folders if not os.access(folder, os.W_OK | os.X_OK)]:
        raise NotThereError(f"{locked[0]} is not writable")
    return "writable"
