"""The table of fields: what each kind of object does when a field of it changes.

Sources: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#updating-a-deployment,
https://cloudnative-pg.io/documentation/current/rolling_update/ and ``pg_settings.context`` of PostgreSQL 18,
https://cloudnative-pg.io/documentation/current/connection_pooling/, and the validation of Kubernetes 1.35 for what is
immutable. A field that is in no row is applied to what runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from compiler.difference.effects import Class, Effect, Reason
from compiler.difference.numbers import fewer_days, less_often, lower

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.difference.comparison import Change

_LEVELS = ("privileged", "baseline", "restricted")
"""The levels of pod security, of which a namespace without one has the first."""
Condition = Callable[[Any, Any], bool | None]

# Parameters that PostgreSQL reads when it starts (context postmaster), of those that are emitted or that the operator
# derives from them: https://www.postgresql.org/docs/18/view-pg-settings.html
_AT_START = (
    "max_connections",
    "superuser_reserved_connections",
    "reserved_connections",
    "shared_buffers",
    "huge_pages",
    "wal_buffers",
    "wal_level",
    "max_wal_senders",
    "max_replication_slots",
    "max_worker_processes",
    "max_prepared_transactions",
    "max_locks_per_transaction",
    "pg_stat_statements.max",
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: a kind, a path of its fields, the class and the sentence, and the condition.

    A path is one of patterns with a space between; ``**`` at its end is everything below. A row without a condition
    holds for every change.
    """

    kind: str
    path: str
    effect: Class
    text: str
    when: Condition | None = None

    def holds(self, change: Change) -> bool:
        """Return whether a change is one of this row."""
        return _matches(change.steps, self.path.split(" ")) and (
            self.when is None or bool(self.when(change.before, change.after))
        )


def _gone(_before: Any, after: Any) -> bool:
    return after is None


def _higher(before: Any, after: Any) -> bool | None:
    return lower(after, before)


def _changes(before: Any, after: Any) -> bool:
    return before is not None and after is not None


def _weaker(before: Any, after: Any) -> bool:
    one, other = (_LEVELS.index(side) if side in _LEVELS else 0 for side in (before, after))
    return other < one


_DOWN = "{path} goes down from {before} to {after}"
_POD = "its pods are replaced one after the other, since {path} changes"
_SETTINGS = "its settings change, and pods read them when they start"
_INSTANCE = "its instances are replaced, since {path} changes: standbys first, then a switchover"
_NEVER = "{path} cannot be changed: the object has to be deleted and made again"

