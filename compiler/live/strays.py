"""Find strays: objects in the zones that no compiled object owns, and bindings that reach the zones' accounts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import PART_OF
from compiler.emit.names import DATABASE_RESTORED, RESTORE_TEST, namespace
from compiler.live.difference import Difference, Kind
from compiler.live.made import MAKES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from compiler.live.objects import Compiled, Fields, Identity

_ALWAYS = {
    ("", "ConfigMap", "kube-root-ca.crt"),
    ("", "ServiceAccount", "default"),
}
"""Objects that Kubernetes makes in every namespace."""
_HARMLESS = {
    ("", "Event"),
    ("events.k8s.io", "Event"),
    ("coordination.k8s.io", "Lease"),
    ("autoscaling.k8s.io", "VerticalPodAutoscalerCheckpoint"),
}
"""Kinds that give no right, run nothing and carry no traffic."""
_BINDINGS = (kinds.CLUSTER_ROLE_BINDING.group, kinds.CLUSTER_ROLE_BINDING.name)
_EVERY_ACCOUNT = "system:serviceaccounts"
_GIVEN_TO_ALL = {"system:service-account-issuer-discovery"}
"""Bindings of Kubernetes' own for every service account."""
_SECRETS_OF_A_DATABASE = ("app", "ca", "pull", "replication", "server", "superuser")
# The charts of the monitoring stack, which is installed in a zone of ours (compiler/emit/providers.py).
_MONITORING = re.compile(r"(kube-)?prometheus(-.+)?|alertmanager(-.+)?|kube-state-metrics|grafana|.*prometheus-adapter")
_CHART_LABELS = ("app.kubernetes.io/part-of", "app.kubernetes.io/name", "app.kubernetes.io/managed-by", "app")


def strays(compiled: Compiled, live: Mapping[Identity, Fields]) -> Iterator[Difference]:
    """Yield the strays, in the order of namespace, kind and name."""
    zones = set(compiled.zones)
    owned = _Owned(compiled, live)
    for key in sorted(live.keys() - compiled.objects.keys()):
        if key.namespace in zones:
            if not owned.holds(key):
                yield Difference(Kind.STRAY, str(key), "", _reason(live[key], "no compiled object owns it"))
        elif key.group_kind == _BINDINGS:
            if (names := _reached(live[key], zones)) and key.name not in _GIVEN_TO_ALL:
                given = f"it gives {_role(live[key])} to {', '.join(names)}"
                yield Difference(Kind.STRAY, str(key), "", _reason(live[key], given))
        elif not key.namespace and PART_OF.items() <= (live[key]["metadata"].get("labels") or {}).items():
            reason = "it has the label of the compiled objects and is none"
            yield Difference(Kind.STRAY, str(key), "", _reason(live[key], reason))


