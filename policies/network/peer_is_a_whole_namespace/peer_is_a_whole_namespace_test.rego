package network.peer_is_a_whole_namespace_test

import data.network.peer_is_a_whole_namespace
import rego.v1

policy(peers) := {"documents": [{"file": "p.yaml", "object": {
	"kind": "NetworkPolicy",
	"metadata": {"name": "p", "namespace": "n"},
	"spec": {"egress": [{"to": peers}]},
}}]}

test_an_address_range_is_no_namespace if {
	peer_is_a_whole_namespace.deny == set() with input as policy([{"ipBlock": {"cidr": "10.0.0.0/24"}}])
}

test_each_open_peer_is_denied_with_what_it_lacks if {
	space := {"matchLabels": {"kubernetes.io/metadata.name": "data"}}
	denials := peer_is_a_whole_namespace.deny with input as policy([{"namespaceSelector": space}, {}])
	{[denial.pointer, denial.message] | some denial in denials} == {
		["/spec/egress/0/to/0", "a peer of the policy p has no podSelector"],
		["/spec/egress/0/to/1", "a peer of the policy p has no namespaceSelector and no podSelector"],
	}
}
