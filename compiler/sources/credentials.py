"""Credentials in the text of a file, comments included: found by their shapes, and masked before anything reads them.

The patterns are those of the rules about rendered files (``policies/secrets``), which cannot see a comment.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compiler.diagnostics import Code, Finding, Source, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCESS_KEYS = (
    r"(AKIA|ASIA)[0-9A-Z]{16}",
    r"gh[opsu]_[0-9A-Za-z]{36}",
    r"github_pat_[0-9A-Za-z_]{22}",
    r"glpat-[0-9A-Za-z_-]{20}",
    r"hv[bs][.][0-9A-Za-z_-]{24}",
    r"\bs[.][0-9A-Za-z]{24}\b",
    r"xox[abprs]-[0-9A-Za-z-]{10}",
    r"eyJ[0-9A-Za-z_-]{10,}[.]eyJ[0-9A-Za-z_-]{10,}",
)
"""Of AWS, GitHub, GitLab, Vault and Slack, and JSON Web Tokens, the most specific first."""
PRIVATE_KEY = r"-----BEGIN ([A-Z]+ )*PRIVATE KEY"
PASSWORD_IN_URL = r"://[^/@:{ ]+:[^/@{ ]+@"  # noqa: S105 - a pattern

# Masked to its end, which may be lines below, or a few characters behind what identifies it.
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a private key", re.compile(PRIVATE_KEY + r"(?s:.*?)(?:-----END[^\n]*|\Z)")),
    ("a key or a token", re.compile(rf"(?:{'|'.join(ACCESS_KEYS)})[0-9A-Za-z_.-]*")),
    ("a URL with a password", re.compile(PASSWORD_IN_URL)),
)
_MASKED = "x"


def masked(source: Source) -> tuple[Source, tuple[Finding, ...]]:
    """Return a source without the credentials in it, and a finding for each: no message can show one then."""
    text = source.text
    places: list[tuple[int, int, str]] = []
    for kind, pattern in _KINDS:
        places += [(*match.span(), kind) for match in pattern.finditer(text)]
        text = pattern.sub(lambda match: re.sub(r"\S", _MASKED, match[0]), text)
    clean = Source(source.path, text) if places else source
    return clean, tuple(_findings(clean, sorted(places)))


def _findings(source: Source, places: list[tuple[int, int, str]]) -> Iterator[Finding]:
    for start, end, kind in places:
        at = source.place(start)
        width = min(end - start, len(source.line(at.line)) - at.column + 1)
        help_ = "revoke it, since the history of the repository keeps it; Vault or an identity takes its place"
        yield Finding(Code.FILE007, f"{kind} is written here", help_, Span(source, at.line, at.column, width))
