"""The policies of a project with the parts of the input that each rule reads, known where nothing has changed.

The records, in the project's folder ``.cbp/``, hold these very policies, whether they were proven, and what their
analysis found. They serve answers about a change, and compilations at a desk. A person with write access to them can
make ``cbp compile``, ``cbp diff``, ``cbp impact`` and ``cbp explain`` say anything about the rules on this machine, and
no more than that: ``cbp verify`` and ``--check`` read none of them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from compiler.compile_cache import fingerprint, folder
from compiler.lineage.fields import as_json, from_json
from compiler.policy import gate
from compiler.policy.domains import Domain
from compiler.policy.library import Library, Module, Rule, read
from compiler.policy.metadata import Metadata
from compiler.policy.regorus import Instrumented

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from compiler.lineage.fields import Read
    from compiler.lineage.inputs import Inputs
    from compiler.lineage.parts import Part

_PARTS = "analysed.json"
_FIELDS = "fields.json"


@dataclass(frozen=True)
class Analysed:
    """Policies, and what the analysis of their syntax found.

    ``reads`` are the parts of the input on which the denials of a rule, and the number of values that it examined,
    depend, by the rule's id. ``fingerprint`` is that of everything that an answer depends on besides the input, None
    where it is uncertain; ``root`` is the project whose records hold the analysis then.
    """

    library: Library
    reads: Mapping[str, frozenset[Part]]
    fingerprint: str | None = None
    root: Path | None = None
    inputs: Inputs | None = None
    """The analysis itself, where it was made now."""
    engine: Instrumented | None = None
    """The engine that holds the policies with the answer of each rule, where they were proven now."""

    @property
    def separable(self) -> frozenset[str]:
        """The rules that judge each rendered object alone."""
        return self._of_objects[0]

    @property
    def fields(self) -> Mapping[str, frozenset[Read]]:
        """The fields of rendered objects on which the denials of a rule depend.

        A rule without an entry depends on all of each object that it reads.
        """
        return self._of_objects[1]

    @cached_property
    def _of_objects(self) -> tuple[frozenset[str], Mapping[str, frozenset[Read]]]:
        """The separable rules, and the fields that each rule reads; found when asked, since few questions need them."""
        kept = self.root if self.fingerprint else None
        if kept and (found := _recorded_fields(folder.read(kept, _FIELDS), self.fingerprint)):
            return found
        inputs = self.inputs or _inputs(self.library, _loaded(self.library))
        packages = {rule.id: rule.module.package for rule in self.library.rules}
        separable = frozenset(rule for rule, package in packages.items() if inputs.separable(package))
        found_fields = ((rule, inputs.fields(package)) for rule, package in packages.items())
        fields = {rule: read for rule, read in found_fields if read is not None}
        if kept:
            said = {rule: list(map(as_json, read)) for rule, read in fields.items()}
            folder.write(kept, _FIELDS, {"inputs": self.fingerprint, "separable": sorted(separable), "fields": said})
        return separable, fields


def analysed(policies: Path) -> Analysed:
    """Vet and analyse the policies of a folder.

    Raises:
        PolicyError: they have faults.
    """
    library, engine = read(policies, proven=True), Instrumented()
    engine.load(library.modules, library.data)
    return of_engine(library, engine)


def proved(policies: Path) -> Analysed:
    """Prove the policies of a folder, and analyse them; the engine in which they did so is part of the answer.

    Raises:
        PolicyError: they have faults, or a rule does not prove itself.
    """
    engine = Instrumented()
    library = gate.proven(policies, lambda: engine).library
    return replace(of_engine(library, engine), engine=engine)


def known(policies: Path, root: Path, *, proven: bool = True) -> Analysed:
    """Return policies that are analysed now, or known by the record of the project ``root``.

    They are proven, too, unless they need not be, as a commit holds them that was judged.

    Raises:
        PolicyError: they have faults, or a rule does not prove itself.
    """
    inputs, record = fingerprint.proof(policies), folder.read(root, _PARTS)
    if inputs and (found := _recorded(record, inputs, root, proven=proven)):
        return found
    made = proved(policies) if proven else analysed(policies)
    if inputs is None or inputs != fingerprint.proof(policies, anew=True):
        return made
    content = {"library": _plain(made.library), "reads": {rule: sorted(parts) for rule, parts in made.reads.items()}}
    folder.write(root, _PARTS, {"inputs": inputs, "proven": proven, **content})
    return replace(made, fingerprint=inputs, root=root)


def _loaded(library: Library) -> Instrumented:
    """Return an engine that holds policies which were vetted before."""
    engine = Instrumented()
    engine.load_vetted(library.modules, library.data)
    return engine


def _inputs(library: Library, engine: Instrumented) -> Inputs:
    from compiler.lineage.inputs import Inputs  # policies that are known are not analysed

    return Inputs.loaded(engine, library.data)


def of_engine(library: Library, engine: Instrumented) -> Analysed:
    """Return the analysis of policies that an engine holds."""
    inputs = _inputs(library, engine)
    reads = {rule.id: inputs.of(rule.module.package) for rule in library.rules}
    return Analysed(library, reads, inputs=inputs)


def _recorded(record: Any, inputs: str, root: Path, *, proven: bool) -> Analysed | None:
    """Return the recorded policies with the parts that they read, if they are those of the folder as it is now."""
    try:
        if record["inputs"] != inputs or (proven and record["proven"] is not True):
            return None
        reads = {rule: frozenset(map(tuple, parts)) for rule, parts in record["reads"].items()}
        library = _library(record["library"])
        whole = reads.keys() == {rule.id for rule in library.rules} and len(reads) > 0
        texts = all(isinstance(key, str) for parts in reads.values() for part in parts for key in part)
        return Analysed(library, reads, inputs, root) if whole and texts else None
    except (AttributeError, LookupError, TypeError, ValueError):
        return None


def _recorded_fields(record: Any, inputs: str | None) -> tuple[frozenset[str], Mapping[str, frozenset[Read]]] | None:
    try:
        if record["inputs"] != inputs:
            return None
        fields = {rule: frozenset(map(from_json, read)) for rule, read in record["fields"].items()}
        return frozenset(record["separable"]), fields
    except (AttributeError, LookupError, TypeError, ValueError):
        return None


def _plain(library: Library) -> dict[str, Any]:
    """Return a library as JSON: what is read from many files, and checked, is then read from one."""
    rules = [
        {"module": asdict(rule.module), "metadata": rule.metadata.model_dump(mode="json"), "proof": rule.proof}
        for rule in library.rules
    ]
    domains = {name: domain.model_dump() for name, domain in library.domains.items()}
    return {"rules": rules, "helpers": list(map(asdict, library.helpers)), "data": library.data, "domains": domains}


def _library(said: Any) -> Library:
    rules = (
        Rule(Module(**rule["module"]), Metadata.model_validate(rule["metadata"]), rule["proof"])
        for rule in said["rules"]
    )
    helpers = (Module(**module) for module in said["helpers"])
    domains = {name: Domain.model_validate(domain) for name, domain in said["domains"].items()}
    return Library(tuple(rules), tuple(helpers), said["data"], domains)
