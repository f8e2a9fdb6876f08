"""The steps by which a standby cluster takes over after a disaster, each with its share of the recovery time objective.

Each step belongs to a procedure of the specification, and is left out with it. Their order is that of what they need.

Sources: ``recovery.rto.target``, ``recovery.procedures``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.emit.argocd import destination
from compiler.emit.kubernetes.application.rollout import rollout
from compiler.emit.kubernetes.database.migration import HISTORY, LONGEST_VERIFICATION_SECONDS
from compiler.emit.names import API, DATABASE, DATABASE_NAME, namespace
from compiler.model.units import Duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site


FAILOVER = "Failover to replica"
RESTORE = "Restore from backup"
VALIDATE = "Validate data integrity"
DEPLOY = "Deploy to recovery region"
DNS = "Update DNS records"
VERIFY = "Verify functionality"

PASSWORD = Duration(120)
"""The time until the pods have the password that Vault has just made: a refresh, and the kubelet's minute."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a takeover; ``done`` says how its success shows."""

    procedure: str
    """The entry of ``recovery.procedures`` that it is a part of."""
    title: str
    commands: tuple[str, ...]
    done: str
    weight: int
    """Its share of the time that is left for people, beside that of the machines (:func:`rolling`)."""
    conditional: bool = False
    """Whether a takeover may not need it."""


