package network.controller_cut_off_test

import data.network.controller_cut_off
import rego.v1

policy(name, spec) := {"file": name, "object": {
	"kind": "NetworkPolicy",
	"metadata": {"name": name, "namespace": "cbp-management"},
	"spec": object.union({"podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}}}, spec),
}}

egress(range) := policy("e.yaml", {"egress": [{"to": [{"ipBlock": {"cidr": range}}], "ports": [{"port": 443}]}]})

judged(documents) := {
	"cluster": {"name": "c", "addresses": {"kubernetes_api": ["10.0.0.0/28"]}},
	"documents": documents,
}

test_a_controller_that_reaches_it_passes if {
	controller_cut_off.deny == set() with input as judged([egress("10.0.0.0/28")])
}

test_one_that_reaches_something_else_is_denied if {
	denials := controller_cut_off.deny with input as judged([egress("10.0.0.32/28")])
	{denial.message | some denial in denials} == {"prometheus in cbp-management cannot reach the API server at 10.0.0.0/28"}
}

test_one_that_is_only_reached_is_denied_too if {
	denials := controller_cut_off.deny with input as judged([policy("i.yaml", {"ingress": []})])
	{denial.file | some denial in denials} == {"i.yaml"}
}
