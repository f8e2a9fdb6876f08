"""Probes of the machine, and their results."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Status(StrEnum):
    """The status of a check: present, missing although needed, or absent and optional."""

    OK = "ok"
    MISSING = "missing"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class Probe:
    """A probe of one need: ``look`` returns a description or raises; ``advice`` is for the case that it raises."""

    name: str
    look: Callable[[], str]
    advice: str
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one probe; ``advice`` is empty if there is nothing to do."""

    name: str
    status: Status
    found: str
    advice: str = ""


class NotThereError(Exception):
    """The need of a probe is not met; the message describes the actual state."""


def examined(probe: Probe) -> Check:
    """Run a probe and return its result, also when it raises."""
    try:
        return Check(probe.name, Status.OK, probe.look())
    except NotThereError as error:
        found = str(error)
    except Exception as error:  # a machine can be broken in unforeseen ways, which the report must show
        found = f"{type(error).__name__}: {error}"
    return Check(probe.name, Status.MISSING if probe.needed else Status.OPTIONAL, found, probe.advice)
