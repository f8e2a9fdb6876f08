package environment.promotion_missing_test

import data.environment.promotion_missing
import rego.v1

follows(stage, revision) := {"environment": {"stage": stage, "delivery": {"revision": revision}}}

test_development_may_follow_the_trunk if promotion_missing.deny == set() with input as follows("development", "main")

test_production_may_follow_a_tag if promotion_missing.deny == set() with input as follows("production", "v1.4.0")

test_production_on_the_trunk_is_denied_by_its_name if {
	denials := promotion_missing.deny with input as follows("production", "main")
	{denial.message | some denial in denials} == {"production follows 'main', which every merge moves"}
}
