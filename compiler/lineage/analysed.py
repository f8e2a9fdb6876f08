"""The policies of a project with the parts of the input that each rule reads, known where nothing has changed.

The record, in the project's folder ``.cbp/``, holds these very policies, whether they were proven, and what their
analysis found.
It serves answers about a change; a compilation reads nothing of it. A person with write access to it can make
``cbp diff``, ``cbp impact`` and ``cbp explain`` say anything about the rules on this machine, and no more than that.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from compiler.compile_cache import fingerprint, folder, proofs
from compiler.lineage.fields import as_json, from_json
from compiler.lineage.inputs import Inputs
from compiler.policy.domains import Domain
from compiler.policy.library import Library, Module, Rule, read
from compiler.policy.metadata import Metadata
from compiler.policy.regorus import Instrumented

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from compiler.lineage.fields import Read
    from compiler.lineage.inputs import Part

_NAME = "analysed.json"


@dataclass(frozen=True, slots=True)
class Analysed:
    """Policies, and what the analysis of their syntax found.

    ``reads`` are the parts of the input on which the denials of a rule, and the number of values that it examined,
    depend, by the rule's id; ``separable`` are the rules that judge each rendered object alone. ``fields`` are those of
    rendered objects on which the denials of a rule depend; a rule without an entry depends on all of each object that
    it reads. ``fingerprint`` is that of everything that an answer depends on besides the input, None where it is
    uncertain.
    """

    library: Library
    reads: Mapping[str, frozenset[Part]]
    separable: frozenset[str]
    fields: Mapping[str, frozenset[Read]]
    fingerprint: str | None


def analysed(policies: Path) -> Analysed:
    """Vet and analyse the policies of a folder.

    Raises:
        PolicyError: they have faults.
    """
    library, engine = read(policies), Instrumented()
    engine.load(library.modules, library.data)
    return _analysed(library, engine, None)


def known(policies: Path, root: Path, *, proven: bool = True) -> Analysed:
    """Return policies that are proven and analysed now, or known to have been by the record of the project ``root``.

    Those that need not be ``proven``, as a commit holds them that was judged, are only vetted.

    Raises:
        PolicyError: they have faults, or a rule does not prove itself.
    """
    inputs, record = fingerprint.proof(policies), folder.read(root, _NAME)
    if inputs and (found := _recorded(record, inputs, proven=proven)):
        return found
    engine = Instrumented()
    if proven:
        library = proofs.proven(policies).library
        engine.load_vetted(library.modules, library.data)
    else:
        library = read(policies, proven=True)
        engine.load(library.modules, library.data)
    certain = inputs and inputs == fingerprint.proof(policies)
    made = _analysed(library, engine, inputs if certain else None)
    if certain:
        reads = {rule: sorted(parts) for rule, parts in made.reads.items()}
        fields = {rule: list(map(as_json, read)) for rule, read in made.fields.items()}
        content = {"library": _plain(library), "reads": reads, "separable": sorted(made.separable), "fields": fields}
        folder.write(root, _NAME, {"inputs": inputs, "proven": proven, **content})
    return made


def _analysed(library: Library, engine: Instrumented, fingerprint: str | None) -> Analysed:
    inputs = Inputs.loaded(engine, library.data)
    packages = {rule.id: rule.module.package for rule in library.rules}
    reads = {rule: inputs.of(package) for rule, package in packages.items()}
    separable = frozenset(rule for rule, package in packages.items() if inputs.separable(package))
    found = ((rule, inputs.fields(package)) for rule, package in packages.items())
    fields = {rule: read for rule, read in found if read is not None}
    return Analysed(library, reads, separable, fields, fingerprint)


def _recorded(record: Any, inputs: str, *, proven: bool) -> Analysed | None:
    """Return the recorded policies with their analysis, if they are those of the folder as it is now."""
    try:
        if record["inputs"] != inputs or (proven and record["proven"] is not True):
            return None
        reads = {rule: frozenset(map(tuple, parts)) for rule, parts in record["reads"].items()}
        fields = {rule: frozenset(map(from_json, read)) for rule, read in record["fields"].items()}
        return Analysed(_library(record["library"]), reads, frozenset(record["separable"]), fields, inputs)
    except (AttributeError, KeyError, TypeError, ValueError):
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
