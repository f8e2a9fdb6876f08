"""The record that the policies of a project were vetted and proven, so that ``cbp compile`` need not do it again.

``cbp up``, ``cbp fix``, ``cbp waive`` and ``cbp env new`` read it too: a compilation follows each of them.

It holds two digests: of everything that the proof depends on (:func:`compiler.compile_cache.fingerprint.proof`), and of
what the engine then held. No policy, verdict or threshold comes from it. Where one of the two differs, or cannot be
told, the policies are proven. A person with write access to it can make ``cbp compile`` judge by unproven policies on
this machine, and no more than that: ``cbp verify`` and ``--check`` always prove.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.compile_cache import fingerprint, folder
from compiler.policy import gate
from compiler.policy.gate import Gate
from compiler.policy.library import read

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from compiler.policy.library import Library

_NAME = "proven.json"


def recorded(root: Path, inputs: str | None) -> bool:
    """Return whether the record of a project says that its policies, with the fingerprint ``inputs``, are proven."""
    return inputs is not None and _record(root).get("inputs") == inputs


def known(policies: Path, inputs: str | None) -> Library | None:
    """Return the policies of a project if they are known to be proven; ``inputs`` is their fingerprint.

    Raises:
        PolicyError: they cannot be read.
    """
    if not recorded(policies.parent, inputs):
        return None
    library = read(policies, proven=True)
    # A file may have changed between the fingerprint and its reading.
    return library if _record(policies.parent).get("loaded") == library.digest() else None


def proven(policies: Path) -> Gate:
    """Load the policies of a project into the embedded engine; they are proven now, or known to have been.

    Raises:
        PolicyError: there are no policies, they have faults, or a rule does not prove itself.
    """
    inputs = fingerprint.proof(policies)
    if library := known(policies, inputs):
        return Gate(library, gate.vetted(library))
    made = gate.proven(policies)
    if inputs and inputs == fingerprint.proof(policies):
        folder.write(policies.parent, _NAME, {"inputs": inputs, "loaded": made.library.digest()})
    return made


def _record(root: Path) -> Mapping[str, Any]:
    found = folder.read(root, _NAME)
    return found if isinstance(found, dict) else {}