class _Owned:
    """The live objects that a compiled one owns, by their references to owners, or by name."""

    def __init__(self, compiled: Compiled, live: Mapping[Identity, Fields]) -> None:
        self._compiled, self._live = compiled, live
        self._by_uid = {fields["metadata"].get("uid"): key for key, fields in live.items()}
        self._secrets = set(_secrets(compiled))
        self._claims = tuple(_claims(live))

    def holds(self, key: Identity) -> bool:
        """Return whether an object is compiled, is owned by such a one, or is known to be made beside one."""
        if key in self._compiled.objects:
            return True
        fields = self._live[key]
        if (*key.group_kind, key.name) in _ALWAYS or key.group_kind in _HARMLESS:
            return True
        return self._made(key) or self._beside(key, fields)

    def _made(self, key: Identity) -> bool:
        """Return whether an owner is one that makes such objects, and is itself owned."""
        references = self._live[key]["metadata"].get("ownerReferences") or ()
        owners = (self._by_uid[item["uid"]] for item in references if item.get("uid") in self._by_uid)
        return any(
            owner != key and key.group_kind in MAKES.get(owner.group_kind, ()) and self.holds(owner) for owner in owners
        )

    def _beside(self, key: Identity, fields: Fields) -> bool:
        """Return whether an object without an owner is one that a controller is known to make for another."""
        labels = fields["metadata"].get("labels") or {}
        match key.group_kind:
            case ("", "Secret"):
                return (key.namespace, key.name) in self._secrets or self._key_of_certificate(key, labels)
            case ("", "PersistentVolumeClaim"):
                return any(space == key.namespace and name.fullmatch(key.name) for space, name in self._claims)
            case ("", "Endpoints"):
                return self._exists(key, kinds.SERVICE, key.name)
            case ("postgresql.cnpg.io", "Cluster"):
                return key.name == DATABASE_RESTORED and self._exists(key, kinds.CRON_JOB, RESTORE_TEST)
            case ("postgresql.cnpg.io", "Backup"):
                return self._exists(key, kinds.SCHEDULED_BACKUP, labels.get("cnpg.io/scheduled-backup", ""))
            case ("snapshot.storage.k8s.io", "VolumeSnapshot"):
                cluster = labels.get("cnpg.io/cluster", "")
                return self._exists(key, kinds.POSTGRES_CLUSTER, cluster) or PART_OF.items() <= labels.items()
            case ("elbv2.k8s.aws", "TargetGroupBinding"):
                return self._exists(key, kinds.SERVICE, fields.get("spec", {}).get("serviceRef", {}).get("name", ""))
        return key.namespace == namespace("management") and any(
            _MONITORING.fullmatch(labels.get(name, "")) for name in _CHART_LABELS
        )

    def _key_of_certificate(self, key: Identity, labels: Mapping[str, str]) -> bool:
        """Return whether a Secret holds the key of a certificate that is being issued."""
        if labels.get("cert-manager.io/next-private-key") != "true":
            return False
        return self._exists(key, kinds.CERTIFICATE, key.name.rpartition("-")[0])

    def _exists(self, key: Identity, kind: kinds.Kind, name: str) -> bool:
        wanted = (key.namespace, kind.group, kind.name, name)
        return any((item.namespace, *item.group_kind, item.name) == wanted and self.holds(item) for item in self._live)


def _secrets(compiled: Compiled) -> Iterator[tuple[str, str]]:
    """Yield the namespaces and names of the Secrets that operators make for compiled objects."""
    for key, fields in compiled.objects.items():
        if key.group_kind == (kinds.EXTERNAL_SECRET.group, kinds.EXTERNAL_SECRET.name):
            yield key.namespace, (fields["spec"].get("target") or {}).get("name", key.name)
        elif key.group_kind == (kinds.CERTIFICATE.group, kinds.CERTIFICATE.name):
            yield key.namespace, fields["spec"]["secretName"]
        elif key.group_kind == (kinds.POSTGRES_CLUSTER.group, kinds.POSTGRES_CLUSTER.name):
            yield from ((key.namespace, f"{key.name}-{part}") for part in _SECRETS_OF_A_DATABASE)


def _claims(live: Mapping[Identity, Fields]) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield the namespaces and names of the claims that stateful sets make."""
    for key, fields in live.items():
        if key.group_kind == ("apps", "StatefulSet"):
            for template in fields["spec"].get("volumeClaimTemplates") or ():
                name = f"{template['metadata']['name']}-{key.name}"
                yield key.namespace, re.compile(rf"{re.escape(name)}-[0-9]+")


def _reached(binding: Fields, zones: set[str]) -> tuple[str, ...]:
    """Return the accounts of the zones that a binding names, each as ``namespace/name`` or by its group."""
    groups = {_EVERY_ACCOUNT, *(f"{_EVERY_ACCOUNT}:{zone}" for zone in zones)}
    users = tuple(f"system:serviceaccount:{zone}:" for zone in zones)
    accounts = []
    for subject in binding.get("subjects") or ():
        kind, name = subject["kind"], subject["name"]
        if kind == "ServiceAccount" and subject.get("namespace") in zones:
            accounts.append(f"{subject['namespace']}/{name}")
        elif (kind == "Group" and name in groups) or (kind == "User" and name.startswith(users)):
            accounts.append(name)
    return tuple(accounts)


def _role(binding: Fields) -> str:
    return f"{binding['roleRef']['kind']} {binding['roleRef']['name']}"


def _reason(fields: Fields, reason: str) -> str:
    """Return a reason with the manager that made the object, where it is known."""
    entries = fields["metadata"].get("managedFields") or ()
    names = sorted({str(entry["manager"]) for entry in entries if "manager" in entry})
    return f"{reason}, by {', '.join(names)}" if names else reason
