"""Serialise documents canonically: equal documents give equal bytes, and all YAML parsers read them alike."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson
import yaml

from compiler.emit.block_yaml import UnusualError, block
from compiler.emit.memoize import memoize_by_content

if TYPE_CHECKING:
    from compiler.emit.artifact import Document

# PyYAML quotes texts that YAML 1.1 would not read as text. Go's parsers also read 1e3, 0o7 and the like as numbers, so
# every text that starts like a number, or may be one of YAML's words, is quoted as well.
_AMBIGUOUS = re.compile(r"[-+.]?[0-9].*|[-+.~=].*|(?i:y|n|yes|no|on|off|true|false|null|nan|inf)", re.DOTALL)

_INDENTED = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


class _Dumper(yaml.CSafeDumper):
    """A dumper that indents lists, writes text in one style, and uses no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else '"' if _AMBIGUOUS.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def to_yaml(document: Document, header: str) -> bytes:
    """Return the document as YAML below a comment; keys keep the emitter's order."""
    comment = "".join(f"# {line}\n" for line in header.splitlines())
    return comment.encode() + _yaml(document)


@memoize_by_content
def _yaml(document: Document) -> bytes:
    try:
        return block(document, dumped).encode()
    except UnusualError:
        return dumped(document).encode()


def dumped(document: Any) -> str:
    """Return a document as PyYAML's emitter writes it."""
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=4096)
    return text


def to_json(document: object) -> bytes:
    """Return the document as indented JSON with a final newline."""
    return orjson.dumps(document, option=_INDENTED)
