"""The SecretStore of the data zone: its servers need their secrets before they start.

Sources: ``access_control.secrets``, the cluster's ``vault``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.kubernetes.cluster.external_secrets import Store, secret_store
from compiler.emit.kubernetes.common.access import service_account
from compiler.emit.names import DATA, DATA_SECRETS, VAULT_KV

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

DATA_STORE = Store(DATA_SECRETS, "data", DATA_SECRETS, DATA, VAULT_KV)


def data_secrets(site: Site) -> Iterator[Document]:
    """Yield the ServiceAccount and the SecretStore; the ExternalSecrets are beside the servers that read them."""
    yield service_account(DATA_SECRETS, "data")
    yield secret_store(site, DATA_STORE)
