"""Hold one cluster as the gate judges it: its resolved specification, and everything rendered from that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compiler.emit.artifact import Artifact
    from compiler.emit.site import Site
    from compiler.model.environment import Environment
    from compiler.resolve.resolved import Resolved


@dataclass(frozen=True, slots=True)
class Rendering:
    """One cluster: where its values were decided (``resolved``), and what was emitted for it (``artifacts``).

    ``others`` are the other environments that are compiled with its own.
    """

    resolved: Resolved
    site: Site
    artifacts: tuple[Artifact, ...]
    others: tuple[Environment, ...] = ()
