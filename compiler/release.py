"""The release of an environment: the digest of a built and signed image, written to the environment's own file.

The digest replaces the previous release, and the line with the reason for having no release is removed. Every other
byte of the file stays, because people write its comments and its order.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compiler.diagnostics import Source
from compiler.errors import CouldNotRunError
from compiler.model.specification import SECTIONS
from compiler.sources import yaml
from compiler.sources.files import load
from compiler.sources.nodes import MappingNode, Node, ScalarNode, leaves, lookup
from compiler.write.disk import replace

if TYPE_CHECKING:
    from pathlib import Path

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_IMAGE = ("environment", "image")


class ReleaseError(CouldNotRunError):
    """The release cannot be written; the message says why, and what to do."""


def write_release(root: Path, environment: str, digest: str) -> Path:
    """Write ``digest`` as the release of an environment; return its file, relative to ``root``.

    Raises:
        ReleaseError: the digest is malformed, the environment does not exist, or its file cannot be edited in place.
        OSError: the file cannot be written.
    """
    if not _DIGEST.fullmatch(digest):
        raise ReleaseError(f"'{digest}' is not a digest: write sha256: and 64 hexadecimal digits")
    document = _document(root, environment)
    source = document.span.source
    text = _edited(document, digest)
    if _values(yaml.parse(Source(source.path, text))[0]) != _released(document, digest):
        help_ = "write the image's release and its reason each in a line of its own, and run this again"
        raise ReleaseError(f"{source.path}: {help_}")
    file = root / source.path
    before = file.read_bytes()
    replace(file, before.removesuffix(source.text.encode()) + text.encode())  # a byte order mark is no text
    return file.relative_to(root)


def _document(root: Path, environment: str) -> Node:
    loaded = load(root, SECTIONS, (environment,))
    for files in loaded.environments:
        if files.environment is not None:
            return files.environment
    folder = f"environments/{environment}"
    finding = next(finding for finding in loaded.findings if finding.place.startswith(folder))
    raise ReleaseError(f"{finding.place}: {finding.message}: {finding.help}")


def _edited(document: Node, digest: str) -> str:
    """Return the text with the digest as the release, and without the line of the reason."""
    source, image = document.span.source, lookup(document, _IMAGE)
    release = lookup(document, (*_IMAGE, "release"))
    if not isinstance(image, MappingNode) or not isinstance(release, ScalarNode):
        raise ReleaseError(f"{source.path}: there is no environment.image.release: write it first")
    span, lines = release.span, source.text.splitlines(keepends=True)
    line, start = lines[span.line - 1], span.column - 1
    lines[span.line - 1] = line[:start] + digest + line[start + span.width :]
    if reason := image.entries.get("reason"):
        del lines[reason.key.line - 1]
    return "".join(lines)


def _released(document: Node, digest: str) -> dict[object, str]:
    """Return the expected values of the edited file: the same, except for the release and its reason."""
    values = _values(document) | {(*_IMAGE, "release"): digest}
    values.pop((*_IMAGE, "reason"), None)
    return values


def _values(document: Node | None) -> dict[object, str]:
    return {path: node.text for path, node in leaves(document)} if document else {}
