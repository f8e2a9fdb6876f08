package specification.replicas_disagree_test

import data.specification.replicas_disagree
import rego.v1

spec(replicas, instances) := {"spec": {
	"orchestration": {"configuration": {"replicas": replicas}},
	"compute": {"application_tier": {"instances": instances}},
}}

test_equal_bounds_agree if {
	replicas_disagree.deny == set() with input as spec({"min": 2, "max": 8}, {"min": 2, "max": 8, "optimal": 4})
}

test_each_bound_that_differs_is_denied_with_both_numbers if {
	denials := replicas_disagree.deny with input as spec({"min": 3, "max": 8}, {"min": 2, "max": 9})
	{denial.message | some denial in denials} == {
		"orchestration.configuration.replicas.min is 3, but compute.application_tier.instances.min is 2",
		"orchestration.configuration.replicas.max is 8, but compute.application_tier.instances.max is 9",
	}
}
