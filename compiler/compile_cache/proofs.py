"""The record that the policies of a project were vetted and proven, so that ``cbp compile`` need not do it again.

``cbp up``, ``cbp fix``, ``cbp waive`` and ``cbp env new`` read it too: a compilation follows each of them.

It holds two digests: of everything that the proof depends on (:func:`compiler.compile_cache.fingerprint.proof`), and of
what the engine then held. No policy, verdict or threshold comes from it. Where one of the two differs, or cannot be
told, the policies are proven. A person with write access to it can make ``cbp compile`` judge by unproven policies on
this machine, and no more than that: ``cbp verify`` and ``--check`` always prove.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.compile_cache import fingerprint, folder
from compiler.policy import gate

if TYPE_CHECKING:
    from pathlib import Path

    from compiler.policy.gate import Gate

_NAME = "proven.json"


def proven(policies: Path) -> Gate:
    """Load the policies of a project into the embedded engine; they are proven now, or known to have been.

    Raises:
        PolicyError: there are no policies, they have faults, or a rule does not prove itself.
    """
    root, inputs = policies.parent, fingerprint.proof(policies)
    known = folder.read(root, _NAME)
    if inputs and isinstance(known, dict) and known.get("inputs") == inputs:
        trusted = gate.trusted(policies)
        # A file may have changed between the fingerprint and its reading.
        if known.get("loaded") == trusted.library.digest():
            return trusted
    made = gate.proven(policies)
    if inputs and inputs == fingerprint.proof(policies):
        folder.write(root, _NAME, {"inputs": inputs, "loaded": made.library.digest()})
    return made
