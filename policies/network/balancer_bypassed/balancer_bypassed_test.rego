package network.balancer_bypassed_test

import data.network.balancer_bypassed
import rego.v1

judged(range) := {
	"environment": {"addresses": {"vpn": ["10.30.240.0/24", "fd00::/48"]}},
	"cluster": {"name": "c", "addresses": {"load_balancer": ["10.30.0.0/22"]}},
	"documents": [{"file": "p.yaml", "object": {
		"kind": "NetworkPolicy",
		"metadata": {"name": "p", "namespace": "n"},
		"spec": {"ingress": [{"from": [{"podSelector": {}}, {"ipBlock": {"cidr": range}}]}]},
	}}],
}

test_the_load_balancer_passes if balancer_bypassed.deny == set() with input as judged("10.30.0.0/22")

test_the_vpn_and_a_part_of_it_are_denied_at_the_peer if {
	every range in ["10.30.240.0/24", "10.30.240.16/28", "10.30.0.0/16"] {
		denials := balancer_bypassed.deny with input as judged(range)
		{[denial.pointer, denial.message] | some denial in denials} == {[
			"/spec/ingress/0/from/1/ipBlock/cidr",
			"the policy p admits vpn 10.30.240.0/24 past the load balancer",
		]}
	}
}
