"""Policies of the same content are read and proven once: doing it for each compilation takes a second of each."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from compiler.policy import gate
from compiler.policy.regorus import Regorus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from compiler.policy.engine import Engine


@contextmanager
def proven_once() -> Iterator[None]:
    """Let compilations by the same policies share one gate, if they judge in the embedded engine."""
    load, prove = gate.load, gate.Gate.prove
    loaded: dict[str, gate.Gate] = {}
    proven: set[int] = set()

    def load_once(policies: Path, engine: Callable[[], Engine] = Regorus) -> gate.Gate:
        if engine is not Regorus:
            return load(policies, engine)
        content = _digest(policies)
        if content not in loaded:
            loaded[content] = load(policies)
        return loaded[content]

    def prove_once(self: gate.Gate) -> None:
        if id(self) not in proven:
            prove(self)
            if any(self is each for each in loaded.values()):
                proven.add(id(self))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate, "load", load_once)
        patch.setattr(gate.Gate, "prove", prove_once)
        yield


def _digest(policies: Path) -> str:
    digest = hashlib.sha256(str(policies.is_dir()).encode())
    for path in sorted(policies.rglob("*")):
        digest.update(f"\0{path.relative_to(policies)}\0".encode())
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()
