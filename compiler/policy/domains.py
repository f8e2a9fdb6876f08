"""Domains of rules: each is a folder of ``policies/`` with a ``domain.yaml``.

The ids of a domain's rules begin with its prefix, which resembles no other domain's prefix and no code of the compiler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from compiler.diagnostics import Code

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = "domain.yaml"
PAGES = "docs/policies"
"""The folder of the pages about rules, in the project."""
FAMILIES = tuple(sorted({code.family for code in Code}))
"""The prefixes of the compiler's own codes."""
_LEAST_DISTANCE = 2


class Domain(BaseModel):
    """The content of a ``domain.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prefix: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{2}$")]
    """The prefix of the ids of its rules."""
    title: Annotated[str, Field(min_length=1)]
    about: Annotated[str, Field(min_length=1)]


def resembled(prefix: str, others: Iterable[str]) -> str | None:
    """Return the first of ``others`` that differs from a prefix in at most one letter, or None."""
    return next((other for other in others if _distance(prefix, other) < _LEAST_DISTANCE), None)


def _distance(one: str, other: str) -> int:
    """Return the Levenshtein distance of two words."""
    row = list(range(len(other) + 1))
    for above, letter in enumerate(one):
        left, row = row, [above + 1]
        for index, theirs in enumerate(other):
            row.append(min(row[index] + 1, left[index + 1] + 1, left[index] + (letter != theirs)))
    return row[-1]
