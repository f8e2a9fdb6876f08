"""The admission policy on Clusters that the restore test makes: the API server takes the compiled copy, and no other.

A Cluster names Secrets in some forty places, and the ServiceAccount that its pods run as. A list of what is refused
would miss those that a new version of the operator has, so that the policy lists what is admitted: every compiled field
has its compiled value, and no field is there besides them but those that the operator and its definition add.

Upstream: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/,
https://cloudnative-pg.io/documentation/current/cloudnative-pg.v1/
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.names import COPIES_ADMITTED, RESTORE_TEST, namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document

_SPEC = "object.spec"
_RECOVERY = f"{_SPEC}.bootstrap.recovery"
_OPERATOR_ADDS = {
    _SPEC: (
        *("affinity", "failoverDelay", "logLevel", "maxSyncReplicas", "minSyncReplicas", "monitoring", "postgresGID"),
        *("postgresUID", "primaryUpdateMethod", "primaryUpdateStrategy", "probes", "replicationSlots", "startDelay"),
        *("smartShutdownTimeout", "stopDelay", "switchoverDelay"),
    ),
    f"{_SPEC}.externalClusters[0].plugin": ("enabled", "isWALArchiver"),
    f"{_SPEC}.postgresql": ("syncReplicaElectionConstraint",),
    f"{_SPEC}.storage": ("resizeInUseVolumes",),
    f"{_SPEC}.walStorage": ("resizeInUseVolumes",),
}
"""By the path of a field: those that the definition and the webhook of the operator add below it."""

_JOB_ADDS = {_RECOVERY: ("volumeSnapshots",)}
_ADDED = _OPERATOR_ADDS | _JOB_ADDS

_FREE = (f"{_SPEC}.postgresql.parameters", f"{_SPEC}.resources")
"""Fields of any value: the job is the superuser of its copy, and the server may write an amount in another way."""

_QUERIES = ("customQueriesConfigMap", "disableDefaultQueries", "enablePodMonitor")
_VOLUMES = ("storage", "walStorage")
_FURTHER = (
    # An annotation can patch the pods that the operator makes.
    "!has(object.metadata.annotations)",
    f"(!has({_SPEC}.monitoring) || dyn({_SPEC}.monitoring).all(name, name in {json.dumps(_QUERIES)}))",
    f"(!has({_RECOVERY}.volumeSnapshots) || dyn({_RECOVERY}.volumeSnapshots).all(name, name in {json.dumps(_VOLUMES)}"
    f" && dyn({_RECOVERY}.volumeSnapshots)[name].kind == 'VolumeSnapshot'))",
)


def copy_admission(copy: Document) -> Iterator[Document]:
    """Yield the policy on the Clusters that the job makes, and its binding to the whole cluster."""
    group, _, version = copy["apiVersion"].rpartition("/")
    rule = {
        "apiGroups": [group],
        "apiVersions": [version],
        "operations": ["CREATE"],
        "resources": [kinds.POSTGRES_CLUSTER.plural],
    }
    user = f"system:serviceaccount:{namespace('data')}:{RESTORE_TEST}"
    named = (f"object.metadata.{field} == {json.dumps(copy['metadata'][field])}" for field in ("namespace", "name"))
    validation = {
        "expression": " &&\n".join((*named, *_held(_SPEC, copy["spec"]), *_FURTHER)),
        "message": "the restore test makes the copy that is compiled for it, and no other Cluster",
        "reason": "Forbidden",
    }
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [rule]},
        "matchConditions": [{"name": "by-the-restore-test", "expression": f"request.userInfo.username == '{user}'"}],
        "validations": [validation],
    }
    binding = {"policyName": COPIES_ADMITTED, "validationActions": ["Deny"]}
    yield kubernetes_object(kinds.ADMISSION_POLICY, COPIES_ADMITTED, Wave.BOUNDARY, spec=spec)
    yield kubernetes_object(kinds.ADMISSION_BINDING, COPIES_ADMITTED, Wave.BOUNDARY, spec=binding)


def _held(path: str, value: Any) -> Iterator[str]:
    """Yield expressions that are true if a field has its compiled value, except for what may be added below it.

    The names of the fields come first: where one is missing, what is said about it later fails, and false wins. An
    object is compared with a map as a value of any type (``dyn``), since the server knows it by its fields.
    """
    if path in _FREE:
        return
    if not any(f"{added}.".startswith((f"{path}.", f"{path}[")) for added in (*_ADDED, *_FREE)):
        held = f"dyn({path})" if isinstance(value, dict) else path
        yield f"{held} == {json.dumps(value)}"
    elif isinstance(value, list):
        yield f"size({path}) == {len(value)}"
        for index, item in enumerate(value):
            yield from _held(f"{path}[{index}]", item)
    else:
        compiled, names = sorted(value), sorted({*value, *_ADDED.get(path, ())})
        yield f"{json.dumps(compiled)}.all(name, name in dyn({path}))"
        yield f"dyn({path}).all(name, name in {json.dumps(names)})"
        for name in compiled:
            yield from _held(f"{path}.{name}", value[name])
