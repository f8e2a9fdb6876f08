"""Waivers and acknowledgements of all environments with their dates, beside those of the old side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from compiler.policy.waivers import LONGEST
from compiler.report.outcome import counted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from compiler.difference.side import Side


@dataclass(frozen=True, slots=True)
class Exemption:
    """A waiver or an acknowledgement: what it is about, its days, and who is responsible."""

    word: str
    environment: str
    rule: str
    about: str
    granted: date
    expires: date
    owner: str
    ticket: str
    reason: str
    place: str
    status: str = ""
    """``new``, ``removed``, or empty where both sides have it."""

    def left(self, today: date) -> str:
        """Return how long it holds, seen from a day."""
        if self.granted > today:
            return f"holds from {self.granted}"
        days = (self.expires - today).days
        return f"expired {counted(-days, 'day')} ago" if days < 0 else f"{counted(days, 'day')} left"


def exemptions(before: Side, after: Side) -> tuple[Exemption, ...]:
    """Return all of both sides, those that end first at the top, and those that are gone at the end."""
    old, new = dict(_found(before, "removed")), dict(_found(after, "new"))
    kept = [replace(item, status="" if key in old else item.status) for key, item in new.items()]
    gone = [item for key, item in old.items() if key not in new]
    return (*sorted(kept, key=lambda item: item.expires), *sorted(gone, key=lambda item: item.expires))


def _found(side: Side, status: str) -> Iterator[tuple[object, Exemption]]:
    for resolved in side.resolved:
        name = resolved.environment.name
        for waiver in resolved.waivers:
            said = waiver.entry
            about = " ".join(filter(None, (said.resource, said.file, said.pointer)))
            item = Exemption(
                "waiver",
                name,
                said.rule,
                about,
                said.granted,
                said.expires,
                said.owner,
                said.ticket,
                said.reason,
                str(waiver.span("rule")),
                status,
            )
            yield (name, said), item
        for acknowledged in resolved.acknowledgements:
            entry = acknowledged.entry
            about = f"{entry.file}{f' {entry.pointer}' if entry.pointer else ''}: {entry.before} → {entry.after}"
            item = Exemption(
                "acknowledgement",
                name,
                entry.rule,
                about,
                entry.granted,
                entry.granted + LONGEST,
                entry.owner,
                entry.ticket,
                entry.reason,
                str(acknowledged.span("rule")),
                status,
            )
            yield (name, entry), item
