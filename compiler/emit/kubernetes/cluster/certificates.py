"""The certificates of the stores: cert-manager has each signed by Vault, as an account that gets nothing else signed.

The API verifies the stores by the authority's certificate, which anybody may read from Vault.

Sources: ``access_control.secrets.storage``, the cluster's ``vault``; :mod:`compiler.emit.server_certificates`.
Upstream: https://cert-manager.io/docs/configuration/vault/#authenticating-with-kubernetes-service-accounts,
https://cloudnative-pg.io/documentation/current/certificates/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.names import CERTIFICATES
from compiler.emit.server_certificates import Server, servers
from compiler.emit.vault.paths import AUDIENCE, places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

# The account that cert-manager runs as; it takes the place of ours for the length of a login.
_CONTROLLER = {"kind": "ServiceAccount", "name": "cert-manager", "namespace": kinds.CERT_MANAGER.namespace}


def certificates(site: Site) -> Iterator[Document]:
    """Yield the account with whoever may log in as it, and for each server an Issuer and a Certificate."""
    yield kubernetes_object(
        kinds.SERVICE_ACCOUNT, CERTIFICATES, Wave.ACCESS, zone="data", automountServiceAccountToken=False
    )
    yield from _loan()
    for server in servers(site):
        yield kubernetes_object(kinds.ISSUER, server.name, Wave.ACCESS, zone="data", spec=_issuer(site, server))
        yield kubernetes_object(kinds.CERTIFICATE, server.name, Wave.ACCESS, zone="data", spec=_certificate(server))


def _loan() -> Iterator[Document]:
    rule = {
        "apiGroups": [""],
        "resources": ["serviceaccounts/token"],
        "resourceNames": [CERTIFICATES],
        "verbs": ["create"],
    }
    role = {"apiGroup": kinds.ROLE.group, "kind": kinds.ROLE.name, "name": CERTIFICATES}
    yield kubernetes_object(kinds.ROLE, CERTIFICATES, Wave.ACCESS, zone="data", rules=[rule])
    yield kubernetes_object(
        kinds.ROLE_BINDING, CERTIFICATES, Wave.ACCESS, zone="data", roleRef=role, subjects=[_CONTROLLER]
    )


def _issuer(site: Site, server: Server) -> dict[str, Any]:
    vault = site.cluster.vault
    login = {
        "mountPath": f"/v1/auth/{places(site).kubernetes}",
        "role": CERTIFICATES,
        # For Vault, and for the API server that Vault shows the token to.
        "serviceAccountRef": {"name": CERTIFICATES, "audiences": [AUDIENCE, vault.kubernetes_audience]},
    }
    return {
        "vault": {"server": vault.address, "path": places(site).signing(server.name), "auth": {"kubernetes": login}}
    }


def _certificate(server: Server) -> dict[str, Any]:
    return {
        "secretName": server.name,
        # CloudNativePG takes a new one as soon as the Secret changes, where it has this label.
        "secretTemplate": {"labels": {"cnpg.io/reload": "true"}},
        "dnsNames": list(server.names),
        "usages": ["server auth", *(["client auth"] if server.is_client else [])],
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "duration": f"{server.lifetime_hours}h",
        "renewBefore": f"{server.renewed_before_hours}h",
        "issuerRef": {"group": kinds.ISSUER.group, "kind": kinds.ISSUER.name, "name": server.name},
    }
