"""A pod is given its identity in the cloud, and no credential: each cloud has labels and annotations of its own."""

from __future__ import annotations

from tests.compiler.project import changed, documents, site

CLUSTER = "cbp-data/cluster-configuration-db.yaml"
NAMESPACE = "cluster/namespace-cbp-application.yaml"
ON_AZURE = {"environment.clusters.eu-central-1.platform": "azure"}


def test_on_amazon_an_account_names_its_role_and_pods_wait_for_the_load_balancer() -> None:
    found = documents(site())
    account = found[CLUSTER]["spec"]["serviceAccountTemplate"]["metadata"]["annotations"]
    assert account == {
        "eks.amazonaws.com/role-arn": site().cluster.backups.identity,
        "eks.amazonaws.com/sts-regional-endpoints": "true",
    }
    assert not any("azure" in label for label in found[CLUSTER]["spec"]["inheritedMetadata"]["labels"])
    assert found[NAMESPACE]["metadata"]["labels"]["elbv2.k8s.aws/pod-readiness-gate-inject"] == "enabled"


def test_on_azure_an_account_names_its_client_and_its_pods_ask_for_it() -> None:
    found = documents(site(changed(ON_AZURE)))
    account = found[CLUSTER]["spec"]["serviceAccountTemplate"]["metadata"]["annotations"]
    assert account == {"azure.workload.identity/client-id": site().cluster.backups.identity}
    assert found[CLUSTER]["spec"]["inheritedMetadata"]["labels"]["azure.workload.identity/use"] == "true"
    assert not any("aws" in label for label in found[NAMESPACE]["metadata"]["labels"])


def test_the_load_balancer_of_the_database_checks_the_port_that_it_forwards_to() -> None:
    """The port of the operator's status would be another way in, which the policies keep closed."""
    (service,) = documents(site())[CLUSTER]["spec"]["managed"]["services"]["additional"]
    template, prefix = service["serviceTemplate"], "service.beta.kubernetes.io/aws-load-balancer-"
    told = {name.removeprefix(prefix): value for name, value in template["metadata"]["annotations"].items()}
    assert (told["healthcheck-protocol"], told["healthcheck-port"]) == ("tcp", "traffic-port")
    assert told["nlb-target-type"] == "ip"
    assert template["spec"]["allocateLoadBalancerNodePorts"] is False
