"""Applying a plan: only what differs is written, and what was written is read back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.vault.comparison import Comparison, Difference
from compiler.vault.endpoints import endpoint
from compiler.vault.errors import VaultError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.vault.plan import Document, Plan
    from compiler.vault.server import VaultServer
    from compiler.vault.write_only_values import WriteOnlyValues


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one document."""

    title: str
    written: bool
    left: tuple[Difference, ...] = ()
    """How the server reads it back otherwise, although it took it without a complaint."""


def apply(plan: Plan, server: VaultServer, values: WriteOnlyValues) -> Iterator[Step]:
    """Write the documents that differ, in order; the first that is read back otherwise is the last.

    A value that the server never shows cannot be compared: a document is written whenever one was given for it.

    Raises:
        VaultError: a value is missing (nothing is written then), or the server refuses; what was written stays.
    """
    _complete(plan, server, values)
    comparison = Comparison(server, values)
    for document in plan.documents:
        step = _step(document, comparison)
        yield step
        if step.left:
            return


def _complete(plan: Plan, server: VaultServer, values: WriteOnlyValues) -> None:
    """Refuse to begin what could not be finished."""
    comparison = Comparison(server, values)
    needed = [document for document in plan.documents if comparison.differences(document) or values.of(document)]
    if missing := [f"{name} of {item.path}" for item in needed for name in values.missing(item)]:
        raise VaultError(f"nothing was written, because these values have to be given: {', '.join(missing)}")


def _step(document: Document, comparison: Comparison) -> Step:
    if not comparison.differences(document) and not comparison.unseen(document):
        return Step(document.title, written=False)
    data = comparison.data(document)
    if data is None:
        raise VaultError(f"{document.title}: it refers to what the server does not say")
    found = comparison.view(document, data)
    whole = {**data, **comparison.values.of(document)}
    endpoint(document.path).write(comparison.server, document.path, whole, found)
    return Step(document.title, written=True, left=comparison.differences(document))
