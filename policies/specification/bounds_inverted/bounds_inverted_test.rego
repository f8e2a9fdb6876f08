package specification.bounds_inverted_test

import data.specification.bounds_inverted
import rego.v1

test_equal_bounds_are_a_range_of_one if {
	bounds_inverted.deny == set() with input as {"spec": {"orchestration": {"replicas": {"min": 2, "max": 2}}}}
}

test_every_inverted_range_is_found_wherever_it_is if {
	document := {"spec": {"a": {"min": 3, "max": 2}, "b": {"c": {"initial": 5, "max": 4}}, "d": {"min": 1, "max": 2}}}
	denials := bounds_inverted.deny with input as document
	{[denial.path, denial.message] | some denial in denials} == {
		[["a", "min"], "a: min (3) is above max (2)"],
		[["b", "c", "initial"], "b.c: initial (5) is above max (4)"],
	}
}

test_a_mapping_with_one_bound_alone_is_no_range if {
	bounds_inverted.examined == set() with input as {"spec": {"a": {"min": 3}, "b": {"max": 1}, "c": [4]}}
}
