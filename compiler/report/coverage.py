"""The coverage of a specification as text or as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compiler.reach.coverage import Coverage


def as_text(found: Coverage) -> str:
    """Return the number of statements of each class, and the names of those that nothing enforces."""
    lines = [
        f"{found.leaves} statements of the specification:",
        f"{len(found.realised):>5} realised: another value of it moves something that a system reads",
        f"{len(found.guarded):>5} guarded: a rule refuses other values",
        f"{len(found.documented):>5} documented: on a page, or the name of a document",
        f"{len(found.unrealised):>5} unrealised",
    ]
    return "".join(f"{line}\n" for line in (*lines, *(f"      {name}" for name in found.unrealised)))


def as_json(found: Coverage) -> str:
    """Return an object with the number of statements of each class, and the list of those that nothing enforces."""
    counts = {name: len(getattr(found, name)) for name in ("realised", "guarded", "documented")}
    document = {"leaves": found.leaves, **counts, "unrealised": list(found.unrealised)}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
