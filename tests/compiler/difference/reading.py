"""A page of HTML as a tree, and as the lines that a reader finds in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_VOID = frozenset({"br", "input", "link", "meta", "wbr"})
_UNREAD = frozenset({"style", "script", "head", "thead"})
_LINES = frozenset({"h1", "h2", "h3", "h4", "p", "li", "tr", "summary", "caption", "dd"})
_CELLS = frozenset({"td", "th", "div", "dt"})


@dataclass
class Element:
    """An element with its attributes and what it contains, texts among it."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    inside: list[Element | str] = field(default_factory=list)

    def all(self, name: str = "") -> Iterator[Element]:
        """Yield every element of a name, or every one, in the order of the document."""
        for item in self.inside:
            if isinstance(item, Element):
                if name in ("", item.name):
                    yield item
                yield from item.all(name)

    def with_id(self, identifier: str) -> Element:
        """Return the element with an id."""
        (found,) = (item for item in self.all() if item.attributes.get("id") == identifier)
        return found

    @property
    def text(self) -> str:
        """The text in it, with single spaces."""
        return " ".join(self.raw().split())

    def lines(self) -> list[str]:
        """Return what is read in it: a line for each heading, sentence and row, with ``|`` between cells."""
        cells = ([" ".join(cell.split()) for cell in line.split("|")] for line in self.marked().split("\n"))
        return [line for found in cells if (line := " | ".join(filter(None, found)))]

    def marked(self) -> str:
        """Return the text with a line break between lines, and ``|`` between cells."""
        if self.name in _UNREAD or "hidden" in self.attributes:
            return ""
        if self.name == "br":
            return " "
        parts = (item if isinstance(item, str) else item.marked() for item in self.inside)
        if self.name in _LINES:
            return "\n" + "".join(" ".join(part.split("\n")) for part in parts) + "\n"
        if self.name in _CELLS:
            return "|" + " ".join("".join(parts).split("\n")) + "|"
        return "".join(
            part.replace("\n", " ") if isinstance(part, str) and not part.strip() else part for part in parts
        )

    def raw(self) -> str:
        """Return the text with all of its white space."""
        if self.name == "br":
            return " "
        return "".join(item if isinstance(item, str) else item.raw() for item in self.inside)


def read(page: str) -> Element:
    """Return the tree of a page, in which every element that is begun is ended."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == [reader.tree], [item.name for item in reader.open]
    return reader.tree


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tree = Element("")
        self.open = [self.tree]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(found)
        if tag not in _VOID:
            self.open.append(found)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().name == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)
