"""Sentences with values in them: a value is marked where the sentence is composed, and becomes code in the page."""

from __future__ import annotations

import re

from markupsafe import Markup

from compiler.diagnostics.text import printable

_BEGIN, _END = "\x02", "\x03"
"""Control characters, which no value that is marked holds."""
_MARKED = re.compile(f"{_BEGIN}([^{_END}]*){_END}")
_CODE = Markup("<code>{}</code>")
_BREAKS = re.compile(r"(?<=[/.:,_-])(?=[^\s/.:,_-])")
"""Where a long name may be broken into lines."""


def mark(value: str) -> str:
    """Return a value with marks around it, for a sentence that :func:`marked` shows."""
    return f"{_BEGIN}{printable(value)}{_END}"


def marked(sentence: str) -> Markup:
    """Return a sentence as HTML: everything in it escaped, its marked values as code."""
    parts = _MARKED.split(sentence)
    shown = (code(part) if index % 2 else Markup.escape(printable(part)) for index, part in enumerate(parts))
    return Markup().join(shown)


def code(value: str) -> Markup:
    """Return a value as code, which may be broken behind punctuation."""
    return _CODE.format(Markup("<wbr>").join(_BREAKS.split(printable(value))))
