package network.address_range_special_test

import data.network.address_range_special
import rego.v1

addresses(ranges) := {"environment": {"addresses": {"vpn": ranges}}}

test_private_and_public_networks_pass if {
	address_range_special.deny == set() with input as addresses(["10.0.0.0/24", "198.51.100.0/24", "fd00::/48"])
}

test_each_special_range_is_denied_by_what_it_is if {
	denials := address_range_special.deny with input as addresses(["127.0.0.0/16", "10.0.0.0/24", "fe80::/64"])
	{[denial.path[3], denial.message] | some denial in denials} == {
		[0, "vpn is 127.0.0.0/16, of the loopback addresses 127.0.0.0/8"],
		[2, "vpn is fe80::/64, of the link-local addresses fe80::/10"],
	}
}

test_a_range_around_special_addresses_is_denied_too if {
	denials := address_range_special.deny with input as addresses(["224.0.0.0/3"])
	count(denials) == 2
}

dns(ranges) := {"environment": {}, "cluster": {"name": "a", "addresses": {"dns": ranges}}}

test_a_cache_of_names_on_the_node_passes if {
	address_range_special.deny == set() with input as dns(["169.254.20.10/32", "172.20.0.10/32"])
}

test_an_address_that_gives_credentials_away_is_no_cache if {
	denials := address_range_special.deny with input as dns(["169.254.169.254/32", "169.254.20.0/24", "127.0.0.1/32"])
	{denial.path[5] | some denial in denials} == {0, 1, 2}
}
