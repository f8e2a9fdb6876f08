"""The Cluster that restore tests make, and changes of it that the API server admits or refuses from their account."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.compiler.project import emitted

if TYPE_CHECKING:
    from compiler.emit.artifact import Document

RESTORER = "system:serviceaccount:cbp-data:configuration-restore-test"
Path = tuple[str | int, ...]
_DIGEST = f"@sha256:{'0' * 64}"
_A_SECRET = {"name": "configuration-cache", "key": "password"}
_SOURCE = ("spec", "externalClusters", 0)
_RECOVERY = ("spec", "bootstrap", "recovery")
_SNAPSHOT = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "configuration-db-1"}
_CLAIM = {"kind": "PersistentVolumeClaim", "name": "redis-data-configuration-cache-0"}
REFUSED: dict[str, tuple[Path, Any]] = {
    "the name of the database": (("metadata", "name"), "configuration-db"),
    "a patch of its pods": (("metadata", "annotations"), {"cnpg.io/podPatch": "[]"}),
    "another image": (("spec", "imageName"), f"registry.bank.example/postgresql:18.6{_DIGEST}"),
    "an image of an extension": (
        ("spec", "postgresql", "extensions"),
        [{"name": "a", "image": {"reference": f"registry.bank.example/a{_DIGEST}"}}],
    ),
    "more instances": (("spec", "instances"), 3),
    "the account of another program": (("spec", "serviceAccountName"), "configuration-migration"),
    "the identity of another program": (
        ("spec", "serviceAccountTemplate", "metadata", "annotations"),
        {"eks.amazonaws.com/role-arn": "arn:aws:iam::333333333333:role/administrator"},
    ),
    "a variable of a Secret": (("spec", "env"), [{"name": "A", "valueFrom": {"secretKeyRef": _A_SECRET}}]),
    "the variables of a Secret": (("spec", "envFrom"), [{"secretRef": {"name": _A_SECRET["name"]}}]),
    "a volume of a Secret": (
        ("spec", "projectedVolumeTemplate"),
        {"sources": [{"secret": {"name": _A_SECRET["name"]}}]},
    ),
    "the password of a superuser": (("spec", "superuserSecret"), {"name": _A_SECRET["name"]}),
    "the password of an owner": ((*_RECOVERY, "secret"), {"name": _A_SECRET["name"]}),
    "a certificate": (("spec", "certificates"), {"serverCASecret": _A_SECRET["name"]}),
    "the password of a role": (
        ("spec", "managed"),
        {"roles": [{"name": "a", "passwordSecret": {"name": _A_SECRET["name"]}}]},
    ),
    "the password of its source": ((*_SOURCE, "password"), _A_SECRET),
    "the password of a directory": (
        ("spec", "postgresql", "ldap"),
        {"server": "a", "bindSearchAuth": {"baseDN": "b", "bindDN": "c", "bindPassword": _A_SECRET}},
    ),
    "the queries of a Secret": (("spec", "monitoring"), {"customQueriesSecret": [_A_SECRET]}),
    "the key of an object store": (
        ("spec", "backup"),
        {
            "barmanObjectStore": {
                "destinationPath": "s3://elsewhere",
                "s3Credentials": {"accessKeyId": _A_SECRET, "secretAccessKey": _A_SECRET},
            }
        },
    ),
    "a credential for images": (("spec", "imagePullSecrets"), [{"name": _A_SECRET["name"]}]),
    "an archiver": (("spec", "plugins"), [{"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": True}]),
    "another archive": ((*_SOURCE, "plugin", "parameters", "barmanObjectName"), "configuration-db-elsewhere"),
    "a second source": (("spec", "externalClusters", 1), {"name": "b", "connectionParameters": {"host": "elsewhere"}}),
    "a database that it follows": (("spec", "replica"), {"enabled": True, "source": "eu-central-1"}),
    "a new database": (("spec", "bootstrap"), {"initdb": {}}),
    "a label of its pods": (("spec", "inheritedMetadata", "labels", "app.kubernetes.io/name"), "configuration-api"),
    "the volume of another": ((*_RECOVERY, "volumeSnapshots"), {"storage": _CLAIM}),
    "a volume of its tables": (
        (*_RECOVERY, "volumeSnapshots"),
        {"storage": _SNAPSHOT, "tablespaceStorage": {"a": _SNAPSHOT}},
    ),
    "another class of disks": (("spec", "storage", "storageClass"), "premium-ssd-data"),
    "no disk for the log": (("spec", "walStorage"), None),
}
"""Changes of the Cluster that restore tests make, which are refused: where, and the value; None removes it."""
ADMITTED: dict[str, tuple[tuple[Path, Any], ...]] = {
    "as it is compiled": (),
    "from volume snapshots": (((*_RECOVERY, "volumeSnapshots"), {"storage": _SNAPSHOT, "walStorage": _SNAPSHOT}),),
    "as the operator completes it": (
        ((*_SOURCE, "plugin", "enabled"), True),
        ((*_SOURCE, "plugin", "isWALArchiver"), False),
        (("spec", "affinity"), {"podAntiAffinityType": "preferred"}),
        (("spec", "failoverDelay"), 0),
        (("spec", "logLevel"), "info"),
        (("spec", "maxSyncReplicas"), 0),
        (("spec", "minSyncReplicas"), 0),
        (
            ("spec", "monitoring"),
            {
                "customQueriesConfigMap": [{"key": "queries", "name": "cnpg-default-monitoring"}],
                "disableDefaultQueries": False,
                "enablePodMonitor": False,
            },
        ),
        (("spec", "postgresGID"), 26),
        (("spec", "postgresUID"), 26),
        (("spec", "postgresql", "parameters", "wal_level"), "logical"),
        (("spec", "postgresql", "syncReplicaElectionConstraint"), {"enabled": False}),
        (("spec", "primaryUpdateMethod"), "restart"),
        (("spec", "primaryUpdateStrategy"), "unsupervised"),
        (
            ("spec", "probes"),
            {"liveness": {"isolationCheck": {"connectionTimeout": 1000, "enabled": True, "requestTimeout": 1000}}},
        ),
        (
            ("spec", "replicationSlots"),
            {
                "highAvailability": {"enabled": True, "slotPrefix": "_cnpg_"},
                "synchronizeReplicas": {"enabled": True},
                "updateInterval": 30,
            },
        ),
        (("spec", "smartShutdownTimeout"), 180),
        (("spec", "startDelay"), 3600),
        (("spec", "stopDelay"), 1800),
        (("spec", "storage", "resizeInUseVolumes"), True),
        (("spec", "switchoverDelay"), 3600),
        (("spec", "walStorage", "resizeInUseVolumes"), True),
    ),
}
"""Changes of the same Cluster that are admitted: those of the job, and the defaults of CloudNativePG 1.30."""


def restored(*changes: tuple[Path, Any]) -> Document:
    """Return the Cluster that restore tests make, with some values changed; None removes one."""
    document: Document = json.loads(_compiled())
    for (*above, last), value in changes:
        held: Any = document
        for step in above:
            held = held[step]
        if value is None:
            del held[last]
        elif isinstance(last, int):
            held.insert(last, copy.deepcopy(value))
        else:
            held[last] = copy.deepcopy(value)
    return document


@cache
def _compiled() -> str:
    text: str = emitted("cbp-data/configmap-configuration-restore-test.yaml")["data"]["cluster.json"]
    return text
