"""The service of namespaces as a whole: read through the cache, as entries are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic

from runtime.domain.entries import Edit, EntryNotFoundError, NamespaceNotFoundError, TooLargeError
from runtime.domain.namespaces import MOST_REPLACED
from runtime.domain.preconditions import Conditions, Tags
from runtime.services.cache import S
from runtime.services.entries import Loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runtime.domain.entries import Json, Layers, Version, Whole
    from runtime.ports.entries import EntryStore
    from runtime.services.entries import Entries, Read

WHOLE = "?whole"
"""The cached name of all entries of a namespace."""

LAYERS = "?layers"
"""The cached name of the values that hold in a namespace."""

_ANY_VERSION = Conditions(if_match=Tags(anything=True))


class Namespaces(Generic[S]):
    """Namespaces in the representation of ``present``, in which the cache also holds them.

    Every call may raise :class:`runtime.ports.availability.UnavailableError`.
    """

    def __init__(
        self,
        store: EntryStore,
        entries: Entries[S],
        present: Callable[[Whole], S],
        present_layers: Callable[[Layers], S],
    ) -> None:
        self._store = store
        self._entries = entries
        self._present = present
        self._present_layers = present_layers

    async def effective(self, namespace: str, at_least: Version | None = None) -> Read[S]:
        """Return the values that hold in the namespace, its own and inherited ones, as :meth:`read`.

        The answer is cached until something changes in one of the layers.
        """

        async def load() -> Loaded[S]:
            layers = await self._store.layers(namespace, at_least)
            exists = layers.defined or bool(layers.values)
            return Loaded(self._present_layers(layers) if exists else None, layers.snapshot, layers.namespaces)

        try:
            return await self._entries.view((namespace, LAYERS), at_least, load, None)
        except EntryNotFoundError as error:
            raise NamespaceNotFoundError(error.age) from None

    async def explained(self, namespace: str, at_least: Version | None = None) -> Layers:
        """Return every layer's entries, and who wrote them, from the store."""
        layers = await self._entries.ask(lambda: self._store.layers(namespace, at_least, actors=True))
        if not layers.defined and not layers.values:
            raise NamespaceNotFoundError
        return layers

    async def present(self, namespace: str) -> Whole:
        """Return all entries of the namespace as the store has them now, to be changed together."""
        return await self._entries.ask(lambda: self._store.whole(namespace))

    async def read(self, namespace: str, at_least: Version | None = None) -> Read[S]:
        """Return all entries of the namespace, at ``at_least`` or later, as :meth:`Entries.read` returns one.

        Raises :class:`runtime.domain.entries.NamespaceNotFoundError` when it has neither entries nor a definition, and
        :class:`runtime.domain.entries.TooLargeError` when its entries are more than is answered at once.
        """

        async def load() -> Loaded[S]:
            whole = await self._store.whole(namespace, at_least)
            present = self._present(whole) if whole.exists else None
            return Loaded(present, whole.snapshot, (namespace,))

        try:
            return await self._entries.view((namespace, WHOLE), at_least, load, (namespace,))
        except EntryNotFoundError as error:
            raise NamespaceNotFoundError(error.age) from None


def departures(whole: Whole, values: Mapping[str, Json]) -> tuple[Edit, ...]:
    """Return the edits after which a namespace has these values by key, and no others.

    Raises :class:`runtime.domain.entries.TooLargeError` when they are more than one change may have.
    """
    held = {entry.key: entry.value for entry in whole.entries}
    edits = tuple(
        Edit(whole.namespace, key, values.get(key), _ANY_VERSION if key in held else Conditions())
        for key in sorted(held.keys() | values.keys())
        if held.get(key) != values.get(key)
    )
    if len(edits) > MOST_REPLACED:
        raise TooLargeError(
            f"{len(edits)} entries differ, and one change has at most {MOST_REPLACED}: change some first"
        )
    return edits
