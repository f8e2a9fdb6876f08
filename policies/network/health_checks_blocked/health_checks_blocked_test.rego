package network.health_checks_blocked_test

import data.network.health_checks_blocked
import rego.v1

document(kind, name, spec) := {"file": name, "object": {
	"kind": kind,
	"metadata": {"name": name, "namespace": "n"},
	"spec": spec,
}}

policy(labels, range, port) := document("NetworkPolicy", "p", {
	"podSelector": {"matchLabels": labels},
	"ingress": [{"from": [{"ipBlock": {"cidr": range}}], "ports": [{"port": port}]}],
})

ingress := document("Ingress", "i", {"rules": [{"http": {"paths": [{"backend": {"service": {"name": "s"}}}]}}]})

service(port) := document("Service", "s", {"selector": {"app": "api"}, "ports": [{"targetPort": port}]})

deployment := document("Deployment", "d", {"template": {
	"metadata": {"labels": {"app": "api"}},
	"spec": {"containers": [{"name": "api", "ports": [{"name": "http", "containerPort": 8080}]}]},
}})

cluster(target) := document("Cluster", "db", {"managed": {"services": {"additional": [{
	"selectorType": "rw",
	"serviceTemplate": {"metadata": {"annotations": {
		"service.beta.kubernetes.io/aws-load-balancer-nlb-target-type": target,
	}}},
}]}}})

instances := {"cnpg.io/cluster": "db", "cnpg.io/podRole": "instance"}

judged(documents) := {
	"cluster": {"name": "c", "addresses": {"load_balancer": ["10.0.0.0/24"]}},
	"documents": documents,
}

test_a_wider_range_admits_the_subnets if {
	every port in ["http", 8080] {
		documents := [ingress, service(port), deployment, policy({"app": "api"}, "10.0.0.0/22", 8080)]
		health_checks_blocked.deny == set() with input as judged(documents)
	}
}

test_another_port_is_denied if {
	documents := [ingress, service("http"), deployment, policy({"app": "api"}, "10.0.0.0/24", 8443)]
	denials := health_checks_blocked.deny with input as judged(documents)
	{denial.message | some denial in denials} == {"the load balancer in 10.0.0.0/24 does not reach api at 8080"}
}

test_the_database_behind_a_balancer_of_its_own_is_judged_too if {
	health_checks_blocked.deny == set() with input as judged([cluster("ip"), policy(instances, "10.0.0.0/24", 5432)])
	denials := health_checks_blocked.deny with input as judged([cluster("ip"), policy(instances, "10.0.9.0/28", 5432)])
	{denial.message | some denial in denials} == {"the load balancer in 10.0.0.0/24 does not reach db, instance at 5432"}
}

test_a_balancer_that_checks_nodes_needs_no_way if {
	health_checks_blocked.deny == set() with input as judged([cluster("instance")])
}
