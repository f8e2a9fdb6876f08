"""Components: parts of the system, each with its emitters and the clusters that run it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from compiler.emit.artifact import Document
    from compiler.emit.kubernetes.common.flows import Flow, Scrape
    from compiler.emit.site import Site
    from compiler.emit.vault.documents import Write
    from compiler.emit.vault.kubernetes_auth import Account

T = TypeVar("T")
Emitter = Callable[["Site"], Iterable[T]]


@dataclass(frozen=True, slots=True)
class Each(Generic[T]):
    """Several emitters as one, with their results one after the other."""

    emitters: tuple[Emitter[T], ...]

    def __call__(self, site: Site) -> Iterable[T]:
        """Return the results of all emitters."""
        return chain.from_iterable(emit(site) for emit in self.emitters)


class Runs(Enum):
    """The clusters that run a component."""

    EVERYWHERE = "clusters that serve, and those that stand by"
    SERVING = "clusters that serve"
    STANDING_BY = "clusters that stand by"


def _nothing(_: Site) -> tuple[()]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One part of the system, with everything that is emitted for it.

    ``runs`` has no default, so that nobody can forget to state where a new component runs.
    """

    name: str
    runs: Runs
    documents: Emitter[Document] = _nothing
    """Its Kubernetes objects."""
    flows: Emitter[Flow] = _nothing
    """The connections that it opens and accepts."""
    scrapes: Emitter[Scrape] = _nothing
    """The ports at which it serves metrics."""
    accounts: Emitter[Account] = _nothing
    """The ServiceAccounts that log in to Vault for it, each with its rights there."""
    vault: Emitter[Write] = _nothing
    """Its other documents of the plan for Vault."""

    def runs_in(self, site: Site) -> bool:
        """Return whether a cluster runs the component."""
        return self.runs is Runs.EVERYWHERE or (self.runs is Runs.SERVING) == site.serves