def steps(site: Site, former: str) -> tuple[tuple[Step, int], ...]:
    """Return the steps for a standby cluster that takes over from ``former``, each with its share in seconds.

    The former primary is fenced first: two primaries would each accept changes that the other one never sees.
    """
    procedures = site.spec.recovery.procedures
    every = (*_stop(site, former), *_restore(site, former), *_exchange(site, former), *_open(site))
    found = [step for step in every if step.procedure in (*procedures.database, *procedures.application)]
    left = site.spec.recovery.rto.target.seconds - rolling(site)
    weights = sum(step.weight for step in found)
    return tuple((step, _whole(left * step.weight // weights) if step.weight else rolling(site)) for step in found)


def _whole(seconds: int) -> int:
    """Return a time in whole minutes, rounded down; a shorter one than a minute as it is."""
    return seconds // 60 * 60 or seconds


def rolling(site: Site) -> int:
    """Return the seconds in which the API's pods get the password, and are replaced up to the optimal number.

    At most half of the objective: a shorter one is met by an update that goes on beyond it.
    """
    pods = rollout(site, site.spec.compute.application_tier.instances.optimal)
    return min((pods + PASSWORD).seconds, site.spec.recovery.rto.target.seconds // 2)


def _kubectl(site: Site, cluster: str) -> str:
    """Return the command for a cluster, by the name under which Argo CD knows it."""
    return f"kubectl --context {destination(site.environment, cluster)}"


def _ask_database(site: Site, query: str, database: str = "postgres") -> str:
    """Return the command that asks a database of a site's cluster, in the pod of its primary."""
    pod = f"--namespace {namespace('data')} exec service/{DATABASE}-rw --container postgres"
    return f"{_kubectl(site, site.name)} {pod} -- psql -d {database} -Atc '{query}'"


def _stop(site: Site, former: str) -> Iterator[Step]:
    """Yield the steps after which nothing changes any more."""
    there, lost = _kubectl(site, former), site.environment.clusters[former].backups
    fence = "--overwrite 'cnpg.io/fencedInstances=[\"*\"]'"
    yield Step(
        FAILOVER,
        f"Fence {former}",
        (
            f"{there} --namespace {namespace('data')} annotate cluster {DATABASE} {fence}",
            f"{there} --namespace {namespace('application')} scale deployment {API} --replicas=0",
        ),
        "`annotated`, `scaled`. Where nothing answers there, its cloud account does it: deny "
        f"`{lost.identity}` to write to `{lost.location}`, and close the load balancer. Go on only then",
        20,
    )
    yield Step(
        FAILOVER,
        "Note the last commit that arrived",
        (_ask_database(site, "SELECT pg_last_wal_replay_lsn(), pg_last_xact_replay_timestamp()"),),
        "a position and a time: what is later is lost, and is reported",
        5,
    )


def _restore(site: Site, former: str) -> Iterator[Step]:
    """Yield the step that makes a lost database anew; after the exchange of roles it would be made empty."""
    here = f"{_kubectl(site, site.name)} --namespace {namespace('data')}"
    yield Step(
        RESTORE,
        "Restore the database, if it is lost here too",
        (
            f"{here} delete cluster {DATABASE}",
            f"argocd app sync {_application(site)}",
            f"{here} wait cluster {DATABASE} --for=condition=Ready --timeout={site.spec.recovery.rto.target.seconds}s",
        ),
        f"`condition met`: it was made anew from the archive of {former}. Never after the next step: a primary that is"
        " made anew is empty. Where the database is there, this share is spare",
        20,
        conditional=True,
    )


def _application(site: Site) -> str:
    """Return the name of the site's Application in Argo CD."""
    return f"cbp-{destination(site.environment, site.name)}"


def _exchange(site: Site, former: str) -> Iterator[Step]:
    """Yield the steps after which the database of the standby cluster takes changes."""
    environment = site.environment
    folder = f"environments/{environment.name}"
    yield Step(
        FAILOVER,
        "Exchange the roles in Git",
        (
            f"$EDITOR {folder}/environment.yaml # {former}: role recovery; {site.name}: role primary; no handover",
            f"cbp compile --environment {environment.name} # TRN004 refuses, and prints an acknowledgement",
            f"$EDITOR {folder}/acknowledgements.yaml # that one, with its reason, owner, ticket and day",
            f"cbp compile && git add --all {folder} generated && git commit --message 'Fail over to {site.name}'"
            f" && git push origin HEAD:{environment.delivery.revision}",
        ),
        "`0 errors`, and the branch has it. A cluster that comes back learns its role there",
        30,
    )
    yield Step(
        FAILOVER,
        "Wait for the database",
        (_ask_database(site, "SELECT pg_is_in_recovery()"),),
        "`f`: it is the primary",
        20,
    )
    yield Step(
        FAILOVER,
        "Begin a new history",
        (_ask_database(site, "SELECT confirm_history(NULL, NULL, NULL, false, $$a disaster$$)", DATABASE_NAME),),
        "eight digits. Revisions that were lost are given again, and no entity tag from before matches any more",
        5,
    )


def _open(site: Site) -> Iterator[Step]:
    """Yield the steps after which clients may change entries again; they have read from pods that stood by."""
    environment, pods = site.environment, f"--namespace {namespace('application')}"
    optimal = site.spec.compute.application_tier.instances.optimal
    scaled = (
        "; the autoscaler, which has measured nothing yet, goes on from there" if site.serving().scales_pods else ""
    )
    address = "--output jsonpath='{.status.loadBalancer.ingress[0].hostname}'"
    yield Step(
        DEPLOY,
        "Put the plan in force in its Vault",
        (f"cbp vault apply --plan generated/{site.folder}/vault/plan.yaml",),
        "no difference at a second time",
        10,
    )
    yield Step(
        DEPLOY,
        "Scale what stands by",
        (
            f"{_kubectl(site, site.name)} {pods} scale deployment {API} --replicas={optimal}",
            f"argocd app wait {_application(site)} --sync --health --timeout {rolling(site)}",
        ),
        f"`Synced` and `Healthy`. The pods that stood by are replaced one by one{scaled}",
        0,
    )
    yield _validation(site)
    yield Step(
        DNS,
        "See that the name leads here",
        (f"{_kubectl(site, site.name)} {pods} get ingress {API} {address}",),
        f"the name that {environment.host} leads to, by the record that fails over or by hand; its time to live is a"
        " part of this share",
        5,
    )
    yield Step(
        VERIFY,
        "Verify",
        (f"curl --fail --silent https://{environment.host}/v1/settings",),
        f'`"cluster": "{site.name}"`',
        5,
    )


def _validation(site: Site) -> Step:
    """Return the step that compares the entries with their history, while clients are served already."""
    here, job = f"{_kubectl(site, site.name)} --namespace {namespace('data')}", "validate-takeover"
    return Step(
        VALIDATE,
        "Compare the entries with their history",
        (
            f"{here} create job {job} --from=cronjob/{HISTORY}",
            f"{here} wait job {job} --for=condition=Complete --timeout={LONGEST_VERIFICATION_SECONDS}s",
            f"{here} logs job/{job}",
        ),
        "`the entries are as` the events make them; each difference is a line of its own",
        5,
    )
