package kubernetes.probe_port_absent_test

import data.kubernetes.probe_port_absent
import rego.v1

container(ports, probe) := {"documents": [{"file": "a.yaml", "object": {
	"kind": "Pod",
	"spec": {"containers": [{"name": "configuration-api", "ports": ports, "startupProbe": probe}]},
}}]}

ports := [{"name": "http", "containerPort": 8080}, {"containerPort": 9000}]

test_a_port_is_known_by_name_and_by_number if {
	probe_port_absent.deny == set() with input as container(ports, {"httpGet": {"port": "http"}})
	probe_port_absent.deny == set() with input as container(ports, {"tcpSocket": {"port": 9000}})
}

test_a_command_asks_no_port if {
	probe_port_absent.examined == set() with input as container(ports, {"exec": {"command": ["true"]}})
}

test_another_port_is_denied_at_its_pointer if {
	denials := probe_port_absent.deny with input as container(ports, {"grpc": {"port": 9001}})
	{[denial.pointer, denial.message] | some denial in denials} == {[
		"/spec/containers/0/startupProbe/grpc/port",
		"the startupProbe of the container configuration-api asks port 9001, which it does not have",
	]}
}
