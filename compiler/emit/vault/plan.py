"""The files for Vault: the plan, ordered documents ``{path, data, writeOnly}``, and the server's audit stanza.

Each document is one write to Vault's HTTP API. ``writeOnly`` names what is given when the plan is applied: its values
are in no file. ``{"$ref": "<path>#/<field>"}`` stands for what the server says of an earlier document. The database
comes last: there is none yet when a cluster's Vault is set up. docs/vault.md describes the form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.artifact import Artifact
from compiler.emit.serialise import to_yaml
from compiler.emit.vault.audit import audit_documents, audit_file
from compiler.emit.vault.engines import database_engine, secrets_engine
from compiler.emit.vault.kubernetes_auth import workload_access
from compiler.emit.vault.oidc_auth import people_access
from compiler.emit.vault.pki import authority

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site
    from compiler.emit.vault.documents import Write


def vault(site: Site) -> Iterator[Artifact]:
    """Yield ``vault/plan.yaml``, and ``vault/audit.hcl`` for a server that takes it."""
    header = f"Compiled from spec/ and environments/{site.environment.name}/. Edit those; cbp compile writes this file."
    server = site.cluster.vault
    document = {"flavour": server.flavour, "address": server.address, "documents": list(_documents(site))}
    yield Artifact(f"{site.folder}/vault/plan.yaml", to_yaml(document, header), document)
    yield from audit_file(site)


def _documents(site: Site) -> Iterator[Write]:
    yield from audit_documents(site)
    yield from secrets_engine()
    yield from authority(site)
    yield from workload_access(site)
    yield from people_access(site)
    yield from database_engine(site)
