"""What a changed statement does: each class with its reason, for single statements of the frozen project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from compiler.difference import judging
from compiler.difference.comparison import compare
from compiler.difference.difference import subject
from compiler.difference.numbers import fewer_days, less_often, lower
from compiler.difference.side import files
from compiler.lineage.experiment import artifacts
from tests.compiler.project import changed, resolved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compiler.resolve.resolved import Resolved


def compiled(found: Resolved) -> dict[str, Any]:
    return files(artifacts(found))


def done(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    """Return the class, the object and the reason of everything that a change does in production."""
    by_file: dict[str, list[Any]] = {}
    for change in compare(before, after).values():
        by_file.setdefault(change.file, []).append(change)
    return {
        (str(effect.kind), subject(file, (before, after)), effect.reason.written())
        for file, changes in by_file.items()
        for _, effect in judging.effects(changes, before.get(file), after.get(file))
    }


@pytest.mark.parametrize(
    ("statement", "value", "expected"),
    [
        (
            "compute.application_tier.instances.max",
            "6",
            ("capacity or availability down", "HorizontalPodAutoscaler configuration-api",
             "spec.maxReplicas goes down from 8 to 6"),
        ),
        (
            "compute.database_tier.resources.memory.reserved",
            "8GB",
            ("restart", "Cluster configuration-db",
             "its instances are replaced, since spec.resources.requests.memory changes: standbys first, then a "
             "switchover"),
        ),
        (
            "containers.application.resource_limits.memory",
            "2GB",
            ("capacity or availability down", "Deployment configuration-api",
             "spec.template.spec.containers[configuration-api].resources.limits.memory goes down from 4Gi to 2Gi"),
        ),
        (
            "containers.images.postgresql.version",
            "18.7",
            ("restart", "Cluster configuration-db",
             "its instances are replaced, since spec.imageName changes: standbys first, then a switchover"),
        ),
        (
            "storage.database.size.initial",
            "50GB",
            ("data at risk", "Cluster configuration-db", "no volume shrinks: 100Gi is asked to be 50Gi"),
        ),
        (
            "backup.database.schedule.incremental",
            "Daily",
            ("backup weakened", "ScheduledBackup configuration-db-incremental",
             "it runs less often: 0 30 1 * * *, before 0 30 * * * *"),
        ),
        (
            "storage.cache.persistence.backup_schedule",
            "Weekly",
            ("backup weakened", "CronJob configuration-cache-copies",
             "volumes are copied less often: 40 3 * * 0, before 40 3 * * *"),
        ),
        (
            "orchestration.configuration.rolling_update.max_unavailable",
            "1",
            ("capacity or availability down", "Deployment configuration-api", "more pods are missing at once"),
        ),
        (
            "environment.addresses.clients.0",
            "10.30.0.0/16",
            ("network opened", "Ingress configuration-api", "65,536 addresses more are admitted: 10.30.0.0/16"),
        ),
        (
            "environment.clusters.eu-central-1.addresses.vault.0",
            "10.30.250.0/24",
            ("network opened", "Cluster configuration-db", "256 addresses more are admitted: 10.30.250.0/24"),
        ),
        (
            "environment.clusters.eu-central-1.backups.location",
            "s3://elsewhere",
            ("data at risk", "ObjectStore configuration-db-eu-central-1", "the archive moves to s3://elsewhere"),
        ),
    ],
)  # fmt: skip
def test_a_statement_does_what_its_kind_of_object_does(
    statement: str, value: str, expected: tuple[str, str, str]
) -> None:
    before, after = compiled(resolved()["production"]), compiled(changed({statement: value}))
    assert expected in done(before, after)


def test_a_statement_that_is_applied_to_what_runs_does_nothing_more() -> None:
    before = compiled(resolved()["production"])
    assert done(before, compiled(changed({"auto_scaling.application.triggers.cpu.target": "60%"}))) == set()


def policy(*egress: dict[str, Any]) -> dict[str, Any]:
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": list(egress)}
    return {"kind": "NetworkPolicy", "metadata": {"name": "a"}, "spec": spec}


def rule(cidr: str, port: int) -> dict[str, Any]:
    return {"to": [{"ipBlock": {"cidr": cidr}}], "ports": [{"protocol": "TCP", "port": port}]}


FILE = "production/a/kubernetes/networkpolicy-a.yaml"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([rule("10.0.0.0/24", 443)], [rule("10.0.0.0/23", 443)], {"256 addresses more, on TCP 443: 10.0.0.0/23"}),
        ([rule("10.0.0.0/24", 443)], [rule("10.0.0.0/25", 443)], {"connections on TCP 443 are closed: 10.0.0.0/24"}),
        ([], [rule("10.0.0.0/32", 443)], {"1 address more, on TCP 443: 10.0.0.0/32"}),
        (
            [rule("10.0.0.0/24", 443)],
            [{"to": [{"ipBlock": {"cidr": "10.0.0.0/24"}}]}],
            {f"256 addresses more, on any {name}: 10.0.0.0/24" for name in ("TCP", "UDP", "SCTP")},
        ),
        ([rule("10.0.0.0/24", 443)], [{"ports": [{"port": 443}]}], {"connections on TCP 443 are open: everywhere"}),
    ],
)
def test_a_policy_is_compared_by_the_connections_that_it_admits(
    before: list[dict[str, Any]], after: list[dict[str, Any]], expected: set[str]
) -> None:
    assert {reason for _, _, reason in done({FILE: policy(*before)}, {FILE: policy(*after)})} == expected


def test_a_role_is_compared_by_what_it_allows() -> None:
    def role(*rules: dict[str, Any]) -> dict[str, Any]:
        return {FILE: {"kind": "Role", "metadata": {"name": "a"}, "rules": list(rules)}}

    both = {"apiGroups": ["", "apps"], "resources": ["pods"], "verbs": ["get"]}
    one, other = {**both, "apiGroups": [""]}, {**both, "apiGroups": ["apps"]}
    assert done(role(both), role(other, one)) == set()
    assert done(role(one), role(both)) == {("permission widened", "Role a", "it may now get pods.apps")}


@pytest.mark.parametrize(
    ("kind", "class_"),
    [("Cluster", "data at risk"), ("ScheduledBackup", "backup weakened"), ("Pooler", "capacity or availability down")],
)
def test_an_object_that_is_gone_takes_with_it_what_it_did(kind: str, class_: str) -> None:
    document = {"kind": kind, "metadata": {"name": "a"}, "spec": {}}
    assert {item[0] for item in done({FILE: document}, {})} == {class_}


@pytest.mark.parametrize(
    ("compared", "more", "less"),
    [
        (lower, "21MB", "19MB"),
        (lower, "1GB", "512MB"),
        (lower, "4Gi", "512Mi"),
        (lower, "2", "1500m"),
        (lower, 8, 6),
        (fewer_days, "30d", "4w"),
        (fewer_days, "2m", "59d"),
        (less_often, "0 30 * * * *", "0 30 1 * * *"),
        (less_often, "40 3 * * *", "40 3 * * 0"),
        (less_often, "40 3 * * 0", "40 3 1 * *"),
    ],
)
def test_values_of_one_unit_have_an_order(compared: Any, more: object, less: object) -> None:
    assert compared(more, less) is True
    assert compared(less, more) is False
    assert compared(more, more) is False


@pytest.mark.parametrize("value", [None, True, "role", ["a"]])
def test_other_values_have_none(value: object) -> None:
    assert [compared(value, "1") for compared in (lower, fewer_days, less_often)] == [None] * 3
