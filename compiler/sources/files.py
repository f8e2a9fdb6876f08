"""Reading the files of a project: the sections in ``spec/``, and each environment with its overlays."""

from __future__ import annotations

import codecs
import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.diagnostics import Finding, Source
from compiler.sources import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compiler.sources.nodes import Node

ENVIRONMENT_FILE = "environment.yaml"
OVERLAYS = "overlays"
DOCUMENT = ".md"
"""The suffix of the documents that the specification refers to, which are for people and lie beside it."""


@dataclass(frozen=True, slots=True)
class EnvironmentFiles:
    """One environment's documents; None stands for a file that cannot be read."""

    name: str
    environment: Node | None
    overlays: tuple[Node | None, ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Every document of a project, by section and by environment, and what was wrong with its files."""

    sections: tuple[tuple[str, Node], ...]
    environments: tuple[EnvironmentFiles, ...]
    findings: tuple[Finding, ...]


def load(root: Path, sections: Iterable[str], only: Iterable[str] = ()) -> Loaded:
    """Read ``spec/<section>.yaml`` of every section, and the environments (those named ``only``, or all)."""
    reader = _Reader(root)
    found = tuple(reader.sections(tuple(sections)))
    environments = tuple(reader.environments(tuple(only)))
    return Loaded(found, environments, tuple(reader.findings))


class _Reader:
    """Reads and collects findings; one file's fault never ends the reading of the others."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.findings: list[Finding] = []

    def sections(self, names: tuple[str, ...]) -> Iterable[tuple[str, Node]]:
        present = self._names("spec")
        files = [f"{section}.yaml" for section in names]
        for name in sorted(present.difference(files)):
            if not name.endswith(DOCUMENT):
                self._stranger(f"spec/{name}", files)
        for section in names:
            path = f"spec/{section}.yaml"
            if f"{section}.yaml" not in present:
                self._report("FILE001", f"the section '{section}' has no file", "restore it from version control", path)
            elif node := self.document(path):
                yield section, node

    def environments(self, only: tuple[str, ...]) -> Iterable[EnvironmentFiles]:
        names = sorted(self._names("environments"))
        if not names:
            help_ = f"create environments/<name>/{ENVIRONMENT_FILE}"
            self._report("FILE004", "there is no environment", help_, "environments")
            return
        for name in only:
            if name not in names:
                message, help_ = f"there is no environment '{name}'", f"use one of: {', '.join(names)}"
                self._report("FILE005", message, help_, f"environments/{name}")
        for name in names:
            if not (self._root / "environments" / name).is_dir():
                self._stranger(f"environments/{name}", [])
            elif not only or name in only:
                yield self._environment(name)

    def _environment(self, name: str) -> EnvironmentFiles:
        folder = f"environments/{name}"
        for stranger in sorted(self._names(folder) - {ENVIRONMENT_FILE, OVERLAYS}):
            self._stranger(f"{folder}/{stranger}", [ENVIRONMENT_FILE, OVERLAYS])
        environment = self.document(f"{folder}/{ENVIRONMENT_FILE}")
        return EnvironmentFiles(name, environment, tuple(self._overlays(f"{folder}/{OVERLAYS}")))

    def _overlays(self, folder: str) -> Iterable[Node | None]:
        if (self._root / folder).exists() and not (self._root / folder).is_dir():
            self._report("FILE003", "this is not a folder", "put the overlays, as YAML files, into a folder", folder)
            yield None
        for name in sorted(self._names(folder)):
            path = f"{folder}/{name}"
            if name.endswith(".yaml"):
                yield self.document(path)
            else:
                self._stranger(path, [f"{Path(name).stem}.yaml"] if name.endswith(".yml") else [])
                yield None

    def document(self, path: str) -> Node | None:
        """Return the root of one YAML file, or None with a finding."""
        source = self._text(path)
        if source is None:
            return None
        node, findings = yaml.parse(source)
        self.findings.extend(findings)
        return node

    def _text(self, path: str) -> Source | None:
        file = self._root / path
        if not file.exists() and not file.is_symlink():
            self._report("FILE001", "the file is missing", "create it, or restore it from version control", path)
            return None
        if file.is_symlink() or not file.is_file():
            self._report("FILE003", "this is not a regular file", "put a regular file in its place", path)
            return None
        try:
            content = file.read_bytes()
        except OSError as error:
            self._report("FILE003", f"the file cannot be read: {error.strerror}", "make it readable", path)
            return None
        if len(content) > yaml.MAXIMUM_BYTES:
            message = f"the file has {len(content)} bytes, more than {yaml.MAXIMUM_BYTES}"
            self._report("YAML009", message, "the specification is never that large: check what was put here", path)
            return None
        return self._decode(path, content)

    def _decode(self, path: str, content: bytes) -> Source | None:
        content = content.removeprefix(codecs.BOM_UTF8)
        try:
            return Source(path, content.decode())
        except UnicodeDecodeError as error:
            at = Source(path, content.decode(errors="replace")).place(len(content[: error.start].decode()))
            message = f"byte 0x{content[error.start]:02x} is not UTF-8"
            self.findings.append(Finding("YAML002", message, "save the file as UTF-8", at))
            return None

    def _names(self, folder: str) -> set[str]:
        """The names in a folder, without those that editors and version control keep for themselves."""
        path = self._root / folder
        return {entry.name for entry in path.iterdir() if not entry.name.startswith(".")} if path.is_dir() else set()

    def _stranger(self, path: str, known: list[str]) -> None:
        close = difflib.get_close_matches(Path(path).name, known, 1)
        help_ = f"did you mean {close[0]}?" if close else "move it elsewhere: what is not read here is not enforced"
        self._report("FILE002", "the compiler does not read this", help_, path)

    def _report(self, code: str, message: str, help_: str, path: str) -> None:
        self.findings.append(Finding(code, message, help_, path=path))
