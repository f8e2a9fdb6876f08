"""The library of policies on disk: rules with their METADATA and fixtures, domains, shared helpers, and data.

Layout, which is also OPA's bundle layout, so that ``opa test --bundle policies`` and regal read the same folder:
``<domain>/domain.yaml`` describes a domain; ``<domain>/<rule>/<rule>.rego`` is the rule of package
``<domain>.<rule>``, with ``<rule>_test.rego``, ``fixture.yaml`` and ``mutation.yaml`` beside it;
``lib/<name>/<name>.rego`` is a helper; ``**/data.yaml`` is data at its folder's path; ``rules.yaml`` lists all rules.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from compiler.policy import domains, inventory
from compiler.policy.domains import PAGES, Domain
from compiler.policy.errors import Faults, PolicyError
from compiler.policy.files import parse, read_text, read_yaml
from compiler.policy.fixture import Fixture, fixture
from compiler.policy.metadata import Metadata, metadata
from compiler.sources.nodes import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

T = TypeVar("T")
U = TypeVar("U")
HELPERS = "lib"
TRANSITIONS = "transitions"
"""The domain of the rules that compare the base with the new compilation."""
RESERVED = frozenset({"data", "gate", "input"})
"""Names that no folder of policies may have: the gate's own package, and names that Rego reserves."""
MAXIMUM_NESTING = 10
"""The deepest nesting of brackets: each further level doubles regorus' time to parse."""
_ID = re.compile(r"^# +id: *([^\s#]+)", re.MULTILINE)
_TO_WRITE = re.compile(r"\bWRITE: ([^\"\n]*)")
"""A mark in a file from ``cbp policy new`` for a text that is still to be written."""
_NO_CODE = re.compile(r'"(\\.|[^"\\\n])*"|`[^`]*`|#[^\n]*')


@dataclass(frozen=True, slots=True)
class Module:
    """One Rego file: its path (for messages), the package of its folder, and its text."""

    path: str
    package: str
    text: str

    @property
    def domain(self) -> str:
        """The domain's folder; :data:`HELPERS` for a shared helper."""
        return self.package.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its module, its METADATA, and its fixture."""

    module: Module
    metadata: Metadata
    proof: str
    """The text of its ``fixture.yaml``."""
    unwritten: tuple[str, ...] = ()
    """Lines with a WRITE: mark, each with its file and number; while there are any, the rule is unproven."""

    @property
    def fixture(self) -> Fixture:
        """The inputs of the rule's proof."""
        return fixture(self.proof, self.proof_path)

    @property
    def proof_path(self) -> str:
        """The path of its ``fixture.yaml`` (for messages)."""
        return f"{self.module.path.rpartition('/')[0]}/fixture.yaml"

    @property
    def id(self) -> str:
        """The code of the rule's findings."""
        return self.metadata.custom.id

    @property
    def place(self) -> str:
        """The rule's folder below ``policies/``, such as ``network/ports_unbounded``."""
        return self.module.package.replace(".", "/")

    @property
    def of_transitions(self) -> bool:
        """Whether the rule judges transitions, and has nothing to judge without a base."""
        return self.module.domain == TRANSITIONS

    @property
    def page(self) -> str:
        """The page that explains the rule, such as ``docs/policies/network.md#net001``, relative to the project."""
        return f"{PAGES}/{self.module.domain}.md#{self.id.lower()}"


@dataclass(frozen=True, slots=True)
class Library:
    """All rules, helpers and data under ``policies/``, and the ``domains`` by name."""

    rules: tuple[Rule, ...]
    helpers: tuple[Module, ...]
    data: Mapping[str, Any]
    domains: Mapping[str, Domain]

    @property
    def modules(self) -> tuple[Module, ...]:
        """The Rego files of rules and helpers."""
        return (*(rule.module for rule in self.rules), *self.helpers)


@dataclass(frozen=True, slots=True)
class Scan:
    """The readable policies of a folder, and the faults of the others; with a fault, none may judge.

    ``modules`` are all Rego files, including those of rules with faults; none if the helpers or data cannot be read.
    """

    library: Library
    modules: tuple[Module, ...]
    faults: Faults


