package network.policy_selects_nothing_test

import data.network.policy_selects_nothing
import rego.v1

policy(labels, kinds) := {"documents": array.concat(
	[{"file": "p.yaml", "object": {
		"kind": "NetworkPolicy",
		"metadata": {"name": "p", "namespace": "n"},
		"spec": {"podSelector": {"matchLabels": labels}},
	}}],
	[{"file": "o.yaml", "object": {"kind": kind, "metadata": {"name": "o", "namespace": "n"}, "spec": {}}} |
		some kind in kinds
	],
)}

test_pods_that_an_operator_makes_of_a_rendered_object_are_known if {
	document := policy({"cnpg.io/poolerName": "o"}, ["Pooler"])
	policy_selects_nothing.deny == set() with input as document
}

test_without_the_object_there_are_no_such_pods if {
	denials := policy_selects_nothing.deny with input as policy({"cnpg.io/poolerName": "o"}, ["Cluster"])
	{[denial.pointer, denial.message] | some denial in denials} == {[
		"/spec/podSelector",
		"the policy p selects no pod of n",
	]}
}
