"""Certificates of servers: cert-manager has Vault sign them, by a ServiceAccount of each zone with no other right.

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
from compiler.emit.names import API_CERTIFICATES, CERTIFICATES
from compiler.emit.providers import CERT_MANAGER
from compiler.emit.server_certificates import ServerCertificate, server_certificates
from compiler.emit.text import hours
from compiler.emit.vault.paths import vault_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site
    from compiler.model.network import Zone

# The ServiceAccount of cert-manager, which requests a token of ours to log in.
_CONTROLLER = {"kind": "ServiceAccount", "name": "cert-manager", "namespace": CERT_MANAGER.namespace}


def certificates(site: Site) -> Iterator[Document]:
    """Yield what the certificates of the data zone's servers need."""
    yield from _of_zone(site, "data", CERTIFICATES)


def api_certificate(site: Site) -> Iterator[Document]:
    """Yield what the certificate of the API's pods needs."""
    yield from _of_zone(site, "application", API_CERTIFICATES)


def _of_zone(site: Site, zone: Zone, account: str) -> Iterator[Document]:
    """Yield the ServiceAccount, cert-manager's right to its tokens, and each server's Issuer and Certificate."""
    token: Rule = {
        "apiGroups": [""],
        "resources": ["serviceaccounts/token"],
        "resourceNames": [account],
        "verbs": ["create"],
    }
    yield service_account(account, zone)
    yield from bound_role(account, zone, [token], _CONTROLLER)
    for server in server_certificates(site):
        if server.zone == zone:
            issuer, certificate = _issuer(site, server, account), _certificate(server)
            yield kubernetes_object(kinds.ISSUER, server.name, Wave.ACCESS, zone=zone, spec=issuer)
            yield kubernetes_object(kinds.CERTIFICATE, server.name, Wave.ACCESS, zone=zone, spec=certificate)


def _issuer(site: Site, server: ServerCertificate, account: str) -> dict[str, Any]:
    paths = vault_paths(site)
    login = vault_login(site, f"/v1/auth/{paths.kubernetes}", account, account)
    signer = {**vault_server(site), "path": paths.signing(server.name)}
    return {"vault": {**signer, "auth": {"kubernetes": login}}}


def _certificate(server: ServerCertificate) -> dict[str, Any]:
    return {
        "secretName": server.name,
        **({"secretTemplate": {"labels": RELOADED}} if server.zone == "data" else {}),
        "dnsNames": list(server.names),
        "usages": ["server auth", *(["client auth"] if server.is_client else [])],
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "duration": hours(server.lifetime),
        "renewBefore": hours(server.renew_before),
        "issuerRef": {"group": kinds.ISSUER.group, "kind": kinds.ISSUER.name, "name": server.name},
    }
