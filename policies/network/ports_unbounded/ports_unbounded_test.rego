package network.ports_unbounded_test

import data.network.ports_unbounded
import rego.v1

policy(rules) := {"documents": [{"file": "p.yaml", "object": {
	"kind": "NetworkPolicy",
	"metadata": {"name": "p", "namespace": "n"},
	"spec": {"ingress": rules},
}}]}

test_single_ports_pass if {
	document := policy([{"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53}]}])
	ports_unbounded.deny == set() with input as document
}

test_each_unbounded_rule_is_denied_at_its_pointer if {
	rules := [{}, {"ports": [{"port": 1}]}, {"ports": [{"protocol": "TCP"}]}, {"ports": [{"port": "http"}]}]
	denials := ports_unbounded.deny with input as policy(rules)
	{denial.pointer | some denial in denials} == {"/spec/ingress/0", "/spec/ingress/2", "/spec/ingress/3"}
	{denial.message | some denial in denials} == {"a rule of the policy p for ingress lists no single ports"}
}
