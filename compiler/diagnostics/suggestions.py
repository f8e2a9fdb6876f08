"""Suggestions for an unknown name: the closest known name, or the list of known names."""

from __future__ import annotations

import difflib
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_NAME = 64
_MOST_NAMES = 100


def did_you_mean(word: str, known: Iterable[str], *, preferred: Iterable[str] = (), otherwise: str = "") -> str:
    """Return the advice for a misspelt name: the closest known name, with priority for ``preferred`` names.

    If no name is close, it is ``otherwise``, by default the list of known names.
    """
    known = list(known)
    meant = closest(word, preferred) or closest(word, known)
    return f"did you mean '{meant}'?" if meant else otherwise or use_one_of(known)


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known name closest to a word, ignoring case, or None; a word longer than any name has none."""
    if len(word) > _LONGEST_NAME:
        return None
    names = {name.casefold(): name for name in islice(known, _MOST_NAMES)}
    close = difflib.get_close_matches(word.casefold(), names, 1)
    return names[close[0]] if close else None


def use_one_of(known: Iterable[str]) -> str:
    """Return the advice that lists known names, up to a readable number."""
    names = list(known)
    rest = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"use one of: {', '.join(names[:_MOST_NAMES])}{rest}"
