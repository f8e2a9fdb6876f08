package kubernetes.container_escalates_privileges_test

import data.kubernetes.container_escalates_privileges
import rego.v1

container(fields) := {"documents": [{"file": "a.yaml", "object": {
	"kind": "Pod",
	"spec": {"containers": [object.union({"name": "configuration-api"}, fields)]},
}}]}

test_what_is_left_out_counts_as_kubernetes_takes_it if {
	denials := container_escalates_privileges.deny with input as container({})
	{denial.message | some denial in denials} == {
		"the container configuration-api may escalate its privileges",
		"the container configuration-api keeps capabilities",
	}
}

test_a_privileged_container_is_denied if {
	context := {"allowPrivilegeEscalation": false, "privileged": true, "capabilities": {"drop": ["ALL"]}}
	denials := container_escalates_privileges.deny with input as container({"securityContext": context})
	{denial.message | some denial in denials} == {"the container configuration-api is privileged"}
}
