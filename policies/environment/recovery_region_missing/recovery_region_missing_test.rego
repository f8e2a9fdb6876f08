package environment.recovery_region_missing_test

import data.environment.recovery_region_missing
import rego.v1

regions(stage, promise) := {
	"environment": {"stage": stage, "clusters": {"one": {"region": "eu-west-1"}, "two": {"region": "eu-west-1"}}},
	"spec": {"redundancy": {"application": {"deployment": [promise]}}},
}

test_staging_may_be_in_one_region if {
	recovery_region_missing.deny == set() with input as regions("staging", "Multiple regions")
}

test_two_clusters_in_one_region_are_denied if {
	denials := recovery_region_missing.deny with input as regions("production", "Multiple regions")
	{denial.message | some denial in denials} == {"every cluster of production is in eu-west-1"}
}
