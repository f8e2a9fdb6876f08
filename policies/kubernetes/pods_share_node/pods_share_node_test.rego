package kubernetes.pods_share_node_test

import data.kubernetes.pods_share_node
import rego.v1

deployment(promise, affinity) := {
	"spec": {"orchestration": {"configuration": {"affinity": {"node_anti_affinity": promise}}}},
	"documents": [{"file": "d.yaml", "object": {
		"kind": "Deployment",
		"metadata": {"name": "d"},
		"spec": {"template": {"metadata": {"labels": {"app": "d"}}, "spec": {"affinity": affinity}}},
	}}],
}

test_what_nobody_promised_is_not_needed if pods_share_node.deny == set() with input as deployment(false, {})

test_a_preference_is_not_enough if {
	term := {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "d"}}}
	preferred := {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"podAffinityTerm": term}]}}
	denials := pods_share_node.deny with input as deployment(true, preferred)
	{[denial.pointer, denial.message] | some denial in denials} == {[
		"/spec/template/spec/affinity",
		"two pods of the Deployment d may stand on one node",
	]}
	required := {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
	pods_share_node.deny == set() with input as deployment(true, required)
}
