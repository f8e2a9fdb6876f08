"""The steps by which a standby cluster takes over after a disaster, each with its share of the recovery time objective.

Sources: ``recovery.rto.target``, ``recovery.procedures``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.emit.argocd import destination
from compiler.emit.names import API, DATABASE, namespace

if TYPE_CHECKING:
    from compiler.emit.site import Site


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is for, its commands, what they print once it is done, and its share of the objective."""

    title: str
    commands: tuple[str, ...]
    done: str
    percent: int


def steps(site: Site, former: str) -> tuple[tuple[Step, int], ...]:
    """Return the steps for a standby cluster that takes over from ``former``, each with its share in seconds.

    The former primary is fenced first: two primaries would each accept changes that the other one never sees.
    """
    target = site.spec.recovery.rto.target.seconds
    return tuple((step, target * step.percent // 100) for step in _steps(site, former, target))


def _steps(site: Site, former: str, target: int) -> tuple[Step, ...]:
    environment = site.environment
    there = f"kubectl --context {destination(environment, former)}"
    here = f"kubectl --context {destination(environment, site.name)}"
    data, application = namespace("data"), namespace("application")
    lost = environment.clusters[former].backups
    return (
        Step(
            f"Fence {former}",
            (
                f"{there} --namespace {data} annotate cluster {DATABASE} --overwrite 'cnpg.io/fencedInstances=[\"*\"]'",
                f"{there} --namespace {application} scale deployment {API} --replicas=0",
            ),
            "`annotated`, `scaled`. Where nothing answers there, its cloud account does it: deny "
            f"`{lost.identity}` to write to `{lost.location}`, and close the load balancer. Go on only then",
            15,
        ),
        Step(
            "Note the last commit that arrived",
            (
                f"{here} --namespace {data} exec service/{DATABASE}-rw --container postgres --"
                " psql -Atc 'SELECT pg_last_wal_replay_lsn(), pg_last_xact_replay_timestamp()'",
            ),
            "a position and a time: what is later is lost, and is reported",
            5,
        ),
        Step(
            "Exchange the roles in Git",
            (
                f"$EDITOR environments/{environment.name}/environment.yaml"
                f" # {former}: role recovery; {site.name}: role primary; no handover",
                f"cbp compile && git commit --all --message 'Fail over to {site.name}'"
                f" && git push origin HEAD:{environment.delivery.revision}",
            ),
            "`0 errors`, and the branch has it. A cluster that comes back learns its role there",
            20,
        ),
        Step(
            "Wait for the database",
            (
                f"{here} --namespace {data} exec service/{DATABASE}-rw --container postgres --"
                " psql -Atc 'SELECT pg_is_in_recovery()'",
            ),
            "`f`: it is the primary",
            15,
        ),
        Step(
            "Put the plan in force in its Vault",
            (f"cbp vault apply --plan generated/{site.folder}/vault/plan.yaml",),
            "no difference at a second time",
            10,
        ),
        Step(
            "Wait for the API",
            (f"argocd app wait cbp-{environment.name}-{site.name} --sync --health --timeout {target * 15 // 100}",),
            "`Synced` and `Healthy`",
            15,
        ),
        Step(
            "Move the address record",
            (
                f"{here} --namespace {application} get ingress {API}"
                " --output jsonpath='{.status.loadBalancer.ingress[0].hostname}'",
            ),
            f"the name that {environment.host} has to lead to; the record's time to live is a part of this share",
            10,
        ),
        Step(
            "Verify",
            (f"curl --fail --silent https://{environment.host}/v1/settings",),
            f'`"cluster": "{site.name}"`',
            5,
        ),
    )
