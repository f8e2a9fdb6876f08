package network.regions_share_addresses_test

import data.network.regions_share_addresses
import rego.v1

clusters(region, purpose, address) := {
	"cluster": {"name": "a", "region": "eu-central-1", "addresses": {purpose: ["10.0.0.0/24"]}},
	"environment": {"clusters": {
		"a": {"region": "eu-central-1", "addresses": {purpose: ["10.0.0.0/24"]}},
		"b": {"region": region, "addresses": {purpose: [address]}},
	}},
}

test_each_region_has_its_own if {
	document := clusters("eu-west-1", "load_balancer", "10.1.0.0/24")
	regions_share_addresses.deny == set() with input as document
}

test_clusters_of_one_region_may_share_its_networks if {
	document := clusters("eu-central-1", "load_balancer", "10.0.0.0/24")
	regions_share_addresses.deny == set() with input as document
}

test_one_server_of_secrets_may_serve_both if {
	document := clusters("eu-west-1", "vault", "10.0.0.0/24")
	regions_share_addresses.deny == set() with input as document
}

test_the_range_of_another_region_is_denied if {
	denials := regions_share_addresses.deny with input as clusters("eu-west-1", "object_store", "10.0.0.16/28")
	{[denial.path, denial.message] | some denial in denials} == {[
		["environment", "clusters", "a", "addresses", "object_store", 0],
		"object_store 10.0.0.0/24 overlaps with 10.0.0.16/28 of b, in another region",
	]}
}
