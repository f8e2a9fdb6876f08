"""Run a probe, and return the check that it leads to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Status(StrEnum):
    """The answer of a check: there, missing although it is needed, or absent and optional."""

    OK = "ok"
    MISSING = "missing"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing to look for: ``look`` returns what it found or raises, and ``advice`` says what to do then."""

    name: str
    look: Callable[[], str]
    advice: str
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Check:
    """One answer; ``advice`` is empty where there is nothing to do."""

    name: str
    status: Status
    found: str
    advice: str = ""


class NotThereError(Exception):
    """The thing that a probe looked for is not as it should be; the message says how it is."""


def examined(probe: Probe) -> Check:
    """Look, and return the answer whatever happens."""
    try:
        return Check(probe.name, Status.OK, probe.look())
    except NotThereError as error:
        found = str(error)
    except Exception as error:  # a machine can be broken in ways that nobody thought of: that is what is to be told
        found = f"{type(error).__name__}: {error}"
    return Check(probe.name, Status.MISSING if probe.needed else Status.OPTIONAL, found, probe.advice)
