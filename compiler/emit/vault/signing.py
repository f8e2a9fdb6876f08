"""The key that signs heads of the audit trail, and the policy of whoever has them signed.

The key never leaves the server: it can be neither exported nor deleted. These are the defaults of the engine, and a
server is compared with them. Whoever has the public key verifies a signature offline.

Sources: ``access_control.infrastructure.authorization.audit``, ``access_control.secrets.storage``.
Upstream: https://openbao.org/api-docs/secret/transit/#create-key
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.names import VAULT_SIGNING
from compiler.emit.vault.documents import Write, write
from compiler.emit.vault.paths import vault_paths
from compiler.emit.vault.policies import Grant, policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site

KEY_TYPE = "rsa-3072"  # as long as anchors are kept: NIST SP 800-57, part 1, table 4
SIGNER = "audit-signer"


def audit_signer(site: Site) -> Iterator[Write]:
    """Yield the engine of keys that sign, the cluster's key, and the policy that grants signing by it alone."""
    if not site.spec.access_control.infrastructure.authorization.audit:
        return
    key = vault_paths(site).audit_key
    yield write(f"sys/mounts/{VAULT_SIGNING}", type="transit", description="Keys of CBP that sign")
    yield write(f"{VAULT_SIGNING}/keys/{key}", type=KEY_TYPE)
    grant = Grant(f"{VAULT_SIGNING}/sign/{key}", ("update",))
    yield policy(site, SIGNER, f"What has heads of the audit trail signed for {vault_paths(site).scope}.", (grant,))
