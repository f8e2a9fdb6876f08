package specification.retries_storm_test

import data.specification.retries_storm
import rego.v1

retries(retry, patterns) := {"spec": {
	"connections": {"database": {"retry": retry}},
	"fault_tolerance": {"retry_policies": {"patterns": patterns}},
}}

test_calls_that_are_not_retried_need_no_pattern if {
	retries_storm.deny == set() with input as retries("None", ["Jitter"])
}

test_every_missing_pattern_is_denied if {
	denials := retries_storm.deny with input as retries("Exponential", ["Maximum attempts"])
	{denial.message | some denial in denials} == {
		"connections.database.retry is Exponential, but retries have no 'Exponential backoff'",
		"connections.database.retry is Exponential, but retries have no 'Jitter'",
	}
}
