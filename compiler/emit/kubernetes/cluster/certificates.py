"""Certificates of the stores: cert-manager has Vault sign them, by a ServiceAccount with no other right.

The API verifies the stores by the authority's certificate, which is public in Vault.

Sources: ``access_control.secrets.storage``, the cluster's ``vault``; :mod:`compiler.emit.server_certificates`.
Upstream: https://cert-manager.io/docs/configuration/vault/#authenticating-with-kubernetes-service-accounts,
https://cloudnative-pg.io/documentation/current/certificates/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.cluster.external_secrets import vault_login, vault_server
from compiler.emit.kubernetes.common.access import Rule, bound_role, service_account
from compiler.emit.kubernetes.common.metadata import RELOADED, Wave, kubernetes_object
from compiler.emit.names import CERTIFICATES
from compiler.emit.providers import CERT_MANAGER
from compiler.emit.server_certificates import ServerCertificate, server_certificates
from compiler.emit.text import hours
from compiler.emit.vault.paths import vault_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

# The ServiceAccount of cert-manager, which requests a token of ours to log in.
_CONTROLLER = {"kind": "ServiceAccount", "name": "cert-manager", "namespace": CERT_MANAGER.namespace}
_TOKEN: Rule = {
    "apiGroups": [""],
    "resources": ["serviceaccounts/token"],
    "resourceNames": [CERTIFICATES],
    "verbs": ["create"],
}


def certificates(site: Site) -> Iterator[Document]:
    """Yield the ServiceAccount, cert-manager's right to its tokens, and each server's Issuer and Certificate."""
    yield service_account(CERTIFICATES, "data")
    yield from bound_role(CERTIFICATES, "data", [_TOKEN], _CONTROLLER)
    for server in server_certificates(site):
        yield kubernetes_object(kinds.ISSUER, server.name, Wave.ACCESS, zone="data", spec=_issuer(site, server))
        yield kubernetes_object(kinds.CERTIFICATE, server.name, Wave.ACCESS, zone="data", spec=_certificate(server))


def _issuer(site: Site, server: ServerCertificate) -> dict[str, Any]:
    paths = vault_paths(site)
    login = vault_login(site, f"/v1/auth/{paths.kubernetes}", CERTIFICATES, CERTIFICATES)
    signer = {**vault_server(site), "path": paths.signing(server.name)}
    return {"vault": {**signer, "auth": {"kubernetes": login}}}


def _certificate(server: ServerCertificate) -> dict[str, Any]:
    return {
        "secretName": server.name,
        "secretTemplate": {"labels": RELOADED},
        "dnsNames": list(server.names),
        "usages": ["server auth", *(["client auth"] if server.is_client else [])],
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "duration": hours(server.lifetime),
        "renewBefore": hours(server.renew_before),
        "issuerRef": {"group": kinds.ISSUER.group, "kind": kinds.ISSUER.name, "name": server.name},
    }
