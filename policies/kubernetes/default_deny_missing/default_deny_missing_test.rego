package kubernetes.default_deny_missing_test

import data.kubernetes.default_deny_missing
import rego.v1

policies(specs) := {"documents": array.concat(
	[{"file": "n.yaml", "object": {"kind": "Namespace", "metadata": {"name": "n"}}}],
	[{"file": "p.yaml", "object": {"kind": "NetworkPolicy", "metadata": {"namespace": "n"}, "spec": spec}} |
		some spec in specs
	],
)}

test_two_policies_may_share_the_work if {
	document := policies([
		{"podSelector": {}, "policyTypes": ["Ingress"]},
		{"podSelector": {}, "policyTypes": ["Egress"], "egress": []},
	])
	default_deny_missing.deny == set() with input as document
}

nobody := {"podSelector": {"matchExpressions": [
	{"key": "x", "operator": "Exists"},
	{"key": "x", "operator": "DoesNotExist"},
]}}

test_a_rule_for_nobody_denies_and_one_for_somebody_does_not if {
	both := {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
	shut := object.union(both, {"ingress": [{"from": [nobody]}], "egress": [{"to": [nobody]}]})
	default_deny_missing.deny == set() with input as policies([shut])
	every open in [{"ingress": [{}]}, {"ingress": [{"from": [nobody, {"podSelector": {}}]}]}] {
		denials := default_deny_missing.deny with input as policies([object.union(shut, open)])
		{denial.message | some denial in denials} == {"ingress is not denied by default in the namespace n"}
	}
}

test_a_namespace_without_policies_is_open_in_both_directions if {
	denials := default_deny_missing.deny with input as policies([])
	{denial.message | some denial in denials} == {
		"ingress is not denied by default in the namespace n",
		"egress is not denied by default in the namespace n",
	}
}
