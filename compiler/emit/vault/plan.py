"""The files for Vault: the plan, ordered documents ``{path, data, writeOnly}``, and the server's audit stanza.

Each document is one write to Vault's HTTP API. ``writeOnly`` names the fields that get their values when the plan is
applied: no file holds them. ``{"$ref": "<path>#/<field>"}`` stands for a field of the server's answer for an earlier
document. The database comes last: it does not exist yet when a cluster's Vault is set up. docs/vault.md describes the
format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.artifact import Artifact
from compiler.emit.serialise import to_yaml
from compiler.emit.vault.audit import audit_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compiler.emit.site import Site
    from compiler.emit.vault.documents import Write


def vault(site: Site, documents: Iterable[Write]) -> Iterator[Artifact]:
    """Yield ``vault/plan.yaml`` with the documents, and ``vault/audit.hcl`` for a server that needs it."""
    server = site.cluster.vault
    authority = {"caBundle": server.ca_bundle} if server.ca_bundle else {}
    plan = {"flavour": server.flavour, "address": server.address, **authority, "documents": list(documents)}
    yield Artifact(f"{site.folder}/vault/plan.yaml", to_yaml(plan, site.header), plan)
    yield from audit_file(site)
