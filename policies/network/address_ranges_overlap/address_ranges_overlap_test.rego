package network.address_ranges_overlap_test

import data.network.address_ranges_overlap
import rego.v1

addresses(vpn, fis) := {"environment": {"addresses": {"vpn": vpn, "fis": fis}}}

test_neighbours_do_not_overlap if {
	document := addresses(["10.0.0.0/25", "2001:db8::/64"], ["10.0.0.128/25", "2001:db8:1::/64"])
	address_ranges_overlap.deny == set() with input as document
}

test_one_purpose_may_have_a_range_within_another_of_its_own if {
	address_ranges_overlap.deny == set() with input as addresses(["10.0.0.0/24", "10.0.0.0/25"], ["10.1.0.0/24"])
}

test_the_narrower_range_is_denied if {
	denials := address_ranges_overlap.deny with input as addresses(["10.0.0.0/24"], ["10.1.0.0/24", "10.0.0.16/28"])
	{[denial.path, denial.message] | some denial in denials} == {[
		["environment", "addresses", "fis", 1],
		"fis 10.0.0.16/28 lies in vpn 10.0.0.0/24",
	]}
}

test_probes_may_call_from_the_addresses_of_nodes_and_of_nothing_else if {
	every case in [["nodes", 0], ["vault", 1]] {
		ranges := {"probes": ["10.0.0.0/24"], case[0]: ["10.0.0.0/20"]}
		denials := address_ranges_overlap.deny with input as {"cluster": {"name": "c", "addresses": ranges}}
		count(denials) == case[1]
	}
}

test_of_two_equal_ranges_one_is_denied if {
	denials := address_ranges_overlap.deny with input as addresses(["10.0.0.0/24"], ["10.0.0.0/24"])
	{denial.path | some denial in denials} == {["environment", "addresses", "vpn", 0]}
}
