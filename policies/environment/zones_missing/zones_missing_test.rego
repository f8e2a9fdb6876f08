package environment.zones_missing_test

import data.environment.zones_missing
import rego.v1

cluster(stage, promise) := {
	"environment": {"stage": stage, "clusters": {"eu-central-1": {"zones": ["a"]}}},
	"spec": {"redundancy": {"application": {"deployment": [promise]}}},
}

test_development_may_be_in_one_zone if {
	zones_missing.deny == set() with input as cluster("development", "Multiple zones")
}

test_zones_that_nobody_promised_are_not_needed if {
	zones_missing.deny == set() with input as cluster("production", "Multiple instances")
}

test_production_in_one_zone_is_denied if {
	denials := zones_missing.deny with input as cluster("production", "Multiple zones")
	{denial.message | some denial in denials} == {concat("", [
		"the cluster eu-central-1 is in 1 of the 2 zones ",
		"that production needs",
	])}
}
