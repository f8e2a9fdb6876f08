"""A writer of block YAML: the bytes of PyYAML's emitter for the documents of this compiler, in a tenth of its time.

A text that needs no thought is written at once. Any other is written by PyYAML alone, and remembered. Where its form
may depend on what is around it, the whole document is PyYAML's to write.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_BARE = re.compile(r"[A-Za-z/](?:[A-Za-z0-9_./@,=+-]|[ :](?=[A-Za-z0-9/_.]))*")
"""Texts that YAML reads as text without quotes, but for its words."""
_WORDS = re.compile(r"(?i:y|n|yes|no|on|off|true|false|null|nan|inf)")
_LIKE_A_NUMBER = re.compile(r"[-+.]?[0-9][A-Za-z0-9_./:%-]*")
_LINE = re.compile(r"\n(?=[^\n])")
"""The end of a line before one that is not empty."""
_OTHER_BREAKS = re.compile("[\r\x85\u2028\u2029]")
_LONGEST = 1000
"""The length of a text from which a line might be folded."""
_LONGEST_KEY = 100


class UnusualError(Exception):
    """The document holds a value whose form depends on what is around it."""


def block(document: Any, single: Callable[[Any], str]) -> str:
    """Return a document in block style; ``single`` writes a document as PyYAML does.

    Raises:
        UnusualError: PyYAML has to write all of it.
    """
    if not isinstance(document, dict) or not document:
        raise UnusualError
    lines: list[str] = []
    _collection(document, "", lines, single)
    return "".join(f"{line}\n" for line in lines)


def _collection(value: dict[str, Any] | list[Any], pad: str, lines: list[str], single: Callable[[Any], str]) -> None:
    """Append the lines of a mapping or a list that is not empty, each of them behind ``pad``."""
    if isinstance(value, dict):
        for name, item in value.items():
            key = _key(name, single)
            if isinstance(item, dict | list) and item:
                lines.append(f"{pad}{key}:")
                _collection(item, f"{pad}  " if isinstance(item, dict) else pad, lines, single)
            else:
                lines.append(f"{pad}{key}: {_single(item, pad, single)}")
        return
    for item in value:
        if isinstance(item, dict | list) and item:
            first = len(lines)
            _collection(item, f"{pad}  ", lines, single)
            lines[first] = f"{pad}- {lines[first][len(pad) + 2 :]}"
        else:
            lines.append(f"{pad}- {_single(item, pad, single)}")


def _single(value: Any, pad: str, single: Callable[[Any], str]) -> str:
    """Return a single value, or an empty collection, as it stands behind a key or a dash."""
    if isinstance(value, str):
        return _LINE.sub(f"\n{pad}", _text(value, single))
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict | list):
        return "{}" if isinstance(value, dict) else "[]"
    raise UnusualError


def _text(text: str, single: Callable[[Any], str]) -> str:
    if len(text) <= _LONGEST:
        if _BARE.fullmatch(text) and not _WORDS.fullmatch(text):
            return text
        if _LIKE_A_NUMBER.fullmatch(text):
            return f'"{text}"'
    return _written(text, single)


@lru_cache(maxsize=4096)
def _written(text: str, single: Callable[[Any], str]) -> str:
    """Return a text as PyYAML writes it behind a dash without an indentation; its lines without their own."""
    if _OTHER_BREAKS.search(text):
        raise UnusualError
    found = single([text]).removesuffix("\n").removeprefix("- ")
    head = found.partition("\n")[0]
    of_lines = head.startswith("|") and not head.endswith("+")  # a document that ends with kept lines says so
    if not of_lines and ("\n" in found or max(len(text), len(found)) > _LONGEST):
        raise UnusualError
    return found


@lru_cache(maxsize=4096)
def _key(name: Any, single: Callable[[Any], str]) -> str:
    if not isinstance(name, str) or len(name) > _LONGEST_KEY or "\n" in name:
        raise UnusualError
    found = single({name: 0}).removesuffix(": 0\n")
    if "\n" in found or found.startswith("? "):
        raise UnusualError
    return found
