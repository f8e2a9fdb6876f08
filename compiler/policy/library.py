"""The policies on disk: rules with their METADATA and fixtures, shared helpers, and data.

Layout, which is also OPA's bundle layout, so that ``opa test --bundle policies`` and regal read the same folder:
``<domain>/<rule>/<rule>.rego`` is the rule of package ``<domain>.<rule>``, with ``<rule>_test.rego`` and
``fixture.yaml`` beside it; ``lib/<name>/<name>.rego`` is a helper; ``**/data.yaml`` is data at its folder's path.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compiler.policy.errors import PolicyError
from compiler.policy.files import read_text, read_yaml
from compiler.policy.fixture import Fixture, fixture
from compiler.policy.metadata import Metadata, metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

HELPERS = "lib"
RESERVED = frozenset({"data", "gate", "input"})
"""Names that no folder of policies may have: the gate's own package, and what Rego means by the others."""
MAXIMUM_NESTING = 10
"""How deep brackets may be nested: regorus takes twice as long to read each further level."""
_NO_CODE = re.compile(r'"(\\.|[^"\\\n])*"|`[^`]*`|#[^\n]*')


@dataclass(frozen=True, slots=True)
class Module:
    """One Rego file: its path, for messages; the package that its folder stands for; its text."""

    path: str
    package: str
    text: str

    @property
    def domain(self) -> str:
        """The folder of the rules about one thing; :data:`HELPERS` for what they share."""
        return self.package.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its module, what it says of itself, and its proof."""

    module: Module
    metadata: Metadata
    fixture: Fixture

    @property
    def id(self) -> str:
        """The code of the rule's findings."""
        return self.metadata.custom.id


@dataclass(frozen=True, slots=True)
class Library:
    """Everything under ``policies/`` that takes part in a judgement."""

    rules: tuple[Rule, ...]
    helpers: tuple[Module, ...]
    data: Mapping[str, Any]

    @property
    def modules(self) -> tuple[Module, ...]:
        """Every Rego file: the rules', and the helpers."""
        return (*(rule.module for rule in self.rules), *self.helpers)


def read(folder: Path) -> Library:
    """Read the policies in a folder, ordered by the rules' ids.

    Raises:
        PolicyError: there is no rule, or a file is not what its place says: nothing is left out in silence.
    """
    files = [path for path in _files(folder) if path.suffix in (".json", ".rego", ".yaml")]
    modules = [_module(folder, path) for path in files if path.suffix == ".rego" and not path.stem.endswith("_test")]
    helpers = tuple(module for module in modules if module.domain == HELPERS)
    rules = tuple(sorted((_rule(folder, item) for item in modules if item not in helpers), key=lambda rule: rule.id))
    if not rules:
        raise PolicyError(f"there is no policy in {folder}")
    _no_strangers(folder, files, {rule.module.path for rule in rules}, {module.path for module in modules})
    _no_duplicates(rule.id for rule in rules)
    data = _data(folder, [path for path in files if path.name == "data.yaml"])
    if clash := data.keys() & {module.domain for module in modules}:
        raise PolicyError(f"data under '{min(clash)}' would stand in the place of the rules there")
    return Library(rules, helpers, data)


def read_tests(folder: Path, library: Library) -> tuple[Module, ...]:
    """Return the tests that stand beside the Rego files of a library, which was read from the folder.

    Raises:
        PolicyError: one of them cannot be read.
    """
    found = ((module, folder.joinpath(*module.package.split("."))) for module in library.modules)
    files = ((module, place / f"{place.name}_test.rego") for module, place in found)
    return tuple(
        Module(_name(folder, file), f"{module.package}_test", read_text(file))
        for module, file in files
        if file.is_file()
    )


def _files(folder: Path) -> list[Path]:
    """Every file below the folder. What cannot be looked into, or is a link, might hide a rule: it is refused."""

    def refuse(error: OSError) -> None:
        raise PolicyError(f"{error.filename}: the folder cannot be read: {error.strerror}")

    if folder.is_symlink():
        raise PolicyError(f"{folder.name}: this is a link, and links are not followed")
    if not folder.is_dir():
        return []
    files: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=refuse):
        for path in (Path(parent, name) for name in (*folders, *names)):
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise PolicyError(f"{_name(folder, path)}: this is neither a regular file nor a folder")
        files += (Path(parent, name) for name in names)
    return sorted(files)


def _module(folder: Path, path: Path) -> Module:
    parts = path.relative_to(folder).parent.parts
    name = _name(folder, path)
    if len(parts) != 2 or path.stem != parts[-1] or RESERVED & set(parts):
        raise PolicyError(f"{name}: a policy's place is <domain>/<rule>/<rule>.rego")
    text = read_text(path)
    if _nesting(text) > MAXIMUM_NESTING:
        raise PolicyError(f"{name}: brackets are nested deeper than {MAXIMUM_NESTING} levels")
    return Module(name, ".".join(parts), text)


def _nesting(text: str) -> int:
    """How deep the brackets of a Rego file are nested, strings and comments left out."""
    brackets = re.findall(r"[\[{\]}]", _NO_CODE.sub("", text))
    return max(accumulate((1 if bracket in "[{" else -1 for bracket in brackets), initial=0))


def _rule(folder: Path, module: Module) -> Rule:
    path = folder.joinpath(*module.package.split("."), "fixture.yaml")
    if not path.is_file():
        raise PolicyError(
            f"{module.path}: the rule has no fixture.yaml beside it, so that nothing proves that it denies"
        )
    return Rule(module, metadata(module.text, module.path), fixture(read_yaml(path), _name(folder, path)))


def _no_strangers(folder: Path, files: Iterable[Path], rules: set[str], modules: set[str]) -> None:
    """Refuse a file that looks like part of a rule and is none: it would be thought to be enforced, or to test one."""
    for path in files:
        of_rule = _name(folder, path.with_name(f"{path.parent.name}.rego")) in rules
        tested = _name(folder, path.with_name(f"{path.stem.removesuffix('_test')}.rego")) in modules
        known = {"data.yaml": True, "fixture.yaml": of_rule}.get(path.name, path.suffix == ".rego" and tested)
        if not known:
            raise PolicyError(f"{_name(folder, path)}: the gate does not read this file")


def _no_duplicates(ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for identifier in ids:
        if identifier in seen:
            raise PolicyError(f"two rules have the id {identifier}")
        seen.add(identifier)


def _data(folder: Path, paths: Iterable[Path]) -> dict[str, Any]:
    """Join the data documents, each below the path of its own folder."""
    joined: dict[str, Any] = {}
    for path in paths:
        name, parts = _name(folder, path), path.relative_to(folder).parent.parts
        document = read_yaml(path)
        if not parts or not isinstance(document, dict):
            raise PolicyError(f"{name}: data is a mapping, in a folder that names it")
        _join(joined, parts, document, name)
    return joined


def _join(joined: dict[str, Any], parts: Sequence[str], document: dict[str, Any], name: str) -> None:
    place = joined
    for part in parts:
        place = place.setdefault(part, {})
        if not isinstance(place, dict):
            raise PolicyError(f"{name}: '{part}' is said in another document")
    if clash := place.keys() & document.keys():
        raise PolicyError(f"{name}: '{min(clash)}' is said in another document")
    place.update(document)


def _name(folder: Path, path: Path) -> str:
    return f"{folder.name}/{path.relative_to(folder).as_posix()}"
