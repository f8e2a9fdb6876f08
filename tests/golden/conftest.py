"""The policies, which no case of this folder changes, read and proven once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler.policy import gate
from tests.compiler.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module", autouse=True)
def proven() -> Iterator[None]:
    """Judge each case by one gate: reading and proving the rules anew took a second of each."""
    loaded = gate.load(ROOT / "policies")
    loaded.prove()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate, "load", lambda *_: loaded)
        patch.setattr(gate.Gate, "prove", lambda _: None)
        yield