TABLE = (
    Row("Deployment", "spec selector **", Class.IMMUTABLE, _NEVER),
    Row("Deployment", "spec template spec volumes * configMap name", Class.ROLLING, _SETTINGS),
    Row("Deployment", "spec template **", Class.ROLLING, _POD),
    Row("Deployment", "spec template spec containers * resources requests *", Class.DOWN, _DOWN, lower),
    Row("Deployment", "spec template spec containers * resources limits *", Class.DOWN, _DOWN, lower),
    Row(
        "Deployment", "spec strategy rollingUpdate maxUnavailable", Class.DOWN, "more pods are missing at once", _higher
    ),
    Row("HorizontalPodAutoscaler", "spec minReplicas", Class.DOWN, _DOWN, lower),
    Row("HorizontalPodAutoscaler", "spec maxReplicas", Class.DOWN, _DOWN, lower),
    Row("ScaledObject", "spec minReplicaCount", Class.DOWN, _DOWN, lower),
    Row("ScaledObject", "spec maxReplicaCount", Class.DOWN, _DOWN, lower),
    Row("ResourceQuota", "spec hard *", Class.DOWN, _DOWN, lower),
    Row("PodDisruptionBudget", "spec minAvailable", Class.DOWN, _DOWN, lower),
    Row("PodDisruptionBudget", "spec maxUnavailable", Class.DOWN, "more pods may be missing at once", _higher),
    Row("StorageClass", "provisioner", Class.IMMUTABLE, _NEVER),
    Row("StorageClass", "parameters **", Class.IMMUTABLE, _NEVER),
    Row("StorageClass", "reclaimPolicy", Class.IMMUTABLE, _NEVER),
    Row("StorageClass", "volumeBindingMode", Class.IMMUTABLE, _NEVER),
    Row("VolumeAttributesClass", "parameters **", Class.IMMUTABLE, _NEVER),
    Row("VolumeAttributesClass", "driverName", Class.IMMUTABLE, _NEVER),
    Row("WebACL", "spec name", Class.IMMUTABLE, _NEVER),
    Row("WebACL", "spec rules * statement rateBasedStatement limit", Class.DOWN, _DOWN, lower),
    Row("RoleBinding", "roleRef **", Class.IMMUTABLE, _NEVER),
    Row("ClusterRoleBinding", "roleRef **", Class.IMMUTABLE, _NEVER),
    *(
        Row(
            "Cluster",
            f"spec postgresql parameters {name}",
            Class.RESTART,
            "PostgreSQL reads {path} when it starts: standbys first, then a switchover",
        )
        for name in _AT_START
    ),
    *(
        Row("Cluster", f"spec postgresql parameters {name}", Class.DOWN, _DOWN, lower)
        for name in ("max_connections", "shared_buffers", "work_mem", "maintenance_work_mem")
    ),
    Row("Cluster", "spec imageName", Class.RESTART, _INSTANCE),
    Row("Cluster", "spec resources **", Class.RESTART, _INSTANCE),
    Row("Cluster", "spec resources * *", Class.DOWN, _DOWN, lower),
    Row("Cluster", "spec affinity **", Class.RESTART, _INSTANCE),
    Row("Cluster", "spec topologySpreadConstraints **", Class.RESTART, _INSTANCE),
    Row("Cluster", "spec plugins **", Class.RESTART, _INSTANCE),
    Row("Cluster", "spec instances", Class.DOWN, _DOWN, lower),
    Row("Cluster", "spec managed roles * connectionLimit", Class.DOWN, _DOWN, lower),
    Row("Cluster", "spec postgresql synchronous number", Class.DATA, _DOWN, lower),
    Row(
        "Cluster",
        "spec postgresql synchronous dataDurability",
        Class.DATA,
        "a commit may be confirmed before a standby has it",
        lambda before, _after: before == "required",
    ),
    Row("Cluster", "spec replica primary", Class.DATA, "{after} is the primary, before {before}"),
    Row("Cluster", "spec storage size", Class.DATA, "no volume shrinks: {before} is asked to be {after}", lower),
    Row("Cluster", "spec walStorage size", Class.DATA, "no volume shrinks: {before} is asked to be {after}", lower),
    Row("Cluster", "spec storage storageClass", Class.IMMUTABLE, "volumes keep the class that they were made with"),
    Row("Cluster", "spec walStorage storageClass", Class.IMMUTABLE, "volumes keep the class that they were made with"),
    Row("Pooler", "spec template **", Class.ROLLING, _POD),
    Row("Pooler", "spec instances", Class.DOWN, _DOWN, lower),
    Row("Pooler", "spec pgbouncer parameters max_client_conn", Class.DOWN, _DOWN, lower),
    Row("Pooler", "spec pgbouncer parameters default_pool_size", Class.DOWN, _DOWN, lower),
    *(
        row
        for kind in ("RedisReplication", "RedisSentinel")
        for row in (
            Row(kind, "spec clusterSize", Class.DOWN, _DOWN, lower),
            Row(kind, "spec kubernetesConfig **", Class.ROLLING, _POD),
            Row(kind, "spec kubernetesConfig resources * *", Class.DOWN, _DOWN, lower),
            Row(kind, "spec env **", Class.ROLLING, "its configuration changes, and pods read it when they start"),
            Row(kind, "spec redisConfig **", Class.ROLLING, _POD),
            Row(kind, "spec affinity **", Class.ROLLING, _POD),
            Row(kind, "spec topologySpreadConstraints **", Class.ROLLING, _POD),
            Row(kind, "spec redisExporter **", Class.ROLLING, _POD),
            Row(kind, "spec pdb maxUnavailable", Class.DOWN, "more pods may be missing at once", _higher),
            Row(kind, "spec storage volumeClaimTemplate **", Class.IMMUTABLE, _NEVER, _changes),
            Row(kind, "spec storage", Class.DATA, "it loses its volumes", _gone),
            Row(kind, "spec storage **", Class.DATA, "it loses its volumes", _gone),
        )
    ),
    Row(
        "ObjectStore",
        "spec retentionPolicy",
        Class.BACKUP,
        "backups are kept for {after}, before for {before}; the next run deletes what is older",
        fewer_days,
    ),
    Row("ObjectStore", "spec configuration destinationPath", Class.DATA, "the archive moves to {after}", _changes),
    Row("ScheduledBackup", "spec schedule", Class.BACKUP, "it runs less often: {after}, before {before}", less_often),
    Row("ScheduledBackup", "spec suspend", Class.BACKUP, "it is suspended", lambda _before, after: after is True),
    Row(
        "Namespace",
        "metadata labels pod-security.kubernetes.io/enforce",
        Class.PERMISSION,
        "pods may do what {before} forbids",
        _weaker,
    ),
    Row("ValidatingAdmissionPolicy", "spec **", Class.PERMISSION, "what it admits changes: read {path}"),
    Row("ValidatingAdmissionPolicyBinding", "spec **", Class.PERMISSION, "where it holds changes: read {path}"),
)
"""Every row; a change has the effect of each row that it matches, once for each class."""

GONE = {
    **dict.fromkeys(("Cluster", "Database", "RedisReplication"), (Class.DATA, "it holds data, and is gone")),
    **dict.fromkeys(("ObjectStore", "ScheduledBackup"), (Class.BACKUP, "it is gone")),
    **dict.fromkeys(
        ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ResourceQuota"),
        (Class.PERMISSION, "it is gone, and so is what it refused"),
    ),
    **dict.fromkeys(
        (
            "Deployment",
            "Pooler",
            "RedisSentinel",
            "HorizontalPodAutoscaler",
            "Ingress",
            "PodDisruptionBudget",
            "Service",
        ),
        (Class.DOWN, "it is gone"),
    ),
}
"""What the removal of an object of a kind does."""


def of_field(kind: str, change: Change) -> Iterator[Effect]:
    """Yield what the change of one field does, by the table; the first row of each class."""
    seen: set[Class] = set()
    for row in TABLE:
        if row.kind == kind and row.effect not in seen and row.holds(change):
            seen.add(row.effect)
            values = {"path": change.name, "before": _shown(change.before), "after": _shown(change.after)}
            yield Effect(row.effect, Reason(row.text, values))


def _matches(steps: tuple[str, ...], pattern: list[str]) -> bool:
    below = pattern[-1] == "**"
    named = pattern[:-1] if below else pattern
    fits = len(steps) > len(named) if below else len(steps) == len(named)
    return fits and all(fnmatchcase(step, wanted) for step, wanted in zip(steps, named, strict=False))


def _shown(value: Any) -> str:
    return "nothing" if value is None else str(value)
