"""Drift: the differences between ``generated/`` and the artifacts of the specification, with a reason for each file."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from compiler.diagnostics import Code, Finding
from compiler.write import journal, manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from compiler.emit.artifact import Artifact

_CONFLICT = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)


class Reason(StrEnum):
    """The reason why a file differs."""

    STALE = "stale"
    EDITED = "edited by hand"
    MISSING = "missing"
    ORPHAN = "orphan"
    LINE_ENDS = "line ends"
    CONFLICT = "merge conflict"


@dataclass(frozen=True, slots=True)
class Change:
    """A file that differs: the reason, the wanted ``content`` and the ``found`` one; None stands for no file."""

    path: str
    reason: Reason
    content: bytes | None
    found: bytes | None

    @property
    def writable(self) -> bool:
        """Whether the compiler may make the change: it removes only files that it wrote itself."""
        return self.content is not None or self.reason is Reason.STALE


@dataclass(frozen=True, slots=True)
class Drift:
    """All changes, including the manifest's, and the findings because of which nothing may be written."""

    changes: tuple[Change, ...]
    refused: tuple[Finding, ...]


def drift(generated: Path, artifacts: Iterable[Artifact], owned: Callable[[str], bool]) -> Drift:
    """Compare ``generated/`` with the artifacts.

    ``owned`` returns whether this compilation produces a path; other files stay as they are, in the manifest too. A
    tree with a link or a special file is refused, and nothing is compared: links are not followed. Modes are not
    compared: they depend on the umask of the checkout.

    Raises:
        OSError: a file or a folder cannot be read.
    """
    found, refused = _walk(generated)
    if refused:
        return Drift((), refused)
    known = manifest.read(generated)
    wanted = {artifact.path: artifact.content for artifact in artifacts}
    changes = [
        change
        for path in sorted(wanted.keys() | {path for path in found if owned(path)})
        if (change := _compare(path, wanted.get(path), found.get(path), known.get(path)))
    ]
    kept = {path: value for path, value in known.items() if not owned(path)}
    due = manifest.serialise(kept | {path: manifest.digest(content) for path, content in wanted.items()})
    if change := _compare_manifest(generated, due, bool(changes)):
        changes.append(change)
    return Drift(tuple(changes), ())


def _compare(path: str, wanted: bytes | None, found: Path | None, known: str | None) -> Change | None:
    if found is None:
        return Change(path, Reason.MISSING, wanted, None)
    content = found.read_bytes()
    if content == wanted:
        return None
    if wanted is not None and (reason := _by_git(content, wanted)):
        return Change(path, reason, wanted, content)
    unchanged = known in {manifest.digest(content), manifest.digest(_with_lf(content))}
    if wanted is None:
        return Change(path, Reason.STALE if unchanged else Reason.ORPHAN, None, content)
    return Change(path, Reason.STALE if unchanged else Reason.EDITED, wanted, content)


def _compare_manifest(generated: Path, due: bytes, others: bool) -> Change | None:
    """Return the manifest's change: it counts as edited by hand only where no other file differs, else as stale."""
    file = generated / manifest.NAME
    if not file.is_file():
        return Change(manifest.NAME, Reason.MISSING, due, None)
    content = file.read_bytes()
    if content == due:
        return None
    reason = _by_git(content, due) or (Reason.STALE if others else Reason.EDITED)
    return Change(manifest.NAME, reason, due, content)


def _by_git(content: bytes, wanted: bytes) -> Reason | None:
    """Return the reason that lies with Git: converted line ends, or conflict markers; None where there is neither."""
    if _with_lf(content) == wanted:
        return Reason.LINE_ENDS
    return Reason.CONFLICT if _CONFLICT.search(content) else None


def _with_lf(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n")


def _walk(generated: Path) -> tuple[Mapping[str, Path], tuple[Finding, ...]]:
    """Return every regular file below the folder but the manifest, and a finding for anything else but a folder."""
    files: dict[str, Path] = {}
    refused = []
    if generated.is_symlink() or (generated.exists() and not generated.is_dir()):
        return {}, (_refusal("generated"),)
    if not generated.exists():
        return {}, ()
    for folder, directories, names in os.walk(generated, onerror=_raise):
        if folder == str(generated) and journal.FOLDER in directories:
            directories.remove(journal.FOLDER)
        for name in sorted(directories + names):
            path = Path(folder, name)
            relative = path.relative_to(generated).as_posix()
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                refused.append(_refusal(f"generated/{relative}"))
            elif path.is_file() and relative != manifest.NAME:
                files[relative] = path
    return files, tuple(refused)


def _raise(error: OSError) -> NoReturn:
    raise error


def _refusal(path: str) -> Finding:
    help_ = "remove it: the compiler writes regular files below generated/ and follows no link"
    return Finding(Code.GEN005, "this is neither a regular file nor a folder", help_, path=path)
