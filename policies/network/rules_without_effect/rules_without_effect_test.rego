package network.rules_without_effect_test

import data.network.rules_without_effect
import rego.v1

policy(spec) := {"documents": [{"file": "p.yaml", "object": {
	"kind": "NetworkPolicy",
	"metadata": {"name": "p"},
	"spec": spec,
}}]}

test_a_denial_of_both_directions_needs_no_rules if {
	rules_without_effect.deny == set() with input as policy({"policyTypes": ["Ingress", "Egress"]})
}

test_rules_without_policy_types_are_denied if {
	denials := rules_without_effect.deny with input as policy({"ingress": [{}]})
	{[denial.pointer, denial.message] | some denial in denials} == {[
		"/spec/ingress",
		"the policy p has rules for ingress, which its policyTypes do not name",
	]}
}
