"""The author's intent: the statements that were edited since the base."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from compiler.history.base import NoBaseError
from compiler.history.repository import GitError
from compiler.model.specification import SECTIONS
from compiler.resolve.resolved import Resolved, resolve
from compiler.sources.files import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compiler.history.base import Base, History
    from compiler.sources.nodes import Path as Keys

_FOLDERS = ("spec", "environments")


@dataclass(frozen=True)
class Intent:
    """The environments of a project as its author began to edit them, by name; one without a base is left out."""

    before: Mapping[str, Resolved]

    def edited(self, now: Resolved, path: Keys) -> bool:
        """Return whether the value at a path was edited; nothing was where there is no base."""
        old = self.before.get(now.environment.name)
        return old is not None and old.written(path) != now.written(path)


def intent(history: History, environments: Mapping[str, Resolved]) -> Intent:
    """Return the environments as their bases hold them; a base that does not resolve tells nothing."""
    read: dict[str, Mapping[str, Resolved]] = {}
    before = {}
    for name, resolved in environments.items():
        base = history.base(resolved.environment.delivery.revision)
        if base is None:
            continue
        if base.commit not in read:
            read[base.commit] = _committed(base, history)
        if name in read[base.commit]:
            before[name] = read[base.commit][name]
    return Intent(before)


def _committed(base: Base, history: History) -> Mapping[str, Resolved]:
    with TemporaryDirectory(prefix="cbp-fix-") as folder:
        root = Path(folder)
        try:
            for path, content in (item for name in _FOLDERS for item in base.folder(name).items()):
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_bytes(content)
        except GitError as error:
            history.unusable(NoBaseError(str(error)))
            return {}
        resolved, _ = resolve(root, load(root, SECTIONS))
        return {item.environment.name: item for item in resolved}
