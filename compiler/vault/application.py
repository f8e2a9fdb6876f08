"""Apply a plan: write the documents that differ, and read each one back."""

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
class Outcome:
    """The outcome of one document: written or not, and the differences that stayed."""

    title: str
    written: bool
    left: tuple[Difference, ...] = ()
    """The differences that reading back shows, although the server accepted the write."""


def apply(plan: Plan, server: VaultServer, values: WriteOnlyValues) -> Iterator[Outcome]:
    """Write the documents that differ, in order; stop after the first that reads back differently.

    A value that the server never shows cannot be compared: its document is written whenever the value was given.

    Raises:
        VaultError: a value is missing (then nothing is written), or the server refuses (earlier writes stay).
    """
    _complete(plan, server, values)
    comparison = Comparison(plan, server, values)
    for document in plan.documents:
        outcome = _apply_document(document, comparison)
        yield outcome
        if outcome.left:
            return


def _complete(plan: Plan, server: VaultServer, values: WriteOnlyValues) -> None:
    """Raise VaultError before the first write where a needed value was not given."""
    comparison = Comparison(plan, server, values)
    needed = [document for document in plan.documents if comparison.differences(document) or values.of(document)]
    if missing := [f"{name} of {item.path}" for item in needed for name in values.missing(item)]:
        raise VaultError(f"nothing was written, because these values have to be given: {', '.join(missing)}")


def _apply_document(document: Document, comparison: Comparison) -> Outcome:
    if not comparison.differences(document) and not comparison.unseen(document):
        return Outcome(document.title, written=False)
    data = comparison.data(document)
    if data is None:
        raise VaultError(f"{document.title}: it refers to a field that the server does not return")
    found = comparison.view(document, data)
    whole = {**comparison.resets(document, found or {}), **data, **comparison.values.of(document)}
    endpoint(document.path).write(comparison.server, document.path, whole, found)
    return Outcome(document.title, written=True, left=comparison.differences(document))