def read(folder: Path, *, proven: bool = False) -> Library:
    """Return the policies of a folder, ordered by the rules' ids; the fixtures of ``proven`` ones are not parsed.

    Raises:
        PolicyError: there is no rule, or files have faults; no file is ignored silently. It names every fault.
    """
    found = scan(folder, proven=proven)
    found.faults.refuse()
    return found.library


def scan(folder: Path, *, proven: bool = False) -> Scan:
    """Read the policies of a folder, and collect the faults of those that cannot be read.

    The fixtures of policies that are ``proven`` are not parsed.

    Raises:
        PolicyError: there is no rule, or the folder cannot be listed.
    """
    faults, files = Faults(), [path for path in _files(folder) if path.suffix in (".json", ".rego", ".yaml")]
    policies = [path for path in files if path.suffix == ".rego" and not path.stem.endswith("_test")]
    if not policies:
        raise PolicyError(f"there is no policy in {folder}")
    modules = _collect_each(faults, policies, lambda path: _module(folder, path))
    helpers = tuple(module for module in modules if module.domain == HELPERS)
    of_rules = tuple(module for module in modules if module.domain != HELPERS)
    data: dict[str, Any] = {}
    with faults.collected():
        data = _data(folder, [path for path in files if path.name == "data.yaml"])
    names = {module.domain for module in of_rules} | {path.parent.name for path in files if path.name == domains.FILE}
    for clash in sorted(data.keys() & {*names, *(module.domain for module in helpers)}):
        faults.add(f"data under '{clash}' would stand in the place of the rules there")
    shared = not faults
    known = _domains(folder, names, faults)
    rules = _collect_each(faults, of_rules, lambda module: _rule(folder, module, known.get(module.domain), proven))
    rules.sort(key=lambda rule: (rule.id, rule.place))
    _refuse_unread_files(folder, files, {item.path for item in of_rules}, {item.path for item in modules}, faults)
    if _ids_are_unique(rules, faults):
        unread = {module.package.replace(".", "/") for module in of_rules} - {rule.place for rule in rules}
        with faults.collected():
            inventory.compare(folder, {rule.id: rule.place for rule in rules}, unread)
    return Scan(Library(tuple(rules), helpers, data, known), tuple(modules) if shared else (), faults)


def _collect_each(faults: Faults, items: Iterable[T], make: Callable[[T], U]) -> list[U]:
    """Return ``make(item)`` for each item; collect the faults of the items for which it raises."""
    made = []
    for item in items:
        with faults.collected():
            made.append(make(item))
    return made


def next_id(rules: Iterable[str], prefix: str) -> str:
    """Return the next free id with a prefix: one above the highest of ``rules``."""
    numbers = (int(identifier[len(prefix) :]) for identifier in rules if identifier.startswith(prefix))
    return f"{prefix}{max(numbers, default=0) + 1:03}"


def read_tests(folder: Path, modules: Iterable[Module]) -> tuple[Module, ...]:
    """Return the test files beside Rego files that were read from ``folder``.

    Raises:
        PolicyError: a test file cannot be read.
    """
    found = ((module, folder.joinpath(*module.package.split("."))) for module in modules)
    files = ((module, place / f"{place.name}_test.rego") for module, place in found)
    return tuple(
        Module(_name(folder, file), f"{module.package}_test", read_text(file))
        for module, file in files
        if file.is_file()
    )


def _files(folder: Path) -> list[Path]:
    """Return every file below the folder; refuse unreadable folders and links, which might hide a rule."""

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
    """Return the depth of nested brackets in a Rego file, without strings and comments."""
    brackets = re.findall(r"[\[{\]}]", _NO_CODE.sub("", text))
    return max(accumulate((1 if bracket in "[{" else -1 for bracket in brackets), initial=0))


