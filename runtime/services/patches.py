"""JSON Patch (RFC 6902) between two documents.

Numbers are compared by their text, since a value keeps every digit that was written: 1.0 and 1.00 differ. Members of an
object are compared by name, whatever their order.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runtime.domain.entries import Json


MOST_BYTES_MORE = 16 * 1024
"""The bytes that a patch may be longer than one that replaces the whole document, whose place it takes otherwise.

Paths repeat the names of objects, so that the patch of a document with long names could be far longer than that.
"""


class _Number(tuple[str]):
    """A number as it was written: no other value of a document is a tuple, so that equality is exact."""

    __slots__ = ()


def patch(before: Json, after: Json) -> list[orjson.Fragment]:
    """Return the operations that make ``after`` of ``before``."""
    old, new = _decoder.decode(before), _decoder.decode(after)
    whole = _operation("replace", "", new)
    found, size = [], 0
    for operation in _operations("", old, new):
        size += len(operation)
        if size > len(whole) + MOST_BYTES_MORE:
            return [orjson.Fragment(whole)]
        found.append(orjson.Fragment(operation))
    return found


def _operations(path: str, old: Any, new: Any) -> Iterator[bytes]:
    if _same(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _of_objects(path, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _of_arrays(path, old, new)
    else:
        yield _operation("replace", path, new)


def _of_objects(path: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[bytes]:
    for name in old:
        if name not in new:
            yield _operation("remove", _below(path, name))
    for name, value in new.items():
        if name in old:
            yield from _operations(_below(path, name), old[name], value)
        else:
            yield _operation("add", _below(path, name), value)


def _of_arrays(path: str, old: list[Any], new: list[Any]) -> Iterator[bytes]:
    """Compare what is left between the common beginning and the common end, item by item."""
    shorter = min(len(old), len(new))
    start = next((n for n in range(shorter) if not _same(old[n], new[n])), shorter)
    end = next((n for n in range(shorter - start) if not _same(old[-1 - n], new[-1 - n])), shorter - start)
    for n in range(start, shorter - end):
        yield from _operations(f"{path}/{n}", old[n], new[n])
    for n in reversed(range(shorter - end, len(old) - end)):
        yield _operation("remove", f"{path}/{n}")
    for n in range(shorter - end, len(new) - end):
        yield _operation("add", f"{path}/{n}", new[n])


def _same(old: Any, new: Any) -> bool:
    return type(old) is type(new) and old == new


def _below(path: str, name: str) -> str:
    return f"{path}/{name.replace('~', '~0').replace('/', '~1')}"


def _operation(op: str, path: str, *value: Any) -> bytes:
    members = {"op": op, "path": path, **({"value": value[0]} if value else {})}
    return orjson.dumps(members, default=_written)


def _written(number: _Number) -> orjson.Fragment:
    return orjson.Fragment(number[0])


def _number(text: str) -> _Number:
    return _Number((text,))


_decoder = json.JSONDecoder(parse_int=_number, parse_float=_number)
