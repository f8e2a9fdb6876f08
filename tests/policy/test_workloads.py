"""The table of where each kind holds containers covers what is emitted, and speaks of fields that the kinds have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from compiler.emit.kinds import KINDS
from tests.policy.policies import real_policies

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLE: Mapping[str, Mapping[str, Any]] = real_policies().data["workloads"]["kinds"]
JUDGED_IN_FIXTURES = {"DaemonSet", "Job", "Pod", "Secret", "StatefulSet"}
CONTAINER_FIELDS = {"env", "image", "resources", "securityContext"}


def test_the_table_has_every_kind_that_is_emitted_and_no_other() -> None:
    assert TABLE.keys() == {kind.name for kind in KINDS} | JUDGED_IN_FIXTURES


def test_no_two_kinds_have_one_name() -> None:
    """The table goes by names alone, as rules do."""
    assert len({kind.name for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", [kind for kind, held in TABLE.items() if "containers" in held])
def test_a_container_has_an_image_that_is_stated_or_that_the_operator_was_installed_with(kind: str) -> None:
    for container in TABLE[kind]["containers"]:
        assert container["at"].keys() <= CONTAINER_FIELDS
        assert ("image" in container["at"]) != container.get("installed", False), container["name"]
