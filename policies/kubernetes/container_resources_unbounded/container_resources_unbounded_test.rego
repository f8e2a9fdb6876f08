package kubernetes.container_resources_unbounded_test

import data.kubernetes.container_resources_unbounded
import rego.v1

container(resources) := {"documents": [{"file": "a.yaml", "object": {
	"kind": "Pod",
	"spec": {"containers": [{"name": "configuration-api", "resources": resources}]},
}}]}

test_a_container_may_request_all_that_it_is_limited_to if {
	resources := {"cpu": 1, "memory": 1}
	document := container({"requests": resources, "limits": resources})
	container_resources_unbounded.deny == set() with input as document
}

test_each_missing_or_unreadable_amount_is_denied_at_its_pointer if {
	document := container({"requests": {"cpu": 1, "memory": "4GB"}, "limits": {"memory": 8}})
	denials := container_resources_unbounded.deny with input as document
	{[denial.pointer, denial.message] | some denial in denials} == {
		["/spec/containers/0/resources/limits/cpu", "the container configuration-api has no limits for cpu"],
		[
			"/spec/containers/0/resources/requests/memory",
			"the container configuration-api has requests for memory that are no amount, '4GB'",
		],
	}
}

test_a_request_above_its_limit_is_denied_with_both if {
	document := container({"requests": {"cpu": 3000, "memory": 1}, "limits": {"cpu": 2000, "memory": 1}})
	denials := container_resources_unbounded.deny with input as document
	{denial.message | some denial in denials} == {concat("", [
		"the container configuration-api requests more cpu (3 cores) ",
		"than its limit (2 cores)",
	])}
}
