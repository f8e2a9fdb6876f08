"""A reader of a project's files: the sections in ``spec/``, and each environment with its overlays and waivers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.diagnostics import Code, Finding, bounded, bounded_findings, did_you_mean, use_one_of
from compiler.sources import disk, yaml
from compiler.sources.credentials import masked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compiler.sources.nodes import Node

ENVIRONMENT_FILE = "environment.yaml"
OVERLAYS = "overlays"
WAIVERS_FILE = "waivers.yaml"
ACKNOWLEDGEMENTS_FILE = "acknowledgements.yaml"
DRILLS = "drills"
"""The folder with the records of drills, which ``cbp drill`` reads, and no compilation."""
DOCUMENT = ".md"
"""The suffix of the documents beside the specification, which it refers to and which are for people."""


@dataclass(frozen=True, slots=True)
class EnvironmentFiles:
    """The documents of one environment; None stands for a file that cannot be read."""

    name: str
    environment: Node | None
    overlays: tuple[Node | None, ...]
    waivers: tuple[Node | None, ...] = ()
    """The document of waivers, if there is one."""
    acknowledgements: tuple[Node | None, ...] = ()
    """The document of acknowledgements, if there is one."""
    removed: bool = False
    """Whether nothing but the acknowledgements is left of the environment."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The documents of a project, by section and by environment, and the findings about its files."""

    sections: tuple[tuple[str, Node], ...]
    environments: tuple[EnvironmentFiles, ...]
    findings: tuple[Finding, ...]
    removed: tuple[EnvironmentFiles, ...] = ()
    """Environments that were removed on purpose: of each only the acknowledgements are left."""


def load(root: Path, sections: Iterable[str], only: Iterable[str] = ()) -> Loaded:
    """Read ``spec/<section>.yaml`` of every section, and the environments (those named ``only``, or all)."""
    reader = _Reader(root)
    found = tuple(reader.sections(tuple(sections)))
    environments = tuple(reader.environments(tuple(only)))
    kept = tuple(files for files in environments if not files.removed)
    removed = tuple(files for files in environments if files.removed)
    return Loaded(found, kept, tuple(reader.findings), removed)


class _Reader:
    """A reader that collects findings, so that a fault in one file does not stop the reading of the others."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.findings: list[Finding] = []

    def sections(self, names: tuple[str, ...]) -> Iterable[tuple[str, Node]]:
        present = self._names("spec")
        if present is None:
            return
        files = [f"{section}.yaml" for section in names]
        documents = {name for name in present.difference(files) if name.endswith(DOCUMENT)}
        self._report_unread("spec", present.difference(files, documents), files)
        for name in sorted(documents):
            self._scan(f"spec/{name}")
        for section in names:
            path = f"spec/{section}.yaml"
            if f"{section}.yaml" not in present:
                self._report(
                    Code.FILE001, f"the section '{section}' has no file", "restore it from version control", path
                )
            elif node := self.document(path):
                yield section, node

    def environments(self, only: tuple[str, ...]) -> Iterable[EnvironmentFiles]:
        present = self._names("environments")
        if present is None:
            return
        if not present:
            help_ = f"create environments/<name>/{ENVIRONMENT_FILE}"
            self._report(Code.FILE004, "there is no environment", help_, "environments")
            return
        unread = {
            name for name in present if not disk.is_text(name) or disk.is_file(self._root, f"environments/{name}")
        }
        self._report_unread("environments", unread)
        names = sorted(present - unread)
        for name in sorted(set(only).difference(names)):
            shown = disk.printable(name)
            self._report(Code.FILE005, f"there is no environment '{shown}'", use_one_of(names), f"environments/{shown}")
        for name in names:
            if not only or name in only:
                yield self._environment(name)

    def _environment(self, name: str) -> EnvironmentFiles:
        folder = f"environments/{name}"
        present = self._names(folder)
        if present is None:
            return EnvironmentFiles(name, None, (None,))
        known = {ENVIRONMENT_FILE, OVERLAYS, WAIVERS_FILE, ACKNOWLEDGEMENTS_FILE, DRILLS}
        self._report_unread(folder, present - known, known)
        acknowledged = ACKNOWLEDGEMENTS_FILE in present
        acknowledgements = (self.document(f"{folder}/{ACKNOWLEDGEMENTS_FILE}"),) if acknowledged else ()
        if present - {DRILLS} == {ACKNOWLEDGEMENTS_FILE}:
            return EnvironmentFiles(name, None, (), (), acknowledgements, removed=True)
        environment = self.document(f"{folder}/{ENVIRONMENT_FILE}")
        overlays = tuple(self._overlays(f"{folder}/{OVERLAYS}"))
        waivers = (self.document(f"{folder}/{WAIVERS_FILE}"),) if WAIVERS_FILE in present else ()
        return EnvironmentFiles(name, environment, overlays, waivers, acknowledgements)

    def _overlays(self, folder: str) -> Iterable[Node | None]:
        present = self._names(folder)
        if present is None:
            yield None
            return
        unread = {name for name in present if not name.endswith(".yaml") or not disk.is_text(name)}
        self._report_unread(folder, unread, [f"{Path(name).stem}.yaml" for name in unread if name.endswith(".yml")])
        yield from (None for _ in unread)
        for name in sorted(present - unread):
            yield self.document(f"{folder}/{name}")

    def document(self, path: str) -> Node | None:
        """Return the root of one YAML file, or None with a finding."""
        source = disk.read(self._root, path)
        if isinstance(source, Finding):
            self.findings.append(source)
            return None
        clean, credentials = masked(source)
        node, findings = yaml.parse(clean)
        self.findings.extend((*bounded_findings(credentials), *findings))
        return node

    def _scan(self, path: str) -> None:
        """Report the credentials in a document that is for people; one that cannot be read is its users' concern."""
        source = disk.read(self._root, path)
        if not isinstance(source, Finding):
            self.findings.extend(bounded_findings(masked(source)[1]))

    def _names(self, folder: str) -> frozenset[str] | None:
        """Return the names in a folder, or None with a finding if it is no folder."""
        found = disk.names(self._root, folder)
        if isinstance(found, Finding):
            self.findings.append(found)
            return None
        return found

    def _report_unread(self, folder: str, names: Iterable[str], known: Iterable[str] = ()) -> None:
        """Report the files of a folder that the compiler does not read; ``known`` are names to suggest."""
        known = list(known)
        listed, more = bounded(sorted(names), lambda _: folder)
        for name in listed:
            message = "the compiler does not read this"
            help_ = did_you_mean(name, known, otherwise="move it elsewhere: what is not read here is not enforced")
            if not disk.is_text(name):
                message, help_ = "the name of this is not UTF-8 text", "rename it, or move it elsewhere: it is not read"
            self._report(Code.FILE002, message, help_, f"{folder}/{disk.printable(name)}")
        self.findings.extend(more)

    def _report(self, code: Code, message: str, help_: str, path: str) -> None:
        self.findings.append(Finding(code, message, help_, path=path))
