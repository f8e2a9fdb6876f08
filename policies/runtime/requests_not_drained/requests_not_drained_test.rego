package runtime.requests_not_drained_test

import data.runtime.requests_not_drained
import rego.v1

pod(fields) := {
	"settings": {"process": {"port": 8080}},
	"documents": [{"file": "p.yaml", "object": {
		"kind": "Pod",
		"metadata": {"name": "p"},
		"spec": {"containers": [object.union({"name": "api", "ports": [{"containerPort": 8080}]}, fields)]},
	}}],
}

test_without_a_wait_requests_are_refused if {
	denials := requests_not_drained.deny with input as pod({})
	{[denial.pointer, denial.message] | some denial in denials} == {[
		"/spec/containers/0/lifecycle",
		"the container api stops 0 seconds after its pod was deleted, and requests arrive for 5",
	]}
}

test_a_container_that_serves_nothing_need_not_wait if {
	requests_not_drained.examined == set() with input as pod({"ports": []})
}
