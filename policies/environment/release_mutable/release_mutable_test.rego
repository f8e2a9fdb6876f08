package environment.release_mutable_test

import data.environment.release_mutable
import rego.v1

release(stage, value) := {"environment": {"stage": stage, "image": {"release": value}}}

test_development_may_run_a_tag if release_mutable.deny == set() with input as release("development", "latest")

test_no_release_is_another_rule if release_mutable.deny == set() with input as release("staging", "unreleased")

test_a_tag_is_denied_by_name if {
	denials := release_mutable.deny with input as release("staging", "latest")
	{denial.message | some denial in denials} == {"the release 'latest' is a tag, not a digest"}
}
