"""One side of a difference: the working tree, or a commit, with its statements, policies and compiled files."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import yaml

from compiler.emit.artifact import Artifact
from compiler.emit.cluster import all_artifacts
from compiler.history.base import GENERATED, is_blob
from compiler.lineage.leaves import structure
from compiler.model.specification import SECTIONS
from compiler.resolve.resolved import resolve
from compiler.sources.files import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from compiler.diagnostics import Finding
    from compiler.emit.site import Site
    from compiler.history.base import Base
    from compiler.resolve.resolved import Resolved
    from compiler.sources.files import Loaded

POLICIES = "policies"
_FOLDERS = ("spec", "environments")
_STAGES = ("production", "staging", "development")
_SHARED = "schemas/"
"""The folder of the files that editors read: they are the compiler's, and no environment's."""
_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Side:
    """A state of the project: its folder on disk, and the commit that it is; None for the working tree."""

    root: Path
    base: Base | None

    @cached_property
    def policies(self) -> Path:
        """The folder of the policies; those of a commit are written there when they are asked for.

        Raises:
            GitError: the commit cannot be read.
        """
        if self.base is not None:
            _check_out(self.base, POLICIES, self.root)
        return self.root / POLICIES

    def same_policies(self, other: Side) -> bool:
        """Return whether the policies of two sides are the same files; those of a commit are known by their hashes.

        Raises:
            GitError: a commit cannot be read.
        """
        committed = [side.base.repository.files(side.base.commit, POLICIES) for side in (self, other) if side.base]
        if len(committed) > 1:
            return committed[0] == committed[1]
        found = [contents(side.policies) for side in (self, other) if side.base is None]
        if not committed:
            return found[0] == found[1]
        known = committed[0]
        return found[0].keys() == known.keys() and all(is_blob(known[path], text) for path, text in found[0].items())

    @cached_property
    def loaded(self) -> Loaded:
        """The documents of ``spec/`` and ``environments/``."""
        return load(self.root, SECTIONS)

    @cached_property
    def _resolution(self) -> tuple[tuple[Resolved, ...], tuple[Finding, ...]]:
        found, findings = resolve(self.root, self.loaded)
        return tuple(sorted(found, key=_order)), (*self.loaded.findings, *findings)

    @property
    def resolved(self) -> tuple[Resolved, ...]:
        """The environments that resolve, production first."""
        return self._resolution[0]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings about the documents themselves, before any policy judges."""
        return self._resolution[1]

    @cached_property
    def rendered(self) -> Mapping[str, tuple[tuple[Artifact, ...], tuple[tuple[Site, tuple[Artifact, ...]], ...]]]:
        """The files of each environment as this compiler emits them: those for Argo CD, and those of each cluster."""
        return {item.environment.name: all_artifacts(item) for item in self.resolved}

    @property
    def emitted(self) -> Mapping[str, tuple[Artifact, ...]]:
        """The files of each environment, in one list."""
        return {
            name: (*delivery, *(artifact for _, found in clusters for artifact in found))
            for name, (delivery, clusters) in self.rendered.items()
        }

    @cached_property
    def compiled(self) -> Mapping[str, Any]:
        """The files that are compared, as data: those of the commit, or the working tree's as they are emitted."""
        return files(self._compiled())

    def _compiled(self) -> Iterator[Artifact]:
        emitted = {artifact.path: artifact for found in self.emitted.values() for artifact in found}
        if self.base is None:
            yield from emitted.values()
            return
        paths = [path for path in self.base.files if not path.startswith(_SHARED) and path != _MANIFEST]
        alike = {path for path in paths if path in emitted and self.base.holds(path, emitted[path].content)}
        contents = self.base.read(set(paths) - alike)
        for path in dict.fromkeys((*(path for path in emitted if path in self.base.files), *paths)):
            yield emitted[path] if path in alike else Artifact(path, contents[path])


@contextmanager
def committed(base: Base) -> Iterator[Side]:
    """Provide a commit as a side; its documents are in a folder of their own until the end.

    Raises:
        GitError: the commit cannot be read.
    """
    with TemporaryDirectory(prefix="cbp-") as folder:
        for name in _FOLDERS:
            _check_out(base, name, Path(folder))
        yield Side(Path(folder), base)


def _check_out(base: Base, name: str, root: Path) -> None:
    """Write a folder of the project into another root, as a commit holds it."""
    for path, content in base.folder(name).items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def contents(folder: Path) -> Mapping[str, bytes]:
    """Return the content of each file below a folder, by its path in it."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def files(found: Iterable[Artifact]) -> dict[str, Any]:
    """Return the content of files as data, by their paths below ``generated/``; as lines what is not of its form."""
    return {artifact.path: _structure(artifact) for artifact in found}


def _structure(artifact: Artifact) -> Any:
    try:
        return structure(artifact)
    except (yaml.YAMLError, ValueError, RecursionError):
        return artifact.content.decode(errors="replace").splitlines()


def generated(path: str) -> str:
    """Return the path of a compiled file from the project's folder."""
    return f"{GENERATED}/{path}"


def _order(resolved: Resolved) -> tuple[int, str]:
    environment = resolved.environment
    return _STAGES.index(environment.stage), environment.name
