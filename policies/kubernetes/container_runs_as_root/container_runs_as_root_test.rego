package kubernetes.container_runs_as_root_test

import data.kubernetes.container_runs_as_root
import rego.v1

container(pod, context) := {"documents": [{"file": "a.yaml", "object": {
	"kind": "Pod",
	"spec": {"securityContext": pod, "containers": [{"name": "configuration-api", "securityContext": context}]},
}}]}

test_the_container_may_say_it_for_itself if {
	container_runs_as_root.deny == set() with input as container({}, {"runAsNonRoot": true})
}

test_the_container_wins_over_its_pod if {
	denials := container_runs_as_root.deny with input as container({"runAsNonRoot": true}, {"runAsNonRoot": false})
	{denial.message | some denial in denials} == {"the container configuration-api is not kept from running as root"}
}

test_user_0_is_root_whatever_else_is_said if {
	denials := container_runs_as_root.deny with input as container({"runAsNonRoot": true}, {"runAsUser": 0})
	{denial.message | some denial in denials} == {"the container configuration-api runs as user 0"}
}
