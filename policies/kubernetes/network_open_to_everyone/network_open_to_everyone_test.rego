package kubernetes.network_open_to_everyone_test

import data.kubernetes.network_open_to_everyone
import rego.v1

policy(spec) := {"documents": [{"file": "p.yaml", "object": {
	"kind": "NetworkPolicy",
	"metadata": {"name": "p"},
	"spec": spec,
}}]}

test_a_policy_without_rules_opens_nothing if {
	network_open_to_everyone.examined == set() with input as policy({"podSelector": {}, "policyTypes": ["Ingress"]})
}

test_one_wide_peer_among_narrow_ones_is_denied if {
	peers := [{"ipBlock": {"cidr": "10.0.0.0/24"}}, {"ipBlock": {"cidr": "::/0"}}]
	rules := [{"to": [{"podSelector": {}}]}, {"to": peers}]
	denials := network_open_to_everyone.deny with input as policy({"egress": rules})
	{[denial.pointer, denial.message] | some denial in denials} == {[
		"/spec/egress/1",
		"the policy p allows egress with everyone",
	]}
}
