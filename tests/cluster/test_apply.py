"""A real API server takes every compiled object without a warning, and a second apply changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler.emit.site import sites
from tests.cluster.server import waves
from tests.compiler.project import documents, resolved

if TYPE_CHECKING:
    from compiler.emit.site import Site
    from tests.cluster.server import Server

SITES = tuple(site for environment in resolved().values() for site in sites(environment))


@pytest.mark.parametrize("at", SITES, ids=[at.folder for at in SITES])
def test_every_object_is_taken_without_a_warning_and_a_second_apply_changes_none(server: Server, at: Site) -> None:
    emitted = tuple(documents(at).values())
    try:
        assert [server.apply(wave) for wave in waves(emitted)] == [""] * len(waves(emitted))
        written = server.fields(emitted)
        assert len(written) == len(emitted)
        assert [server.apply(wave) for wave in waves(emitted)] == [""] * len(waves(emitted))
        assert server.fields(emitted) == written
    finally:
        server.delete(emitted)
