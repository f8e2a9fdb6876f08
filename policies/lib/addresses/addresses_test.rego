package lib.addresses_test

import data.lib.addresses
import rego.v1

test_both_owners_ranges_are_found_where_they_are if {
	found := addresses.ranges with input as {
		"environment": {"addresses": {"vpn": ["10.0.0.0/24", "fd00::/48"]}},
		"cluster": {"name": "a", "addresses": {"vault": ["10.1.0.0/28"], "dns": null}},
	}
	{[range.purpose, range.address, range.family, range.path] | some range in found} == {
		["vpn", "10.0.0.0/24", "ipv4", ["environment", "addresses", "vpn", 0]],
		["vpn", "fd00::/48", "ipv6", ["environment", "addresses", "vpn", 1]],
		["vault", "10.1.0.0/28", "ipv4", ["environment", "clusters", "a", "addresses", "vault", 0]],
	}
}
