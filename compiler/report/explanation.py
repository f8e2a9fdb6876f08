"""The explanation of a leaf as text or as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from compiler.report.leaves import in_text, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from compiler.lineage.explanation import Explanation

_MOST_VALUES = 20


def document(found: Explanation) -> dict[str, Any]:
    """Return the explanation as a JSON document."""
    return asdict(found)


def as_text(found: Mapping[str, Any]) -> str:
    """Return the document of an explanation as text for people."""
    return "".join(f"{line}\n" for line in _lines(found))


def as_json(found: Mapping[str, Any]) -> str:
    """Return the document of an explanation as text for programs."""
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    file, values = found["file"], found["values"]
    yield f"generated/{file}"
    if len(values) <= _MOST_VALUES:
        for pointer, value in values.items():
            yield f"{in_text(file, pointer)}: {shown(value)}"
            yield from _computation(found["computed"].get(pointer))
            if reason := found["uncomputed"].get(pointer):
                yield f"  no formula: {reason}"
    else:
        yield f"{found['pointer'] or 'the file'}: {len(values)} leaves"
    deciders = found["deciders"]
    one = len(values) == 1
    for title, of_existence in (("decided by", False), ("there or not by", True)):
        if chosen := [item for item in deciders if item["of_existence"] is of_existence]:
            yield ""
            yield title if one or not of_existence else "parts there or not by"
            yield from _table(chosen)
    if not deciders:
        yield ""
        yield "decided by no statement: it is the emitter's own"
    yield ""
    yield f"emitted by {found['emitter']}"
    if one:
        yield f"judged by {', '.join(found['rules'])}" if found["rules"] else "judged by no rule of its own"


def _computation(computed: Mapping[str, Any] | None) -> Iterator[str]:
    if computed is None:
        return
    if computed["formula"] in {term["name"] for term in computed["terms"]}:
        yield f"  = {computed['formula']}, {computed['numbers']}"
        return
    yield f"  = {computed['formula']}"
    yield f"  = {computed['numbers']}"
    for term in computed["terms"]:
        if term["unit"]:
            yield f"  {term['name']} is {term['text']}, {term['number']} {term['unit']}"
        if term["masked"]:
            yield f"  {term['name']} is masked: no other value of it moves this"


def _table(deciders: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    rows = [(f"{item['name']}: {shown(item['text'])}", f"{item['place']}{_layer(item)}") for item in deciders]
    width = max(len(name) for name, _ in rows)
    yield from (f"  {name:<{width}}  {place}" for name, place in rows)


def _layer(item: Mapping[str, Any]) -> str:
    if item["hides"]:
        return f" (hides {shown(item['hidden'])}, {item['hides']})"
    return ""
