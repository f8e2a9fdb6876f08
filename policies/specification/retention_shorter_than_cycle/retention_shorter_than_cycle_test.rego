package specification.retention_shorter_than_cycle_test

import data.specification.retention_shorter_than_cycle
import rego.v1

backup(retention, schedule) := {"spec": {"backup": {"configuration": {"retention": retention, "schedule": schedule}}}}

test_a_retention_of_one_cycle_passes if retention_shorter_than_cycle.deny == set() with input as backup(86400, "Daily")

test_a_month_may_have_31_days if {
	denials := retention_shorter_than_cycle.deny with input as backup(2592000, "Monthly")
	{denial.message | some denial in denials} == {concat("", [
		"backup.configuration.retention is 30 days, ",
		"but up to 31 days pass from one full backup to the next",
	])}
}
