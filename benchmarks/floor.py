"""The floor: the cost of libyaml alone for the documents that the compiler writes.

``python -m benchmarks.floor gather GENERATED FILE`` reads every YAML document below a folder and keeps them as plain
dictionaries; ``python -m benchmarks.floor dump FILE FOLDER`` is the floor: it starts Python, imports PyYAML, takes the
dictionaries (marshalled, the cheapest form), dumps each with ``CSafeDumper`` and writes it to its file. Nothing is
parsed, decided, judged, compared or flushed to the disk.
"""

from __future__ import annotations

import marshal
import sys
from pathlib import Path

import yaml


def gather(generated: Path, file: Path) -> None:
    """Write the documents below a folder, each with its path there, into one file."""
    documents = [
        (path.relative_to(generated).as_posix(), yaml.load(path.read_bytes(), yaml.CSafeLoader))
        for path in sorted(generated.rglob("*.yaml"))
    ]
    file.write_bytes(marshal.dumps(documents))


def dump(file: Path, folder: Path) -> None:
    """Dump each document of a file that :func:`gather` wrote, below ``folder``."""
    for name, document in marshal.loads(file.read_bytes()):  # noqa: S302 - our own
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, encoding="utf-8"))


if __name__ == "__main__":
    {"gather": gather, "dump": dump}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
