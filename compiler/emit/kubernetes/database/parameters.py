"""Parameters of PostgreSQL: memory, the write-ahead log, connections, and its own log.

Sources: ``compute.database_tier.resources``, ``storage.database.size``, ``recovery.rpo.target``,
``connections.database``, ``redundancy.data.replication``, ``components.data_layer.features``.
Upstream: https://cloudnative-pg.io/documentation/current/postgresql_conf/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.kubernetes.common.resources import GIBIBYTE, MEBIBYTE
from compiler.emit.kubernetes.database.connection_budget import SUPERUSER_CONNECTIONS, connections
from compiler.emit.names import DATABASE_NAME, DATABASE_STANDBY
from compiler.emit.text import megabytes, number, seconds
from compiler.model.units import Duration

if TYPE_CHECKING:
    from compiler.emit.site import Site
    from compiler.model.units import Bytes

SYNCHRONOUS = 1
"""The standbys that a commit waits for."""

WAL_SHARE = 10
"""The log's volume has a tenth of the data's largest size: it fills up only after hours without the object store."""

ARCHIVES_IN_RPO = 3
"""Archivals of the log within the recovery point objective: two may fail, and the third still meets it."""

LONGEST_ARCHIVE = Duration(300)

PLAINTEXT_REFUSED = "hostnossl all all all reject"
"""The rule of pg_hba that refuses connections without TLS, before the operator's own rules, which accept them."""

BY_CERTIFICATE = f"hostssl {DATABASE_NAME} {DATABASE_STANDBY} all cert"
"""The rule of pg_hba for pods that stand by: the role has no password, and logs in by its certificate alone."""

_LEAST_LOG = MEBIBYTE * 128  # the server's own minimum is two segments of 16 MB, and the operator's is 80 MB


def postgresql(site: Site) -> dict[str, Any]:
    """Return the field ``postgresql`` of the Cluster."""
    admitted = [PLAINTEXT_REFUSED, *([BY_CERTIFICATE] if site.has_peers else [])]
    stanza: dict[str, Any] = {"parameters": parameters(site), "pg_hba": admitted}
    if synchronous(site):
        stanza["synchronous"] = {
            "method": "any",
            # A commit waits for one standby, and is refused without any.
            "number": SYNCHRONOUS,
            "dataDurability": "required",
            # A failover takes place only if every standby that may hold the last commit can be reached.
            "failoverQuorum": True,
            # So these are as few as one of them may be away; the replicas beyond them serve reads, and no quorum.
            "maxStandbyNamesFromCluster": SYNCHRONOUS + 1,
        }
    return stanza


def synchronous(site: Site) -> bool:
    """Return whether a commit waits for a standby."""
    return site.settings.database.lossless_failover


def parameters(site: Site) -> dict[str, str]:
    """Return the parameters that differ from the operator's and the server's own defaults."""
    maximum = connections(site).maximum
    return {
        "max_connections": number(maximum),
        "superuser_reserved_connections": number(SUPERUSER_CONNECTIONS),
        **_memory(site, maximum),
        **_log_of_changes(site),
        # An abandoned transaction holds its locks, and a pooler's connection, at most as long as a statement may take.
        "idle_in_transaction_session_timeout": seconds(site.spec.connections.database.timeout),
        "log_lock_waits": "on",
        # Parameters are the bank's configuration; the log shows statements without them.
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        **_statistics(site),
        **_audit(site),
    }


def _memory(site: Site, maximum: int) -> dict[str, str]:
    """Return the memory settings: 1/4 for shared buffers, 3/4 as estimated cache, 1/4 for sorting in all sessions."""
    memory = max(MEBIBYTE * 4, site.spec.compute.database_tier.resources.memory.reserved)
    return {
        "shared_buffers": megabytes(memory // 4),
        "effective_cache_size": megabytes(memory * 3 // 4),
        "maintenance_work_mem": megabytes(max(MEBIBYTE, memory // 16)),
        "work_mem": megabytes(max(MEBIBYTE, memory // 4 // maximum)),
    }


def _log_of_changes(site: Site) -> dict[str, str]:
    """Return the log's settings: the archive meets the RPO; neither checkpoints nor a lost replica fill the volume."""
    third = max(_LEAST_LOG, wal_size(site) // 3)
    return {
        "archive_timeout": seconds(archive_timeout(site)),
        "max_wal_size": megabytes(third),
        "max_slot_wal_keep_size": megabytes(third),
    }


def _statistics(site: Site) -> dict[str, str]:
    """Return the settings of ``pg_stat_statements``, which stores no values; the operator loads the extension."""
    if "Query performance" not in site.spec.connections.database.monitoring:
        return {}
    return {"pg_stat_statements.max": "10000", "pg_stat_statements.track": "top"}


def _audit(site: Site) -> dict[str, str]:
    """Return the settings of pgAudit: every change of a role, a right or a table is logged.

    Changes of rows are in the audit log of the API, which holds who asked for each. pgAudit redacts passwords; the
    operator loads it, and its images of the flavour ``standard`` contain it.

    Upstream: https://cloudnative-pg.io/documentation/current/postgresql_conf/#enabling-pgaudit
    """
    if "Audit logs" not in site.spec.components.data_layer.features:
        return {}
    return {"pgaudit.log": "role, ddl", "pgaudit.log_catalog": "off", "pgaudit.log_parameter": "off"}


def wal_size(site: Site) -> Bytes:
    """Return the size of the log's volume, in whole GiB: it has it from the start, and does not grow by itself."""
    share = site.spec.storage.database.size.max // WAL_SHARE
    return GIBIBYTE * max(1, share.count // GIBIBYTE.count)


def archive_timeout(site: Site) -> Duration:
    """Return the time after which a log file is archived before it is full."""
    return max(Duration(1), min(LONGEST_ARCHIVE, site.spec.recovery.rpo.target // ARCHIVES_IN_RPO))
