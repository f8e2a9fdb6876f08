package specification.optimal_out_of_bounds_test

import data.specification.optimal_out_of_bounds
import rego.v1

spec(optimal) := {"spec": {"compute": {"application_tier": {"instances": {
	"min": 2,
	"max": 8,
	"optimal": optimal,
}}}}}

test_both_bounds_belong_to_the_range if {
	optimal_out_of_bounds.deny == set() with input as spec(2)
	optimal_out_of_bounds.deny == set() with input as spec(8)
}

test_one_past_a_bound_is_denied_with_the_bounds if {
	count(optimal_out_of_bounds.deny) == 1 with input as spec(1)
	denials := optimal_out_of_bounds.deny with input as spec(9)
	{denial.message | some denial in denials} == {concat("", [
		"compute.application_tier.instances.optimal is 9, ",
		"which is not from min (2) to max (8)",
	])}
}
