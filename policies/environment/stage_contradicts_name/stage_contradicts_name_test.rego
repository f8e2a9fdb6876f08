package environment.stage_contradicts_name_test

import data.environment.stage_contradicts_name
import rego.v1

environment(name, stage) := {"environment": {"name": name, "stage": stage}}

test_a_name_may_say_no_stage if stage_contradicts_name.deny == set() with input as environment("blue", "production")

test_a_name_may_say_more_than_the_stage if {
	stage_contradicts_name.deny == set() with input as environment("production-eu", "production")
}

test_a_stage_that_the_name_denies_is_denied if {
	denials := stage_contradicts_name.deny with input as environment("eu-production", "development")
	{denial.message | some denial in denials} == {"the environment eu-production says that its stage is development"}
}
