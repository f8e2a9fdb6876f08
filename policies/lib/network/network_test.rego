package lib.network_test

import data.lib.network
import rego.v1

document(kind, spec) := {"file": "d.yaml", "object": {
	"kind": kind,
	"metadata": {"name": "db", "namespace": "data"},
	"spec": spec,
}}

test_a_rule_says_where_it_is_and_whom_it_names if {
	policy := document("NetworkPolicy", {"egress": [{}, {"to": [{"podSelector": {}}], "ports": [{"port": 53}]}]})
	found := network.rules with input as {"documents": [policy]}
	{[rule.pointer, rule.side, count(rule.peers), count(rule.ports)] | some rule in found} == {
		["/spec/egress/0", "to", 0, 0],
		["/spec/egress/1", "to", 1, 1],
	}
}

test_a_selector_needs_every_label_and_every_key if {
	selector := {"matchLabels": {"app": "a"}, "matchExpressions": [{"key": "job", "operator": "Exists"}]}
	network.selects(selector, {"app": "a", "job": "j"})
	not network.selects(selector, {"app": "a"})
	not network.selects(selector, {"job": "j"})
}

test_a_peer_with_and_without_the_same_label_is_nobody if {
	peer := [{"key": "x", "operator": "Exists"}, {"key": "x", "operator": "DoesNotExist"}]
	other := [{"key": "x", "operator": "Exists"}, {"key": "y", "operator": "DoesNotExist"}]
	network.nobody({"podSelector": {"matchExpressions": peer}})
	not network.nobody({"podSelector": {"matchExpressions": other}})
	not network.nobody({"podSelector": {}})
}
