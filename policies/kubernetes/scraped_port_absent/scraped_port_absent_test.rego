package kubernetes.scraped_port_absent_test

import data.kubernetes.scraped_port_absent
import rego.v1

pod := {"file": "p.yaml", "object": {
	"kind": "Pod",
	"metadata": {"name": "p", "namespace": "n", "labels": {"app": "a"}},
	"spec": {"containers": [{"name": "c", "ports": [{"name": "management", "containerPort": 9464}]}]},
}}

monitor(endpoint) := {"file": "m.yaml", "object": {
	"kind": "PodMonitor",
	"metadata": {"name": "m", "namespace": "n"},
	"spec": {"selector": {"matchLabels": {"app": "a"}}, "podMetricsEndpoints": [endpoint]},
}}

test_a_port_is_known_by_name_and_by_number if {
	every endpoint in [{"port": "management"}, {"portNumber": 9464}] {
		scraped_port_absent.deny == set() with input as {"documents": [pod, monitor(endpoint)]}
	}
}

test_another_port_is_denied_at_its_pointer if {
	denials := scraped_port_absent.deny with input as {"documents": [pod, monitor({"portNumber": 8080})]}
	{[denial.pointer, denial.message] | some denial in denials} == {[
		"/spec/podMetricsEndpoints/0/portNumber",
		"the PodMonitor m scrapes port 8080, which the pods of the Pod p do not have",
	]}
}

test_pods_that_an_operator_makes_are_not_examined if {
	scraped_port_absent.examined == set() with input as {"documents": [monitor({"portNumber": 9121})]}
}
