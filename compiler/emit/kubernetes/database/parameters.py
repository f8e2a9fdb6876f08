"""Parameters of PostgreSQL: memory, the write-ahead log, connections, and its own log.

Sources: ``compute.database_tier.resources``, ``storage.database.size``, ``recovery.rpo.target``,
``connections.database``, ``redundancy.data.replication``.
Upstream: https://cloudnative-pg.io/documentation/current/postgresql_conf/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.kubernetes.common.resources import MEBIBYTE
from compiler.emit.kubernetes.database.connection_budget import SUPERUSER_CONNECTIONS, connections
from compiler.emit.text import megabytes, number, seconds
from compiler.model.units import Bytes, Duration

if TYPE_CHECKING:
    from compiler.emit.site import Site

WAL_SHARE = 10
"""The log's volume starts with a tenth of the data's: an object store may be away for hours before it is full."""

ARCHIVES_IN_RPO = 3
"""A log file is archived this often within the recovery point: two attempts may fail and the third still meets it."""

LONGEST_ARCHIVE = Duration(300)

PLAINTEXT_REFUSED = "hostnossl all all all reject"
"""The operator's own rules follow this one; they take a password from whoever has one, encrypted or not."""

_LEAST_LOG = MEBIBYTE * 128  # the server's own least is two segments of 16 MB, and the operator's 80 MB


def postgresql(site: Site) -> dict[str, Any]:
    """Return the stanza ``postgresql`` of the Cluster."""
    stanza: dict[str, Any] = {"parameters": parameters(site), "pg_hba": [PLAINTEXT_REFUSED]}
    if "Synchronous primary" in site.spec.redundancy.data.replication:
        # A commit waits for one standby and is refused without any; a failover takes place only where every standby
        # that may hold the last commit can be asked for it.
        stanza["synchronous"] = {"method": "any", "number": 1, "dataDurability": "required", "failoverQuorum": True}
    return stanza


def parameters(site: Site) -> dict[str, str]:
    """Return the parameters that differ from the operator's and the server's own defaults."""
    maximum = connections(site).maximum
    return {
        "max_connections": number(maximum),
        "superuser_reserved_connections": number(SUPERUSER_CONNECTIONS),
        **_memory(site, maximum),
        **_log_of_changes(site),
        # An abandoned transaction holds its locks, and one of the poolers' connections, no longer than a statement may.
        "idle_in_transaction_session_timeout": seconds(site.spec.connections.database.timeout),
        "log_lock_waits": "on",
        # Values that clients send are the bank's configuration; the log shows statements without them.
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        **_statistics(site),
    }


def _memory(site: Site, maximum: int) -> dict[str, str]:
    """A quarter for shared buffers, three for what may be cached; a quarter over all sessions for sorting."""
    memory = max(MEBIBYTE * 4, site.spec.compute.database_tier.resources.memory.reserved)
    return {
        "shared_buffers": megabytes(memory // 4),
        "effective_cache_size": megabytes(memory * 3 // 4),
        "maintenance_work_mem": megabytes(max(MEBIBYTE, memory // 16)),
        "work_mem": megabytes(max(MEBIBYTE, memory // 4 // maximum)),
    }


def _log_of_changes(site: Site) -> dict[str, str]:
    """The archive is never older than the recovery point; neither checkpoints nor a lost replica fill the volume."""
    third = max(_LEAST_LOG, wal_size(site) // 3)
    return {
        "archive_timeout": seconds(archive_timeout(site)),
        "max_wal_size": megabytes(third),
        "max_slot_wal_keep_size": megabytes(third),
    }


def _statistics(site: Site) -> dict[str, str]:
    """Query performance is measured by statement, in shapes without values; the operator loads the extension."""
    if "Query performance" not in site.spec.connections.database.monitoring:
        return {}
    return {"pg_stat_statements.max": "10000", "pg_stat_statements.track": "top"}


def wal_size(site: Site) -> Bytes:
    """Return the first size of the log's volume."""
    return max(Bytes(1), site.spec.storage.database.size.initial // WAL_SHARE)


def archive_timeout(site: Site) -> Duration:
    """Return the time after which a log file is archived that is not full."""
    return max(Duration(1), min(LONGEST_ARCHIVE, site.spec.recovery.rpo.target // ARCHIVES_IN_RPO))
