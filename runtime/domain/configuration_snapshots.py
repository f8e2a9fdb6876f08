"""The file format of a snapshot of the configuration: JSON Lines, which verify themselves.

The first line is the head. Each further line is an entry: its namespace, its key (empty for the namespace's definition)
and its value, digit by digit as it is stored. They are in the order of namespace and key. The last line counts them,
and has the SHA-256 of all lines before it. It shows damage; that nobody changed the file is shown by the lock on it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT = "cbp-configuration/1"
_HEAD = ("format", "environment", "cluster", "epoch", "revision", "at")
_END = ("namespaces", "entries", "sha256")
_LINE_ENDS = str.maketrans("\r\n", "  ")


class DamagedError(Exception):
    """The file is no snapshot, or not as it was written; the message says where it differs."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A verified snapshot: its ``head``, and the text of each value by namespace and key."""

    head: dict[str, Any]
    namespaces: dict[str, dict[str, str]]

    @property
    def entries(self) -> int:
        """The number of entries, definitions not counted."""
        return sum(key != "" for keys in self.namespaces.values() for key in keys)


class Writer:
    """The lines of one snapshot, each without its end; the number of entries and the hash are kept along."""

    def __init__(self) -> None:
        self.namespaces, self.entries = 0, 0
        self._digest = hashlib.sha256()
        self._last: str | None = None

    def head(self, environment: str, cluster: str, epoch: str, revision: int, at: str) -> bytes:
        """Return the first line; ``at`` is a time of RFC 3339."""
        values = (FORMAT, environment, cluster, epoch, revision, at)
        return self._counted(_dump(dict(zip(_HEAD, values, strict=True))))

    def entry(self, namespace: str, key: str, value: str) -> bytes:
        """Return the line of an entry; ``value`` is JSON."""
        self.namespaces += namespace != self._last
        self.entries += key != ""
        self._last = namespace
        # JSON has these two between values alone.
        text = value.translate(_LINE_ENDS)
        return self._counted(f'{{"namespace":{_dump(namespace)},"key":{_dump(key)},"value":{text}}}')

    def end(self) -> bytes:
        """Return the last line."""
        return _end(self.namespaces, self.entries, self._digest.hexdigest())

    def _counted(self, line: str) -> bytes:
        content = line.encode() + b"\n"
        self._digest.update(content)
        return content


def read(lines: Iterable[bytes]) -> Contents:
    """Return the contents of a snapshot, once all of it is verified.

    Raises:
        DamagedError: the lines are not those that were written.
    """
    digest, written = hashlib.sha256(), list(lines)
    if len(written) < 2:
        raise DamagedError("it ends before its last line")
    for line in written[:-1]:
        digest.update(line)
    if _object(len(written), written[-1], _END)["sha256"] != digest.hexdigest():
        raise DamagedError("its SHA-256 is not that of its last line")
    head = _object(1, written[0], _HEAD)
    if head["format"] != FORMAT:
        raise DamagedError(f"its format is {head['format']}, and not {FORMAT}")
    found = Contents(head, {})
    for number, line in enumerate(written[1:-1], 2):
        entry = _object(number, line, ("namespace", "key", "value"))
        value = line.decode().rstrip("\n").partition(f'"key":{_dump(entry["key"])},"value":')[2][:-1]
        found.namespaces.setdefault(entry["namespace"], {})[entry["key"]] = value
    if written[-1] != _end(len(found.namespaces), found.entries, digest.hexdigest()):
        raise DamagedError("it has not as many entries as its last line says")
    return found


def _end(namespaces: int, entries: int, sha256: str) -> bytes:
    return _dump(dict(zip(_END, (namespaces, entries, sha256), strict=True))).encode() + b"\n"


def _object(number: int, line: bytes, names: tuple[str, ...]) -> dict[str, Any]:
    try:
        # Numbers stay text: a snapshot may hold some that Python would not read.
        found = json.loads(line, parse_int=str, parse_float=str) if names[-1] == "value" else json.loads(line)
    except ValueError as error:
        raise DamagedError(f"line {number} is no JSON") from error
    if not isinstance(found, dict) or tuple(found) != names:
        raise DamagedError(f"line {number} has not the members {', '.join(names)}")
    return found


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
