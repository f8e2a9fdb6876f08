"""Memoise pure functions of a document by its JSON.

Clusters have most of their objects in common: nine in ten documents of a hundred environments are copies.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

import orjson

Function = TypeVar("Function", bound=Callable[..., Any])

# More documents than two clusters have; without a bound the cache would keep those of all clusters.
_MAXIMUM = 512


def memoize_by_content(function: Function) -> Function:
    """Return the function with its last results cached, by its first argument's JSON and its other arguments.

    The function is pure, and called with positional arguments. Equal documents share one result: nobody may change it,
    nor a document that was asked about.
    """

    @lru_cache(maxsize=_MAXIMUM)
    def of_text(text: bytes, *others: Any) -> Any:
        return function(orjson.loads(text), *others)

    @lru_cache(maxsize=_MAXIMUM)
    def of_identity(document: _Identity, *others: Any) -> Any:
        return of_text(orjson.dumps(document.document), *others)

    @wraps(function)
    def of_document(document: Any, *others: Any) -> Any:
        return of_identity(_Identity(document), *others)

    return cast("Function", of_document)


class _Identity:
    """A document that is equal to itself alone: most of those that are asked about again were not even copied."""

    __slots__ = ("document",)

    def __init__(self, document: Any) -> None:
        self.document = document

    def __hash__(self) -> int:
        return id(self.document)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.document is other.document
