package network.names_unresolved_test

import data.network.names_unresolved
import rego.v1

both := [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]

servers := {"podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}

block(range) := {"ipBlock": {"cidr": range}}

store := {"to": [block("10.0.0.0/28")], "ports": [{"port": 443}]}

judged(egress) := {
	"cluster": {"name": "c", "addresses": {"dns": ["169.254.20.10/32"], "kubernetes_api": ["10.0.1.0/28"]}},
	"documents": [{"file": "p.yaml", "object": {
		"kind": "NetworkPolicy",
		"metadata": {"name": "p", "namespace": "n"},
		"spec": {"egress": egress},
	}}],
}

test_servers_and_cache_over_both_protocols_pass if {
	rules := [store, {"to": [servers, block("169.254.20.10/32")], "ports": both}]
	names_unresolved.deny == set() with input as judged(rules)
}

test_the_api_server_is_called_by_its_address if {
	rules := [{"to": [block("10.0.1.0/28")], "ports": [{"port": 443}]}]
	names_unresolved.deny == set() with input as judged(rules)
}

test_without_a_stated_cache_the_servers_do if {
	document := object.union(judged([store, {"to": [servers], "ports": both}]), {"cluster": {"addresses": {"dns": null}}})
	names_unresolved.deny == set() with input as document
}

test_what_is_missing_is_named if {
	denials := names_unresolved.deny with input as judged([store, {"to": [servers], "ports": [{"port": 53}]}])
	{denial.message | some denial in denials} == {"the policy p does not open names over 169.254.20.10/32 and UDP"}
}

test_a_pod_that_calls_out_without_any_names_is_denied if {
	denials := names_unresolved.deny with input as judged([store])
	{denial.message | some denial in denials} == {"the policy p does not open names over 169.254.20.10/32 and TCP and UDP"}
}
