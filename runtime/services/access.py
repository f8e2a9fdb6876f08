"""Rights of clients: what is not given to somebody is refused.

A client has the rights that come with its proof, and those that the settings or grants give to it or its groups.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from runtime.domain.identity import Identity, Kind, Right, Role
from runtime.domain.namespaces import covered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runtime.domain.grants import Grant
    from runtime.domain.namespaces import Names
    from runtime.routes import Permission
    from runtime.services.tokens import Verified
    from runtime.settings import Access

MOST_CALLERS = 4096
"""The most proofs that are remembered: of one that makes room, the token is verified again."""

MOST_NAMESPACES = 256
"""The most namespaces for which the rank of one client is remembered."""

ANYWHERE, EVERYWHERE = "", "*"
"""No namespace has these names; they stand for the highest role that a client has in any, and in all of them."""


class RoleMissingError(Exception):
    """The client has not the role that the request needs; ``namespace`` is None where one in any would do."""

    def __init__(self, role: Role, namespace: str | None) -> None:
        where = {None: "any namespace", EVERYWHERE: "every namespace"}.get(namespace, f"the namespace {namespace}")
        super().__init__(f"the role {role} in {where} is needed, and is not given to you")
        self.role = role
        self.namespace = namespace


class SecondFactorMissingError(Exception):
    """A person who signed in with one factor asks for what needs several."""


class Caller:
    """A client with a proof that holds until a time (seconds since 1970), and its ranks by namespace."""

    __slots__ = ("identity", "name", "ranks", "until")

    def __init__(self, verified: Verified) -> None:
        self.identity = verified.identity
        self.until = verified.until
        self.name = verified.identity.name
        self.ranks: dict[str, int] = {}


class Callers:
    """The clients whose proofs were verified, by the header that holds the proof."""

    def __init__(self) -> None:
        self._known: dict[bytes, Caller] = {}

    def find(self, header: bytes) -> Caller | None:
        """Return the client of a header that was verified before, while its proof holds."""
        caller = self._known.get(header)
        if caller is None or time.time() < caller.until:
            return caller
        del self._known[header]
        return None

    def remember(self, header: bytes, verified: Verified) -> Caller:
        """Remember a proof until it ends."""
        if len(self._known) >= MOST_CALLERS:
            del self._known[next(iter(self._known))]
        caller = self._known[header] = Caller(verified)
        return caller

    def forget(self) -> None:
        """Forget every proof, so that each is verified again."""
        self._known.clear()

    def renew(self) -> None:
        """Judge every client anew, and verify the keys of machines again: what is given has changed."""
        for header, caller in list(self._known.items()):
            if caller.identity.kind is Kind.KEY:
                del self._known[header]
            caller.ranks.clear()


class Authority:
    """The judge of what a client may do.

    A client's ranks are remembered with its proof; :meth:`Callers.renew` forgets them when what is given has changed.
    """

    def __init__(self, settings: Access) -> None:
        self._bound: dict[tuple[str, str | None, str | None], list[Right]] = {}
        for each in settings.bindings:
            right = Right(Role(each.role), each.namespaces)
            self._bound.setdefault((each.issuer, each.group, each.subject), []).append(right)
        self._given: dict[tuple[str, str | None, str | None], list[Right]] = {}
        self._second_factor = settings.second_factor

    def give(self, grants: Iterable[Grant]) -> None:
        """Have these grants in force, and no others."""
        self._given = {}
        for each in grants:
            self._given.setdefault((each.issuer, each.group, each.subject), []).append(each.right)

    def require(self, caller: Caller, permission: Permission, namespace: str | None) -> None:
        """Return when a client may do what a route does, in a namespace or, for None, in any one or in all of them.

        Raises :class:`RoleMissingError` or :class:`SecondFactorMissingError`.
        """
        if permission.everywhere:
            namespace = EVERYWHERE
        place = ANYWHERE if namespace is None else namespace
        if self._rank(caller, place) < permission.rank:
            raise RoleMissingError(Role(permission.role), namespace)
        if permission.second_factor and self._second_factor and lacks_second_factor(caller.identity):
            raise SecondFactorMissingError

    def readable(self, caller: Caller) -> tuple[Names, ...]:
        """Return the names of the namespaces that a client reads: every role includes that."""
        return covered(right.namespaces for right in self.rights(caller.identity))

    def rights(self, identity: Identity) -> tuple[Right, ...]:
        """Return every right of a client."""
        members: list[tuple[str, str | None, str | None]] = [(identity.issuer, None, identity.subject)]
        members += [(identity.issuer, group, None) for group in sorted(identity.groups)]
        sources = (self._bound, self._given)
        return (*identity.rights, *(right for each in members for source in sources for right in source.get(each, ())))

    def _rank(self, caller: Caller, place: str) -> int:
        rank = caller.ranks.get(place)
        if rank is None:
            rank = _highest(self.rights(caller.identity), place)
            if len(caller.ranks) >= MOST_NAMESPACES:
                caller.ranks.clear()
            caller.ranks[place] = rank
        return rank


def lacks_second_factor(identity: Identity) -> bool:
    """Return whether a client could have shown a second factor, and has not: machines have none to show."""
    return identity.kind is Kind.PERSON and not identity.second_factor


def _highest(rights: Iterable[Right], place: str) -> int:
    return max((right.role.rank for right in rights if place == ANYWHERE or right.covers(place)), default=0)
