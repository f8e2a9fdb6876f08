package specification.resources_out_of_range_test

import data.specification.resources_out_of_range
import rego.v1

container(cpu) := {"spec": {
	"containers": {"application": {"resource_limits": {"cpu": cpu}}},
	"compute": {"application_tier": {"resources": {"cpu": {"min": 2000, "max": 8000}}}},
}}

test_both_ends_of_the_range_pass if {
	resources_out_of_range.deny == set() with input as container(2000)
	resources_out_of_range.deny == set() with input as container(8000)
}

test_less_than_the_tier_allows_is_denied_at_the_container if {
	denials := resources_out_of_range.deny with input as container(1500)
	{[denial.path, denial.message] | some denial in denials} == {[
		["containers", "application", "resource_limits", "cpu"],
		concat("", [
			"containers.application.resource_limits.cpu is 1500 millicores, ",
			"which is not from 2 cores to 8 cores",
		]),
	]}
}
