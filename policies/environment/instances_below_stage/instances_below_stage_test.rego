package environment.instances_below_stage_test

import data.environment.instances_below_stage
import rego.v1

tier(stage, least) := {
	"environment": {"stage": stage},
	"spec": {"compute": {"application_tier": {"instances": {"min": least}}}},
}

test_development_may_run_on_one if instances_below_stage.deny == set() with input as tier("development", 1)

test_staging_may_not if {
	denials := instances_below_stage.deny with input as tier("staging", 1)
	{denial.message | some denial in denials} == {"staging may shrink to 1 of the 2 instances that it needs"}
}
