"""The parts of a Markdown document that state something: its fenced blocks of YAML, and its list of references.

Markdown is CommonMark, https://spec.commonmark.org. Its lines are counted as :class:`Source` counts them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from compiler.diagnostics import Code, Finding, Source, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

_YAML = frozenset({"yaml", "yml"})
_REFERENCES = "references"
_REFERENCE = re.compile(r"For (?P<key>\w+)\b.*\bsee:? *`(?P<name>[^`]+)`", re.IGNORECASE)
_MARKERS = " \t>-*+.)0123456789"
"""The characters before the text of a list item, and before that of a numbered heading."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of YAML, at its place in the document."""

    path: str
    start: int
    """The number of lines before its content."""
    indentation: int
    """The number of characters before its fence."""
    text: str
    headings: tuple[str, ...]
    """The headings above it, from the highest level to the lowest."""

    @property
    def source(self) -> Source:
        """The content at its own lines and columns: lines before it are empty, and YAML allows the indentation."""
        lines = (f"{' ' * self.indentation}{line}" if line else "" for line in self.text.split("\n"))
        return Source(self.path, "\n" * self.start + "\n".join(lines))


@dataclass(frozen=True, slots=True)
class Reference:
    """A line below the heading of references: its subject and its document."""

    key: str
    key_span: Span
    name: str
    name_span: Span
    headings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """The statements of a document in their order, and a finding for each block that nothing closes."""

    blocks: tuple[Block, ...]
    references: tuple[Reference, ...]
    findings: tuple[Finding, ...]


def outline(document: Source) -> Outline:
    """Return the blocks of YAML and the references of a document; blocks of other languages are for people."""
    lines = document.lines()
    blocks: list[Block] = []
    references: list[Reference] = []
    findings: list[Finding] = []
    for token, headings in _below_headings(MarkdownIt("commonmark").disable("inline").parse("\n".join(lines))):
        start, end = token.map or (0, 0)
        if token.type == "fence" and _language(token) in _YAML:
            if _closed(token, end - start):
                indentation = lines[start].index(token.markup)
                blocks.append(Block(document.path, start + 1, indentation, token.content, headings))
            else:
                findings.append(_unclosed(document, start, lines))
        elif token.type == "inline" and headings and headings[-1].lstrip(_MARKERS).casefold() == _REFERENCES:
            references += _references(document, range(start, end), lines, headings)
    return Outline(tuple(blocks), tuple(references), tuple(findings))


def _below_headings(tokens: Sequence[Token]) -> Iterator[tuple[Token, tuple[str, ...]]]:
    """Yield each token with the headings that it stands below."""
    headings: dict[str, str] = {}
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            headings = {tag: text for tag, text in headings.items() if tag < token.tag}
            headings[token.tag] = " ".join(tokens[number + 1].content.split())
        yield token, tuple(headings.values())


def _language(token: Token) -> str:
    return next(iter(token.info.split()), "").casefold()


def _closed(token: Token, length: int) -> bool:
    """Return whether a fence of ``length`` lines is closed by a line of its own, before another one opens."""
    *content, last = token.content.split("\n")
    opens = any(line.lstrip().startswith(token.markup) for line in content)
    return length == len(content) + 2 and not last and not opens


def _unclosed(document: Source, start: int, lines: Sequence[str]) -> Finding:
    help_ = "write the line that closes the block: the same characters that open it"
    at = Span(document, start + 1, 1, max(1, len(lines[start])))
    return Finding(Code.DOC002, "nothing closes this block of YAML", help_, at)


def _references(document: Source, text: range, lines: Sequence[str], headings: tuple[str, ...]) -> Iterator[Reference]:
    for number in text:
        start = len(lines[number]) - len(lines[number].lstrip(_MARKERS))
        if match := _REFERENCE.match(lines[number], start):
            key, name = (
                Span(document, number + 1, match.start(group) + 1, len(match[group])) for group in ("key", "name")
            )
            yield Reference(match["key"].casefold(), key, match["name"], name, headings)
