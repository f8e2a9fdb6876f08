package network.zone_outside_region_test

import data.network.zone_outside_region
import rego.v1

cluster(region, zones) := {"cluster": {"name": "c", "region": region, "zones": zones}}

test_zones_of_both_clouds_pass if {
	zone_outside_region.deny == set() with input as cluster("eu-central-1", ["eu-central-1a", "eu-central-1b"])
	zone_outside_region.deny == set() with input as cluster("westeurope", ["westeurope-1", "westeurope-2"])
}

test_a_zone_of_another_region_is_denied_at_its_place if {
	denials := zone_outside_region.deny with input as cluster("eu-west-1", ["eu-west-1a", "eu-central-1b"])
	{[denial.path, denial.message] | some denial in denials} == {[
		["environment", "clusters", "c", "zones", 1],
		"the zone eu-central-1b is not in the region eu-west-1",
	]}
}
