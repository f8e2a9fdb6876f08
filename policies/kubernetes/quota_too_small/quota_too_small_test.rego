package kubernetes.quota_too_small_test

import data.kubernetes.quota_too_small
import rego.v1

quota(hard, replicas) := {"documents": [
	{"file": "q.yaml", "object": {
		"kind": "ResourceQuota",
		"metadata": {"name": "q", "namespace": "n"},
		"spec": {"hard": hard},
	}},
	{"file": "d.yaml", "object": {
		"kind": "Deployment",
		"metadata": {"name": "d", "namespace": "n"},
		"spec": {"replicas": replicas, "minReadySeconds": 30, "template": {"spec": {
			"initContainers": [{"name": "proxy", "resources": {"limits": {"cpu": 100}}}],
			"containers": [{"name": "configuration-api", "resources": {"limits": {"cpu": 1000}}}],
		}}},
	}},
]}

test_sidecars_are_counted if {
	quota_too_small.deny == set() with input as quota({"limits.cpu": 4400}, 2)
	denials := quota_too_small.deny with input as quota({"limits.cpu": 4399}, 2)
	{denial.message | some denial in denials} == {concat("", [
		"the quota q holds 4399 millicores of limits.cpu, ",
		"and the pods at full scale need 4400 millicores",
	])}
}

test_what_the_quota_does_not_name_is_not_limited if quota_too_small.deny == set() with input as quota({"pods": 4}, 2)

test_an_unreadable_quantity_is_denied if {
	denials := quota_too_small.deny with input as quota({"limits.cpu": "many"}, 2)
	{[denial.pointer, denial.message] | some denial in denials} == {[
		"/spec/hard/limits.cpu",
		"the quota q holds 'many' of limits.cpu, which is no quantity",
	]}
}

test_an_amount_of_a_container_that_cannot_be_read_is_left_to_the_rule_about_containers if {
	unreadable := {"containers": [{"name": "api", "resources": {"limits": {"cpu": "4GB"}}}]}
	documents := [object.union(document, {"object": {"spec": {"template": {"spec": unreadable}}}}) |
		some document in quota({"limits.cpu": 4400}, 2).documents
		document.object.kind == "Deployment"
	]
	hard := quota({"limits.cpu": 4400}, 2).documents[0]
	quota_too_small.deny == set() with input as {"documents": array.concat([hard], documents)}
}
