"""Write two files into a new project, and be killed at the Nth step that changes the disk: crash.py FOLDER N."""

from __future__ import annotations

import sys
from pathlib import Path

from compiler.importer.files import write
from tests.compiler.write.crash import die_at

CONTENTS = {"a.yaml": b"a: 1\n", "b.yaml": b"b: 2\n"}

if __name__ == "__main__":
    die_at(int(sys.argv[2]))
    write(Path(sys.argv[1]), CONTENTS)
