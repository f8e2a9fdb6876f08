package environment.address_range_too_wide_test

import data.environment.address_range_too_wide
import rego.v1

addresses(ranges) := {"environment": {"addresses": {"vpn": ["10.0.0.0/24"], "fis": ranges}}}

test_the_shortest_prefix_itself_passes if {
	address_range_too_wide.deny == set() with input as addresses(["10.30.0.0/16", "2001:db8::/48"])
}

test_each_wide_range_is_denied_at_its_own_place if {
	denials := address_range_too_wide.deny with input as addresses(["10.0.0.0/15", "10.0.0.0/24", "::/0"])
	{[denial.path, denial.message] | some denial in denials} == {
		[["environment", "addresses", "fis", 0], "fis is 10.0.0.0/15, which is wider than a /16"],
		[["environment", "addresses", "fis", 2], "fis is ::/0, which is wider than a /48"],
	}
}
