"""How PostgreSQL itself is set: memory, the write-ahead log, connections, and what it says in its log.

Sources: ``compute.database_tier.resources``, ``storage.database.size``, ``recovery.rpo.target``,
``connections.database``, ``redundancy.data.replication``.
Upstream: https://cloudnative-pg.io/documentation/current/postgresql_conf/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.kubernetes.database.connection_budget import SUPERUSER_CONNECTIONS, connections

if TYPE_CHECKING:
    from compiler.emit.site import Site
    from runtime.settings import Settings

WAL_SHARE = 10
"""The log's volume starts with a tenth of the data's: an object store may be away for hours before it is full."""

ARCHIVES_IN_RPO = 3
"""A log file is archived this often within the recovery point: two attempts may fail and the third still meets it."""

LONGEST_ARCHIVE_SECONDS = 300

PLAINTEXT_REFUSED = "hostnossl all all all reject"
"""The operator's own rules follow this one; they take a password from whoever has one, encrypted or not."""

_MEGABYTE = 1024**2
_LEAST_LOG_MEGABYTES = 128  # the server's own least is two segments of 16 MB, and the operator's 80 MB


def postgresql(site: Site, settings: Settings) -> dict[str, Any]:
    """Return the stanza ``postgresql`` of the Cluster."""
    stanza: dict[str, Any] = {"parameters": parameters(site, settings), "pg_hba": [PLAINTEXT_REFUSED]}
    if "Synchronous primary" in site.spec.redundancy.data.replication:
        # A commit waits for one standby and is refused without any; a failover takes place only where every standby
        # that may hold the last commit can be asked for it.
        stanza["synchronous"] = {"method": "any", "number": 1, "dataDurability": "required", "failoverQuorum": True}
    return stanza


def parameters(site: Site, settings: Settings) -> dict[str, str]:
    """Return the parameters that differ from the operator's and the server's own defaults."""
    maximum = connections(site, settings).maximum
    return {
        "max_connections": str(maximum),
        "superuser_reserved_connections": str(SUPERUSER_CONNECTIONS),
        **_memory(site, maximum),
        **_log_of_changes(site),
        # An abandoned transaction holds its locks, and one of the poolers' connections, no longer than a statement may.
        "idle_in_transaction_session_timeout": f"{settings.database.statement_timeout_seconds}s",
        "log_lock_waits": "on",
        # Values that clients send are the bank's configuration; the log shows statements without them.
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        **_statistics(site),
    }


def _memory(site: Site, maximum: int) -> dict[str, str]:
    """A quarter for shared buffers, three for what may be cached; a quarter over all sessions for sorting."""
    megabytes = max(4, site.spec.compute.database_tier.resources.memory.reserved.count // _MEGABYTE)
    return {
        "shared_buffers": f"{megabytes // 4}MB",
        "effective_cache_size": f"{megabytes * 3 // 4}MB",
        "maintenance_work_mem": f"{max(1, megabytes // 16)}MB",
        "work_mem": f"{max(1, megabytes // 4 // maximum)}MB",
    }


def _log_of_changes(site: Site) -> dict[str, str]:
    """The archive is never older than the recovery point; neither checkpoints nor a lost replica fill the volume."""
    third = max(_LEAST_LOG_MEGABYTES, wal_bytes(site) // _MEGABYTE // 3)
    return {
        "archive_timeout": f"{archive_seconds(site)}s",
        "max_wal_size": f"{third}MB",
        "max_slot_wal_keep_size": f"{third}MB",
    }


def _statistics(site: Site) -> dict[str, str]:
    """Query performance is measured by statement, in shapes without values; the operator loads the extension."""
    if "Query performance" not in site.spec.connections.database.monitoring:
        return {}
    return {"pg_stat_statements.max": "10000", "pg_stat_statements.track": "top"}


def wal_bytes(site: Site) -> int:
    """Return the first size of the log's volume, in bytes."""
    return max(1, site.spec.storage.database.size.initial.count // WAL_SHARE)


def archive_seconds(site: Site) -> int:
    """Return after how many seconds a log file is archived that is not full."""
    return max(1, min(LONGEST_ARCHIVE_SECONDS, site.spec.recovery.rpo.target.seconds // ARCHIVES_IN_RPO))
