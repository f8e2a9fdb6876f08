"""Audit devices of Vault: two, since a server that can write to none of its devices refuses all requests.

OpenBao takes audit devices only from its own configuration: ``vault/audit.hcl`` is a file of it. HashiCorp Vault takes
them through its API: they are documents of the plan.

Sources: ``access_control.infrastructure.authorization.audit``, the cluster's ``vault.flavour``.
Upstream: https://openbao.org/docs/configuration/audit/, https://developer.hashicorp.com/vault/api-docs/system/audit
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.artifact import Artifact
from compiler.emit.templates import render
from compiler.emit.vault.documents import Write, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site

# The audit volume of each product's own chart; the second device is standard output, which the cluster collects.
FILES = {"openbao": "/openbao/audit/audit.log", "vault": "/vault/audit/audit.log"}
DESCRIPTIONS = {"file": "Every request, on a volume of its own", "stdout": "Every request, for the log collector"}


def audit_devices(site: Site) -> Iterator[Write]:
    """Yield the audit devices, for a server that takes them through its API."""
    if not _wanted(site) or site.cluster.vault.flavour != "vault":
        return
    for name, file in _devices(site).items():
        yield write(f"sys/audit/{name}", type="file", description=DESCRIPTIONS[name], options={"file_path": file})


def audit_file(site: Site) -> Iterator[Artifact]:
    """Yield ``vault/audit.hcl``, for a server that takes audit devices from its configuration."""
    if not _wanted(site) or site.cluster.vault.flavour != "openbao":
        return
    text = render(
        "vault/audit.hcl.j2",
        header=site.header,
        devices=[(name, DESCRIPTIONS[name], file) for name, file in _devices(site).items()],
    )
    yield Artifact(f"{site.folder}/vault/audit.hcl", text.encode())


def _wanted(site: Site) -> bool:
    return site.spec.access_control.infrastructure.authorization.audit


def _devices(site: Site) -> dict[str, str]:
    return {"file": FILES[site.cluster.vault.flavour], "stdout": "stdout"}