def _rule(folder: Path, module: Module, domain: Domain | None, proven: bool) -> Rule:
    """Read a rule from its module and the files beside it; with ``domain`` None (a faulty one), accept any id."""
    faults, path = Faults(), folder.joinpath(*module.package.split("."), "fixture.yaml")
    with faults.collected():
        said = metadata(module.text, module.path)
    # Read as text, so that a fault of another annotation does not hide this one.
    written = _ID.search(module.text)
    if domain and written and not written[1].startswith(domain.prefix):
        place = f"{module.path}:{_line(module.text, written[1])}"
        faults.add(f"{place}: the ids of {module.domain} begin with {domain.prefix}, and this is {written[1]}")
    with faults.collected():
        if not path.is_file():
            raise PolicyError(f"{module.path}: the rule has no fixture.yaml beside it to prove that it denies")
        proof = read_text(path)
        if not proven:
            fixture(proof, _name(folder, path))
    faults.refuse()
    return Rule(module, said, proof, () if proven else tuple(_unwritten(folder, path.parent)))


def _unwritten(folder: Path, place: Path) -> Iterator[str]:
    """Yield the WRITE: marks in the files of a rule, each with its file and line."""
    for path in sorted((*place.glob("*.rego"), *place.glob("*.yaml"))):
        text = read_text(path)
        for found in _TO_WRITE.finditer(text):
            number = text.count("\n", 0, found.start()) + 1
            yield f"{_name(folder, path)}:{number}: still to be written: {found[1]}"


def _domains(folder: Path, names: Iterable[str], faults: Faults) -> dict[str, Domain]:
    """Read the ``domain.yaml`` of each domain, and refuse a prefix that resembles another one."""
    found: dict[str, Domain] = {}
    for name in sorted(names):
        path = folder / name / domains.FILE
        place = _name(folder, path)
        with faults.collected():
            if not path.is_file():
                raise PolicyError(f"{place}: this is missing: write the prefix, the title and what {name} is about")
            domain, node = parse(Domain, read_text(path), place)
            families = (*domains.FAMILIES, *(item.prefix for item in found.values()))
            if other := domains.resembled(domain.prefix, families):
                at = nearest(node, ("prefix",))
                raise PolicyError(f"{at}: {domain.prefix} is too much like {other}: two letters have to differ")
            found[name] = domain
    return found


def _refuse_unread_files(
    folder: Path, files: Iterable[Path], rules: set[str], modules: set[str], faults: Faults
) -> None:
    """Refuse a file that no rule, helper or test uses: its author would believe that it is enforced."""
    for path in files:
        of_rule = _name(folder, path.with_name(f"{path.parent.name}.rego")) in rules
        tested = _name(folder, path.with_name(f"{path.stem.removesuffix('_test')}.rego")) in modules
        known = {
            "data.yaml": True,
            "fixture.yaml": of_rule,
            "mutation.yaml": of_rule,
            domains.FILE: path.parent.parent == folder,
            inventory.FILE: path.parent == folder,
        }
        policy = path.suffix == ".rego" and (tested or not path.stem.endswith("_test"))
        if not known.get(path.name, policy):
            faults.add(f"{_name(folder, path)}: the gate does not read this file")


def _ids_are_unique(rules: Iterable[Rule], faults: Faults) -> bool:
    """Report each id that two rules share, and return whether there is none."""
    first: dict[str, Rule] = {}
    twice = [rule for rule in rules if first.setdefault(rule.id, rule) is not rule]
    for rule in twice:
        place, free = f"{rule.module.path}:{_line(rule.module.text, rule.id)}", next_id(first, rule.id[:-3])
        faults.add(f"{place}: {rule.id} is the id of {first[rule.id].module.path}: the next free one is {free}")
    return not twice


def _line(text: str, identifier: str) -> int:
    return next((number for number, line in enumerate(text.splitlines(), 1) if identifier in line), 1)


def _data(folder: Path, paths: Iterable[Path]) -> dict[str, Any]:
    """Join the data documents, each below the path of its own folder."""
    joined: dict[str, Any] = {}
    faults = Faults()
    for path in paths:
        name, parts = _name(folder, path), path.relative_to(folder).parent.parts
        with faults.collected():
            document = read_yaml(path, name)
            if not parts or not isinstance(document, dict):
                raise PolicyError(f"{name}: data is a mapping, in a folder that names it")
            _join(joined, parts, document, name)
    faults.refuse()
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
