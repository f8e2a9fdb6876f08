package environment.unreleased_without_reason_test

import data.environment.unreleased_without_reason
import rego.v1

image(fields) := {"environment": {"image": fields}}

test_a_release_needs_no_reason if {
	unreleased_without_reason.deny == set() with input as image({"release": "sha256:00", "reason": null})
}

test_a_reason_that_is_absent_or_null_is_denied if {
	count(unreleased_without_reason.deny) == 1 with input as image({"release": "unreleased", "reason": null})
	count(unreleased_without_reason.deny) == 1 with input as image({"release": "unreleased"})
}
