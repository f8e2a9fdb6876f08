package environment.archive_without_copy_test

import data.environment.archive_without_copy
import rego.v1

judged(stage, role, copy) := {
	"environment": {"stage": stage},
	"cluster": {"name": "a", "role": role, "backups": {"location": "s3://archive", "replicated_to": copy}},
}

test_a_copy_is_enough if {
	archive_without_copy.deny == set() with input as judged("production", "primary", {"location": "s3://copy"})
}

test_elsewhere_none_is_asked_for if {
	archive_without_copy.deny == set() with input as judged("staging", "primary", null)
	archive_without_copy.deny == set() with input as judged("production", "recovery", null)
}

test_the_archive_that_is_alone_is_named if {
	denials := archive_without_copy.deny with input as judged("production", "primary", null)
	{denial.message | some denial in denials} == {"s3://archive is all that there is of the backups of a"}
}
