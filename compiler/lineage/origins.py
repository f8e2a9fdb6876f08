"""The origin of leaves: the statements that decide them, found by an experiment with one file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.lineage.experiment import ABSENT, differing
from compiler.lineage.incremental import Incremental
from compiler.lineage.variants import ENVIRONMENT, variants_of
from compiler.sources.nodes import leaves

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from compiler.lineage.emission import Emission
    from compiler.lineage.experiment import Side
    from compiler.lineage.recording import Reads
    from compiler.resolve.resolved import Resolved
    from compiler.sources.nodes import Path, ScalarNode


@dataclass(frozen=True, slots=True)
class Cause:
    """A statement that decides a leaf, with a text for it and the value that the leaf has then."""

    path: Path
    node: ScalarNode
    text: str
    value: Side


def origins(resolved: Resolved, emission: Emission) -> Mapping[str, tuple[Cause, ...]]:
    """Return the statements that decide each leaf of a file, by the leaf's pointer, in the order of the statements.

    Each statement that the emission reads is changed alone, in several ways. A leaf that no variant moves is absent.
    """
    emitted = Incremental(resolved)
    base = {emission.file: emission.content(emitted.unchanged)}
    found: dict[str, dict[Path, Cause]] = {}
    for path, node in _candidates(resolved, emitted.reads):
        for text, changed in variants_of(resolved, path, node):
            # The file itself is the later side, so that leaves keep the places that they have in it.
            after = {emission.file: emission.content(emitted.variant(changed))}
            for leaf, (then, now) in differing(after, base).items():
                if now is not ABSENT:
                    found.setdefault(leaf.pointer, {}).setdefault(path, Cause(path, node, text, then))
    return {pointer: tuple(causes.values()) for pointer, causes in found.items()}


def _candidates(resolved: Resolved, reads: Reads) -> Iterator[tuple[Path, ScalarNode]]:
    """Yield the statements that may decide something in a file: all of the environment, and those that are read."""
    for path, node in leaves(resolved.tree):
        if path[0] == ENVIRONMENT or reads.hold(("spec", *path)):
            yield path, node
