package kubernetes.host_reached_test

import data.kubernetes.host_reached
import rego.v1

pod(spec) := {"documents": [{"file": "p.yaml", "object": {"kind": "Pod", "metadata": {"name": "p"}, "spec": spec}}]}

test_every_way_to_the_node_is_denied if {
	ways := {
		"hostPID": {"hostPID": true},
		"volumes/0": {"volumes": [{"name": "v", "hostPath": {"path": "/"}}]},
		"initContainers/0/ports": {"initContainers": [{"name": "c", "ports": [{"containerPort": 80, "hostPort": 80}]}]},
	}
	every way, spec in ways {
		denials := host_reached.deny with input as pod(spec)
		{denial.message | some denial in denials} == {sprintf("the pods of the Pod p reach their node through %s", [way])}
	}
}

test_a_pod_of_its_own_passes if {
	spec := {"hostNetwork": false, "containers": [{"name": "c", "ports": [{"containerPort": 80}]}], "volumes": []}
	host_reached.deny == set() with input as pod(spec)
}
