"""Rules as a list, and one rule explained, as text or as JSON."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compiler.policy.fixture import Difference
    from compiler.policy.library import Rule

_WIDTH = 100
_LABEL = 13


def as_text(rules: Iterable[Rule]) -> str:
    """Return a line for each rule: id, severity, domain and title."""
    rows = [(rule.id, str(rule.metadata.custom.severity), rule.module.domain, rule.metadata.title) for rule in rules]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    cells = ((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]) for row in rows)
    return "".join(f"{'  '.join(row)}\n" for row in cells)


def as_json(rules: Iterable[Rule]) -> str:
    """Return an object with ``rules``: the metadata of each, and its file."""
    return json.dumps({"rules": [_document(rule) for rule in rules]}, indent=2, ensure_ascii=False) + "\n"


def explained(rule: Rule) -> str:
    """Return the description of a rule, its remedy, and values that it passes and denies."""
    said = rule.metadata
    facts = {
        "severity": str(said.custom.severity),
        "owner": said.custom.owner,
        "section": said.custom.section,
        "what to do": said.custom.remediation,
        "source": rule.module.path,
        "page": rule.page,
    }
    lines = [f"{rule.id}  {said.title}", "", *textwrap.wrap(said.description, _WIDTH), ""]
    for label, text in facts.items():
        first, *more = textwrap.wrap(text, _WIDTH - _LABEL, break_long_words=False)
        lines += [f"{label:{_LABEL}}{first}", *(" " * _LABEL + line for line in more)]
    examples = (line for difference in rule.fixture.differences for line in _example(difference))
    return "".join(f"{line}\n" for line in (*lines, *examples))


def place(at: Iterable[str | int]) -> str:
    """Return a path as text, such as ``documents[0].object.spec``."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in at).lstrip(".")


def value(document: object) -> str:
    """Return a value of a fixture as JSON in one line."""
    return json.dumps(document, ensure_ascii=False)


def _example(difference: Difference) -> Iterator[str]:
    yield from ("", f"for example {place(difference.at)}")
    yield f"  passes  {value(difference.passes)}"
    yield f"  denied  {value(difference.denied)}"


def _document(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "domain": rule.module.domain,
        "title": rule.metadata.title,
        "description": rule.metadata.description,
        **rule.metadata.custom.model_dump(mode="json", exclude={"id"}),
        "source": rule.module.path,
        "page": rule.page,
    }
