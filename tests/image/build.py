"""The build of the Containerfile, carried out without a container engine, in a folder.

The environment holds exactly the distributions of the runtime's lock, copied from the environment that runs the tests
(which was installed by the same hashes); beside it lie the files of ``runtime/`` that the build may read, compiled as
the build compiles them. All of it is read-only, except for the folder that stands for the pod's ``/tmp``.
"""

from __future__ import annotations

import compileall
import json
import shutil
import sysconfig
import venv
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath
from py_compile import PycInvalidationMode
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from tests.image.containerfile import PROJECT, containerfile, in_context, only

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENVIRONMENT = "/opt/venv"


@dataclass(frozen=True, slots=True)
class Image:
    """A built image: its root folder, and where its parts lie in it."""

    root: Path

    @property
    def app(self) -> Path:
        """The folder that the service starts in."""
        return self.root / "app"

    @property
    def environment(self) -> Path:
        """The virtual environment."""
        return self.root / "opt/venv"

    @property
    def scratch(self) -> Path:
        """The only folder that the pod lets the service write to."""
        return self.root / "tmp"

    def entrypoint(self) -> tuple[str, ...]:
        """Return the Containerfile's command, with the environment where it lies here."""
        words = json.loads(only(containerfile().last, "ENTRYPOINT"))
        return tuple(word.replace(_ENVIRONMENT, str(self.environment)) for word in words)

    def variables(self) -> dict[str, str]:
        """Return what a container's process finds in its environment: no home of its own, and what the image sets."""
        set_here = next(item for item in containerfile().last if item.name == "ENV").pairs()
        return {"HOME": "/", "TMPDIR": str(self.scratch), **set_here}


def build(root: Path) -> Image:
    """Build the image below a folder."""
    image = Image(root)
    venv.create(image.environment, with_pip=False, symlinks=True)
    for name in locked():
        _install(name, image.environment)
    for source in _runtime():
        _copy(PROJECT / source, image.app / source)
    for code in (image.environment / "lib", image.app):
        assert compileall.compile_dir(code, quiet=1, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    for path in (image.app, *image.app.rglob("*"), *(image.environment / "lib").rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    image.scratch.mkdir()
    image.scratch.chmod(0o1777)
    return image


def locked() -> tuple[str, ...]:
    """Return the distributions that the runtime's lock names for this machine."""
    lock = (PROJECT / "requirements/runtime.txt").read_text(encoding="utf-8")
    lines = (line.removesuffix("\\") for line in lock.splitlines() if line[:1].isalnum())
    found = [Requirement(line) for line in lines]
    chosen = [requirement for requirement in found if requirement.marker is None or requirement.marker.evaluate()]
    for requirement in chosen:
        assert requirement.specifier.contains(distribution(requirement.name).version), f"{requirement} is not installed"
    return tuple(requirement.name for requirement in chosen)


def _runtime() -> Iterator[PurePosixPath]:
    paths = (PurePosixPath(path.relative_to(PROJECT)) for path in (PROJECT / "runtime").rglob("*") if path.is_file())
    return (path for path in paths if in_context(path))


def _install(name: str, environment: Path) -> None:
    found = distribution(name)
    library = Path(sysconfig.get_path("purelib", "venv", {"base": str(environment)}))
    for path in found.files or ():
        # What lies outside of the library, as a command of bin/, is not what the service imports.
        if path.suffix != ".pyc" and ".." not in path.parts:
            _copy(Path(str(found.locate_file(path))), library / path)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
