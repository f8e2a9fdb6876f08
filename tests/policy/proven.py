"""One gate for the compilations of many tests: reading and proving the rules anew takes a second of each."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from compiler.policy import gate
from tests.policy.policies import POLICIES

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def proven_once() -> Iterator[None]:
    """Let every compilation judge by the same gate, which is read and proven once, here."""
    loaded = gate.load(POLICIES)
    loaded.prove()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate, "load", lambda *_: loaded)
        patch.setattr(gate.Gate, "prove", lambda _: None)
        yield
