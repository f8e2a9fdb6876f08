"""Entity tags and the preconditions of a request (RFC 9110, sections 8.8.3 and 13.1).

An entry's tag is its version: the epoch of the history and the revision, such as ``"1f0c9a2e-42"``. The tag is strong,
because no revision of a history is used twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runtime.domain.entries import PreconditionFailedError, PreconditionRequiredError

if TYPE_CHECKING:
    from runtime.domain.entries import Version

_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?:,[ \t,]*|$)')


LONGEST_LIST = 8 * 1024
"""The characters of a list of tags, which is some hundred tags: each costs about a microsecond."""


class InvalidTagsError(Exception):
    """An If-Match or If-None-Match header that is not a list of entity tags."""


@dataclass(frozen=True, slots=True)
class Tags:
    """The entity tags of a header; ``anything`` stands for ``*``."""

    strong: frozenset[str] = frozenset()
    weak: frozenset[str] = frozenset()
    anything: bool = False

    def match_strongly(self, tag: str) -> bool:
        """Return whether ``tag`` matches by strong comparison (If-Match): a weak tag equals no other tag."""
        return self.anything or tag in self.strong

    def match_weakly(self, tag: str) -> bool:
        """Return whether ``tag`` matches by weak comparison (If-None-Match), which ignores ``W/``."""
        return self.anything or tag in self.strong or tag in self.weak


@dataclass(frozen=True, slots=True)
class Conditions:
    """The preconditions of one request; None where the header is absent."""

    if_match: Tags | None = None
    if_none_match: Tags | None = None


def entity_tag(version: Version) -> str:
    """Return the entity tag of an entry at ``version``, quotes included."""
    return f'"{version}"'


def parse_tags(header: str) -> Tags:
    """Parse the value of an If-Match or If-None-Match header; raise :class:`InvalidTagsError` on anything else.

    Empty elements of the list are ignored (RFC 9110, section 5.6.1.2), and an empty list matches nothing.
    """
    if len(header) > LONGEST_LIST:
        raise InvalidTagsError(f"a list of entity tags has at most {LONGEST_LIST} characters")
    if header.strip(" \t") == "*":
        return Tags(anything=True)
    listed = header.strip(" \t,")
    found: list[tuple[str, str]] = []
    position = 0
    while position < len(listed):
        match = _TAG.match(listed, position)
        if match is None:
            raise InvalidTagsError('expected * or a list of quoted entity tags such as "1f0c9a2e-42"')
        found.append((match[1] or "", match[2]))
        position = match.end()
    return Tags(
        strong=frozenset(tag for prefix, tag in found if not prefix),
        weak=frozenset(tag for prefix, tag in found if prefix),
    )


def is_unmodified(conditions: Conditions, version: Version) -> bool:
    """Return whether the client already has ``version`` (304); raise when its If-Match fails (412)."""
    if conditions.if_match is None and conditions.if_none_match is None:
        return False
    tag = entity_tag(version)
    if conditions.if_match is not None and not conditions.if_match.match_strongly(tag):
        raise precondition_failed(version, if_match=True)
    return conditions.if_none_match is not None and conditions.if_none_match.match_weakly(tag)


def permit_change(conditions: Conditions, current: Version | None) -> None:
    """Raise unless a change may replace the entry at version ``current`` (None: there is no entry).

    An existing entry changes only under If-Match, so that no client overwrites a value that it has not read.
    """
    if current is None:
        if conditions.if_match is not None:
            raise precondition_failed(None, if_match=True)
        return
    tag = entity_tag(current)
    if conditions.if_match is not None and not conditions.if_match.match_strongly(tag):
        raise precondition_failed(current, if_match=True)
    if conditions.if_none_match is not None and conditions.if_none_match.match_weakly(tag):
        raise precondition_failed(current, if_match=False)
    if conditions.if_match is None:
        raise precondition_required(current)


def precondition_failed(current: Version | None, *, if_match: bool) -> PreconditionFailedError:
    """Return the error of a change whose If-Match, or If-None-Match, does not hold."""
    if current is None:
        return PreconditionFailedError("If-Match is given and the entry does not exist", None)
    field = "If-Match" if if_match else "If-None-Match"
    return PreconditionFailedError(f"{field} does not hold: the entry is at revision {current.revision}", current)


def namespace_changed(current: Version) -> PreconditionFailedError:
    """Return the error of a change whose guard does not hold: its namespace changed last at ``current``."""
    return PreconditionFailedError(
        f"If-Match does not hold: the namespace has changed at revision {current.revision}", current
    )


def precondition_required(current: Version) -> PreconditionRequiredError:
    """Return the error of a change that does not say which version it replaces."""
    return PreconditionRequiredError(
        f"the entry exists at revision {current.revision}: send If-Match with the entity tag of the version that you"
        " have read, or If-Match: * to change the entry at any version",
        current,
    )
