"""The transit key that signs heads of the audit trail; the account of the job that anchors it may use it.

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

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site

KEY_TYPE = "rsa-3072"  # as long as anchors are kept: NIST SP 800-57, part 1, table 4


def audit_key(site: Site) -> Iterator[Write]:
    """Yield the engine of keys that sign, and the cluster's key."""
    if not site.spec.access_control.infrastructure.authorization.audit:
        return
    key = vault_paths(site).audit_key
    yield write(f"sys/mounts/{VAULT_SIGNING}", type="transit", description="Keys of CBP that sign")
    yield write(f"{VAULT_SIGNING}/keys/{key}", type=KEY_TYPE)
