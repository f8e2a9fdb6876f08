package kubernetes.scraped_port_routed_test

import data.kubernetes.scraped_port_routed
import rego.v1

pod := {"file": "p.yaml", "object": {
	"kind": "Pod",
	"metadata": {"name": "p", "namespace": "n", "labels": {"app": "a"}},
	"spec": {"containers": [{"name": "c", "ports": [
		{"name": "http", "containerPort": 8080},
		{"name": "management", "containerPort": 9464},
	]}]},
}}

service(target) := {"file": "s.yaml", "object": {
	"kind": "Service",
	"metadata": {"name": "s", "namespace": "n"},
	"spec": {"selector": {"app": "a"}, "ports": [target]},
}}

monitor(endpoint) := {"file": "m.yaml", "object": {
	"kind": "PodMonitor",
	"metadata": {"name": "m", "namespace": "n"},
	"spec": {"selector": {"matchLabels": {"app": "a"}}, "podMetricsEndpoints": [endpoint]},
}}

denied(target, endpoint) := {[denial.pointer, denial.message] | some denial in denials} if {
	documents := [pod, service(target), monitor(endpoint)]
	denials := scraped_port_routed.deny with input as {"documents": documents}
}

test_a_port_that_no_service_names_passes if {
	denied({"port": 80, "targetPort": "http"}, {"portNumber": 9464}) == set()
}

test_a_port_of_a_service_is_denied_by_name_and_by_number if {
	every case in [["http", 8080], [8080, 8080], [8080, "http"], ["http", "http"]] {
		field := {true: "portNumber", false: "port"}[is_number(case[1])]
		denied({"port": 80, "targetPort": case[0]}, {field: case[1]}) == {[
			sprintf("/spec/podMetricsEndpoints/0/%s", [field]),
			sprintf("the PodMonitor m scrapes port %v of pods, to which the Service s leads too", [case[1]]),
		]}
	}
}

test_a_service_without_a_target_leads_to_its_own_port if {
	count(denied({"port": 8080}, {"portNumber": 8080})) == 1
}
